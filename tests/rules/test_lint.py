"""Warnings about rules that load but cannot do what their author wanted (1.5)."""

from __future__ import annotations

import pytest

from bot.rules.load import load


def warnings(*rules: str, head: str = "") -> list[str]:
    text = f"version: 1\nchannels: {{dev: C0DEV0001}}\n{head}rules:\n" + "".join(
        f"  - {rule}\n" for rule in rules
    )
    return [str(fault) for fault in load({"rules.yaml": text}, "rules.yaml").warnings]


TWIN = "{on: mr.opened, project: shop/*, if: {draft: false}, post: dev}"


def test_a_rule_that_repeats_another_is_told_with_its_place() -> None:
    found = warnings(TWIN, "{on: push, post: dev}", TWIN)
    assert [one.partition(" warning ")[0] for one in found] == ["rules.yaml:6:1"]
    assert "duplicate: rule `rules.yaml:4` (rules.yaml:4)" in found[0]


@pytest.mark.parametrize(
    "other",
    [
        "{on: mr.closed, project: shop/*, if: {draft: false}, post: dev}",
        "{on: mr.opened, project: pay/*, if: {draft: false}, post: dev}",
        "{on: mr.opened, project: shop/*, if: {draft: true}, post: dev}",
        "{on: mr.opened, project: shop/*, if: {draft: false}, card: dev}",
        "{on: mr.opened, project: shop/*, if: {draft: false}, post: {to: dev, text: hello}}",
        "{on: mr.opened, project: shop/*, if: {draft: false}, post: '#other'}",
        "{name: x, on: mr.opened, project: shop/*, if: {draft: false}, post: dev, "
        "throttle: {every: 10m}}",
    ],
)
def test_rules_that_differ_in_anything_are_no_duplicates(other: str) -> None:
    assert not [one for one in warnings(TWIN, other) if "duplicate" in one]


def test_the_same_text_in_both_is_a_duplicate_too() -> None:
    rule = "{on: push, post: {to: dev, text: 'pushed {{ branch }}', thread: branch}}"
    assert [one for one in warnings(rule, rule) if "duplicate" in one]


@pytest.mark.parametrize("field", ["title", "status", "actor"])
def test_a_thread_made_of_what_changes_is_told(field: str) -> None:
    rule = f"{{on: pipeline, post: {{to: dev, thread: 'x-{{{{ {field} }}}}'}}}}"
    found = warnings(rule) if field != "title" else warnings(rule.replace("pipeline", "mr"))
    assert [one for one in found if f"is made of `{field}`, which changes" in one]


@pytest.mark.parametrize("key", ["branch", "deploy-{{ environment }}"])
def test_a_thread_made_of_what_stays_is_fine(key: str) -> None:
    assert warnings(f"{{on: deployment, post: {{to: dev, thread: '{key}'}}}}") == []
