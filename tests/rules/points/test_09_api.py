"""9. Fields from the forge's API: asked when every cheap condition holds; unknown when not told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import events
from bot.model import Decision, DeliveryId, Needs, State
from bot.rules.decide import Surroundings, decide
from tests.deciding import START, event_of
from tests.rules.points import bench, outcomes

RULE = "rules: [{name: r, on: mr.opened, if: {draft: false, paths: api/**}, post: dev}]"


def asked(rules: str, state: State, **given: object) -> Decision | Needs:
    return decide(
        event_of("mr.opened", **given),
        state,
        delivery=DeliveryId("d1"),
        now=START,
        ruleset=bench(rules).ruleset,
        around=Surroundings(specs=events.SPECS),
    )


def test_point_9_nothing_is_asked_while_a_cheap_condition_fails() -> None:
    assert isinstance(asked(RULE, State(whole=True), draft=True), Decision)


def test_point_9_once_they_hold_the_field_is_asked_for() -> None:
    made = asked(RULE, State(whole=True))
    assert isinstance(made, Needs)
    assert made.facts == ("paths",)


@pytest.mark.parametrize("condition", ["paths: api/**", "not: {paths: api/**}"])
def test_point_9_what_is_not_told_skips_the_whole_rule_also_under_not(condition: str) -> None:
    rules = f"rules: [{{name: r, on: mr.opened, if: {{{condition}}}, post: dev}}]"
    state = State(whole=True, unknown={"paths": "GitLab did not answer within 10 s"})
    made = asked(rules, state)
    assert isinstance(made, Decision)
    assert made.actions == ()
    assert outcomes(made) == {
        "r": "unknown: `paths` is not known: GitLab did not answer within 10 s"
    }


def test_point_9_what_is_told_decides() -> None:
    for paths, sent in ((("api/x",), 1), (("web/x",), 0)):
        made = asked(RULE, State(whole=True, facts={"paths": paths}))
        assert isinstance(made, Decision)
        assert len(made.actions) == sent


def test_point_9_a_push_of_twenty_commits_or_fewer_tells_its_files_itself() -> None:
    run = bench("rules: [{on: push, if: {paths: api/x}, post: {to: dev, text: x}}]")
    assert len(run.does("push", paths=["api/x"])) == 1


def test_point_9_a_longer_one_is_asked_about() -> None:
    event = event_of("push", commit_count=21)
    assert "paths" not in event.fields
    rules = bench("rules: [{on: push, if: {paths: api/x}, post: dev}]").ruleset
    made = decide(
        replace(event),
        State(whole=True),
        delivery=DeliveryId("d1"),
        now=START,
        ruleset=rules,
        around=Surroundings(specs=events.SPECS),
    )
    assert isinstance(made, Needs)
    assert made.facts == ("paths",)


def test_point_9_the_documents_say_what_gitlab_leaves_out() -> None:
    told = Path("docs/rules.md").read_text("utf-8")
    assert "more than 20 commits" in told
    assert "more than three branches" in told
