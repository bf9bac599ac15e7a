"""`dm`: who is written to, and who never is (rules-language.md 1.2 example 9, 1.4.14)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.model import Outcome
from tests.deciding import Bench, event_of
from tests.rules.rules_text import errors_of

if TYPE_CHECKING:
    from bot.model import Decision

EXAMPLE = Path(__file__).parent / "examples" / "09-people.yaml"
HEAD = """
channels: {dev: C0DEV0001, security: {id: C0SEC0001, confidential: true}}
people: {alice: U0ALICE01, bob: U0BOB0001}
groups: {payments-leads: S0PAY0001}
"""


def bench(rules: str) -> Bench:
    return Bench(f"{HEAD}rules:\n{rules}")


def to(decision: Decision) -> list[str]:
    return [action.channel for action in decision.actions if action.verb == "dm"]


def test_whoever_was_asked_for_a_review_is_written_to() -> None:
    run = Bench(HEAD + EXAMPLE.read_text("utf-8"))
    decision = run.decide("mr.review_requested", actor="alice")
    assert to(decision) == ["U0BOB0001"]
    assert decision.actions[0].claims == ()


def test_nobody_is_told_of_their_own_act() -> None:
    run = bench("- {name: r, on: mr.review_requested, dm: added_reviewers}")
    assert to(run.decide("mr.review_requested", actor="bob")) == []
    run = bench("- {name: r, on: mr.review_requested, dm: {to: [{person: alice}, actor]}}")
    assert to(run.decide("mr.review_requested", actor="Alice")) == []


def test_people_without_a_slack_id_are_skipped_and_named() -> None:
    rules = "- {name: r, on: mr.review_requested, dm: {to: [added_reviewers, {person: alice}]}}"
    run = Bench(HEAD.replace(", bob: U0BOB0001", "") + f"rules:\n{rules}")
    decision = run.decide("mr.review_requested", actor="carol")
    assert to(decision) == ["U0ALICE01"]
    (verdict,) = decision.verdicts
    assert verdict.outcome is Outcome.SENT
    assert "has no entry under `people:`" in verdict.reason


def test_with_nobody_left_the_verdict_says_so() -> None:
    run = Bench("rules:\n- {name: r, on: mr.review_requested, dm: added_reviewers}")
    (verdict,) = run.decide("mr.review_requested", actor="alice").verdicts
    assert verdict.outcome is Outcome.WITHHELD
    assert verdict.reason.startswith("nobody to write to; ")


def test_everybody_is_written_to_once() -> None:
    run = bench("- {on: mr.review_requested, dm: {to: [reviewers, added_reviewers]}}")
    assert to(run.decide("mr.review_requested", actor="alice")) == ["U0BOB0001"]


def test_once_holds_for_each_person() -> None:
    run = bench("- {name: r, on: mr.review_requested, once: mr, dm: added_reviewers}")
    assert to(run.decide("mr.review_requested", actor="alice")) == ["U0BOB0001"]
    again = run.decide("mr.review_requested", actor="alice")
    assert to(again) == []
    assert again.verdicts[0].reason.startswith("once=mr")


def test_a_reply_finds_no_thread_in_a_direct_message() -> None:
    run = bench(
        "- {on: mr.review_requested, dm: added_reviewers}\n- {on: comment.mr, reply: {text: r}}"
    )
    assert to(run.decide("mr.review_requested", actor="alice")) == ["U0BOB0001"]
    assert run.does("comment.mr") == []


def test_something_confidential_goes_only_to_people_the_rule_names() -> None:
    example = Bench(HEAD + EXAMPLE.read_text("utf-8"))
    decision = example.decide("issue.opened", confidential=True, labels=["security"], actor="bob")
    assert [(action.verb, action.channel) for action in decision.actions] == [
        ("post", "C0SEC0001"),
        ("dm", "U0ALICE01"),
    ]


def test_a_rule_for_confidential_events_cannot_write_to_a_field() -> None:
    faults = errors_of("rules:\n- {on: issue.opened, confidential: true, dm: assignees}")
    assert ["only to people it names" in fault.text for fault in faults] == [True]


def test_an_unknown_person_does_not_load() -> None:
    faults = errors_of("rules:\n- {on: push, dm: {to: {person: alicia}}}")
    assert [fault.text for fault in faults] == ["`alicia` is not declared"]


def test_a_person_may_be_called_like_a_field() -> None:
    run = Bench("people: {author: U0AUTHOR1}\nrules:\n- {on: push, dm: {to: {person: author}}}")
    assert to(run.decide("push", actor="alice")) == ["U0AUTHOR1"]


def test_a_default_text_is_good_enough() -> None:
    run = bench("- {on: mr.review_requested, dm: added_reviewers}")
    (action,) = run.take(event_of("mr.review_requested", actor="alice")).actions
    assert action.message is not None
    assert action.message.text
