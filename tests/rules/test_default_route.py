"""What a hook's own channel hears: what no rule wanted and is worth a message all the same."""

from __future__ import annotations

from bot.rules.walk import DEFAULT_ROUTE
from tests.deciding import Bench
from tests.events import reading

HEAD = "channels: {dev: C0DEV0001}\n"


def bench(rules: str) -> Bench:
    return Bench(HEAD + rules, default_route="C0CI00001")


def test_a_confidential_event_uses_no_default_route() -> None:
    run = bench("rules: []")
    assert run.does("issue.opened", confidential=True) == []


def test_the_hooks_own_channel_gets_what_no_rule_wanted() -> None:
    run = bench("rules:\n- {on: push, post: {to: dev, text: x}}")
    assert run.does("push") == ["post C0DEV0001: x"]
    decision = run.decide("issue.opened")
    assert [(a.channel, a.rule) for a in decision.actions] == [("C0CI00001", DEFAULT_ROUTE)]


def test_the_hooks_own_channel_does_not_hear_of_an_update_that_tells_nothing() -> None:
    idle = reading.event_of("merge_request_hook__update_without_changes")
    said = reading.event_of("merge_request_hook__update_label_removed")
    assert idle.names == said.names == ("mr.updated",)
    run = bench("rules: []")
    made = run.take(idle)
    assert made.actions == ()
    assert [verdict.reason for verdict in made.verdicts] == ["it does not tell what changed"]
    assert len(run.take(said).actions) == 1
    asked = bench("rules:\n- {on: mr.updated, post: dev}")
    assert [action.channel for action in asked.take(idle).actions] == ["C0DEV0001"]
