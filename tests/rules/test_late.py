"""Rules about what was missed while the bot was away, and fetched later."""

from __future__ import annotations

from bot import events
from bot.model import Decision, DeliveryId, State
from bot.rules.decide import Surroundings, decide
from bot.rules.testing import run_tests
from bot.slack.mrkdwn import render
from tests.deciding import START, event_of
from tests.rules.rules_text import errors_of, loaded

QUIET = "rules:\n  - {name: prompt, on: push, if: {late: false}, post: dev}\n"
TOLD = "rules:\n  - {name: missed, on: any, if: late, post: triage}\n"


def decision(text: str, *, late: bool) -> Decision:
    made = decide(
        event_of("push"),
        State(whole=True),
        delivery=DeliveryId("d1"),
        now=START,
        ruleset=loaded(text),
        around=Surroundings(specs=events.SPECS, late=late),
    )
    assert isinstance(made, Decision)
    return made


def test_a_rule_can_leave_out_what_comes_late() -> None:
    assert len(decision(QUIET, late=False).actions) == 1
    assert decision(QUIET, late=True).actions == ()


def test_a_rule_can_gather_what_comes_late() -> None:
    assert decision(TOLD, late=False).actions == ()
    assert [action.channel for action in decision(TOLD, late=True).actions] == ["C0TRIAGE1"]


def test_the_trace_keeps_that_it_was_late() -> None:
    assert decision(QUIET, late=True).learned["late"] is True
    assert "late" not in decision(QUIET, late=False).learned


def test_an_inline_test_can_make_a_delivery_late() -> None:
    ruleset = loaded(
        TOLD
        + """
tests:
  - name: what was missed is gathered
    given: [{event: push}, {event: mr.opened, with: {late: true, title: x}}]
    expect: [{post: triage, text_contains: x}]
"""
    )
    (result,) = run_tests(ruleset, render=render)
    assert result.problems == ()


def test_an_inline_test_says_it_with_true_or_false() -> None:
    text = TOLD + "tests: [{name: x, given: [{event: push, with: {late: maybe}}], expect: []}]\n"
    assert [fault.text for fault in errors_of(text)] == [
        "`late` must be true or false, not `maybe`"
    ]
