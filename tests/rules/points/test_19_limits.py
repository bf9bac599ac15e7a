"""19. Limits: load errors beyond, thirty actions of a delivery at run time."""

from __future__ import annotations

import pytest

from bot.rules import load
from tests.rules.points import bench
from tests.rules.rules_text import errors_of


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("rules: [{on: push, project: [" + ",".join(["a"] * 501) + "], post: dev}]", "a list of"),
        ("rules: [{on: push, post: [" + ",".join(["dev"] * 501) + "]}]", "`to` needs 1 to 500"),
        (
            f"rules: [{{on: mr, if: {{title: /{'a' * 501}/}}, post: dev}}]",
            "a regular expression of more than 500",
        ),
        (f"rules: [{{on: mr, post: {{to: dev, text: '{'a' * 4001}'}}}}]", "a text of more than"),
        (
            "rules: [" + "{on: push, rules: [" * 6 + "{post: dev}" + "]}" * 6 + "]",
            "parents nest at most 5 deep",
        ),
        ("x: " + "a" * 4_000_001, "the file is over 4 MB"),
    ],
    ids=["list", "channels", "regex", "text", "parents", "file"],
)
def test_point_19_beyond_a_limit_it_does_not_load(rules: str, said: str) -> None:
    faults = errors_of(rules, head="" if rules.startswith("x") else "channels: {dev: C0DEV0001}\n")
    assert any(said in fault.text for fault in faults), faults


def test_point_19_twenty_thousand_rules_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load.RULES_LIMIT == 20_000
    monkeypatch.setattr(load, "RULES_LIMIT", 20)
    text = "rules: [" + "{on: push, stop: true}," * 21 + "]"
    assert "more than 20 rules" in [fault.text for fault in errors_of(text, head="")]


def test_point_19_many_rules_in_one_line_have_a_name_each_at_once() -> None:
    ruleset = load.load(
        {"rules.yaml": "rules: [" + "{on: push, post: '#x'}," * 3_000 + "]"}, "rules.yaml"
    )
    names = {rule.name for rule in ruleset.rules}
    assert len(names) == 3_000
    assert {"rules.yaml:1", "rules.yaml:1:32"} <= names


def test_point_19_of_a_deliverys_actions_thirty_are_carried_out() -> None:
    rule = "- {on: push, post: {to: dev, text: x}}\n"
    assert len(bench("rules:\n" + rule * 40).does("push")) == 30
