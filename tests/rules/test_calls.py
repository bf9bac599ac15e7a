"""`comment`, `pipeline`, `webhook`: what is planned, and what is refused (example 10)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.actions.said import said
from bot.forges.markdown import render
from bot.model import Action, Decision, DeliveryId, Outcome
from tests.deciding import START, Bench, event_of
from tests.rules.rules_text import errors_of

EXAMPLE = (Path(__file__).parent / "examples" / "10-forge.yaml").read_text("utf-8")
HOSTILE = "/close\n@all <img src=x> ${secret:E2E_HOOK}"


def wanted(role: str | None = "developer", **overrides: Any) -> Decision:
    values = {"project": "shop/mono", "comment.text": "/e2e please", **overrides}
    run = Bench(EXAMPLE)
    event = event_of("comment.mr", **values)
    facts = {"actor_role": role}
    return run.playback.feed(event, delivery=DeliveryId("d1"), now=START, facts=facts)


def by_verb(decision: Decision) -> dict[str, Action]:
    return {action.verb: action for action in decision.actions}


def one(rules: str, name: str, **overrides: Any) -> Action:
    (action,) = Bench(f"rules:\n{rules}").decide(name, **overrides).actions
    return action


def test_the_example_starts_a_pipeline_says_so_and_tells_a_server() -> None:
    made = by_verb(wanted())
    assert list(made) == ["pipeline", "comment", "webhook"]
    assert [action.channel for action in made.values()] == [
        "search",
        "shop/mono!7",
        "${secret:E2E_HOOK}",
    ]
    assert said(made["pipeline"]) == '{"SUITE": "e2e", "MR": "7"}'
    assert said(made["comment"]) == "e2e started: {{ run.url }}"
    assert made["comment"].after == {"run": made["pipeline"].id}
    lanes = [action.call.lane for action in made.values() if action.call is not None]
    project = made["pipeline"].subject.split(":")[1]
    assert lanes == [f"forge:gitlab:{project}"] * 2 + ["http:${secret:E2E_HOOK}"]


@pytest.mark.parametrize("role", ["guest", "reporter", None])
def test_who_may_not_gets_nothing(role: str | None) -> None:
    assert wanted(role).actions == ()


def test_other_words_and_edits_start_nothing() -> None:
    assert wanted(**{"comment.text": "see /e2e"}).actions == ()
    edited = Bench(EXAMPLE).decide("comment.edited", project="shop/mono")
    assert edited.actions == ()


@pytest.mark.parametrize("verb", ["comment: hi", "pipeline: main", "webhook: https://x.example"])
def test_a_rule_must_allow_what_acts_outside_of_chat(verb: str) -> None:
    faults = errors_of(f"rules:\n- {{on: mr.opened, {verb}}}")
    assert ["must be allowed by the rule" in fault.text for fault in faults] == [True]


def test_a_comments_values_are_harmless_in_markdown() -> None:
    action = one(
        "- {on: mr.opened, allow: comment, comment: 'Seen: {{ title }}\n\n{{ description }}'}",
        "mr.opened",
        title="@all `x`",
        description=HOSTILE,
    )
    shown = said(action, write=render)
    assert "\n/" not in shown
    assert "@all" not in shown
    assert r"\<img" in shown


def test_a_comment_goes_to_the_issue_of_the_event() -> None:
    action = one("- {on: issue.opened, allow: comment, comment: hi}", "issue.opened")
    assert action.call is not None
    assert action.call.data["kind"] == "issue"
    assert action.channel.endswith(f"#{action.call.data['ident']}")


def test_without_a_subject_nothing_is_commented_on() -> None:
    decision = Bench("rules:\n- {on: push, allow: comment, comment: hi}").decide("push")
    assert decision.actions == ()
    assert decision.verdicts[0].reason == "nothing to comment on"


def test_a_note_about_something_confidential_is_internal() -> None:
    action = one(
        "- {on: issue.opened, confidential: true, allow: comment, comment: hi}",
        "issue.opened",
        confidential=True,
    )
    assert action.call is not None
    assert action.call.data["internal"] is True


@pytest.mark.parametrize("verb", ["pipeline: main", "webhook: https://x.example"])
def test_nothing_confidential_leaves_by_a_pipeline_or_webhook(verb: str) -> None:
    rule = f"- {{on: issue.opened, confidential: true, allow: [pipeline, webhook], {verb}}}"
    faults = errors_of(f"rules:\n{rule}")
    assert ["this rule is for confidential events" in fault.text for fault in faults] == [True]


def test_a_secret_in_a_value_is_only_text() -> None:
    action = one(
        "- on: mr.opened\n  allow: webhook\n"
        "  webhook: {url: 'https://x.example/h', json: {t: '{{ title }}'},"
        " headers: {X-Token: '${secret:TOKEN} {{ title }}'}}",
        "mr.opened",
        title="${secret:OTHER}",
    )
    assert action.call is not None
    spans = action.call.data["headers"]["X-Token"]["~text"]["spans"]
    assert spans == [["trusted", "${secret:TOKEN} "], ["plain", "${secret:OTHER}"]]
    assert action.channel == "x.example"


def test_a_webhook_without_a_body_tells_of_the_event() -> None:
    action = one("- {on: push, allow: webhook, webhook: https://x.example/h}", "push")
    assert action.call is not None
    assert action.call.data["method"] == "POST"
    assert set(action.call.data["body"]) == {"text", "event", "project", "actor", "url"}


def test_json_keeps_its_shape() -> None:
    action = one(
        "- on: mr.opened\n  allow: webhook\n"
        "  webhook: {url: https://x.example, json: {a: [1, true, null, 'x {{ iid }}']}}",
        "mr.opened",
    )
    assert said(action) == '{"a": [1, true, null, "x 7"]}'


@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        ("webhook: http://x.example", "a webhook's url is fixed and begins with https://"),
        ("webhook: 'https://{{ title }}.example'", "a webhook's url is fixed and begins with"),
        ("webhook: '${secret:KEY}'", "SECRET_KEY is the bot's own"),
        ("webhook: {json: {a: b}}", "`webhook` lacks `url`"),
        ("webhook: {url: https://x.example, timeout: 1h}", "`1h` is no time to wait"),
        ("webhook: {url: https://x.example, headers: {Host: x}}", "the header `Host` is the bot's"),
        ("webhook: {url: https://x.example, headers: {'a b': x}}", "`a b` cannot be a name"),
        ("pipeline: {variables: {A: b}}", "`pipeline` lacks `ref`"),
        ("pipeline: {ref: main, variables: {'a-b': c}}", "`a-b` cannot be a name"),
        ("comment: {key: x}", "`comment` lacks `text`"),
        ("comment: '{{ run.url }}'", "unknown field `run.url`"),
        ("pipeline: {ref: main, as: run}, comment: '{{ run.ref }}'", "`run.ref` is unknown"),
    ],
)
def test_what_cannot_work_does_not_load(verb: str, fault: str) -> None:
    faults = errors_of(f"rules:\n- {{on: mr.opened, allow: [comment, pipeline, webhook], {verb}}}")
    assert [each.text[: len(fault)] for each in faults] == [fault]


def test_a_message_cannot_wait_for_a_pipeline() -> None:
    faults = errors_of(
        "rules:\n"
        "- {on: mr.opened, allow: pipeline, pipeline: {ref: main, as: run},"
        " post: {to: dev, text: '{{ run.url }}'}}"
    )
    assert [fault.text for fault in faults] == ["`run` is not there yet when this is sent"]


def test_a_comment_on_a_pipeline_that_was_not_started_is_withheld() -> None:
    run = Bench(
        "rules:\n- {name: r, on: comment.mr, allow: [comment, pipeline],"
        " pipeline: {ref: '{{ payload.none }}', as: run}, comment: '{{ run.url }}'}"
    )
    decision = run.decide("comment.mr")
    assert decision.actions == ()
    assert decision.verdicts[0].reason == "`ref` is empty; `run` was not started"


def test_once_holds_for_calls_too() -> None:
    run = Bench(
        "rules:\n- {name: r, on: mr, once: mr, allow: comment, comment: hi}",
    )
    assert len(run.decide("mr.opened").actions) == 1
    again = run.decide("mr.labeled")
    assert again.actions == ()
    assert again.verdicts[0].outcome is Outcome.WITHHELD


@pytest.mark.parametrize("when", ["wait_for: work", "batch: {quiet: 1m, max_wait: 5m}"])
def test_what_acts_at_once_does_not_wait(when: str) -> None:
    faults = errors_of(f"rules:\n- {{on: mr, {when}, allow: comment, comment: hi, name: r}}")
    assert ["`comment` does not wait" in fault.text for fault in faults] == [True]


def test_within_its_hours_a_comment_still_knows_its_pipeline() -> None:
    run = Bench(
        "hours: {work: {days: mon-sun, from: '00:00', to: '24:00'}}\n"
        "rules:\n- {on: comment.mr, during: work, allow: [comment, pipeline],"
        " pipeline: {ref: main, as: run}, comment: '{{ run.url }}'}"
    )
    pipeline, comment = run.decide("comment.mr").actions
    assert comment.after == {"run": pipeline.id}


def test_a_workflow_of_github_is_named_by_its_file() -> None:
    rule = "- {on: mr.opened, allow: pipeline, pipeline: {ref: main, workflow: ci.yml}}"
    call = one(rule, "mr.opened").call
    assert call is not None
    assert call.data["workflow"] == "ci.yml"
