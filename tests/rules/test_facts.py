"""Fields that only the forge's API knows (rules-language.md 1.4.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot import events
from bot.model import Decision, DeliveryId, Needs, Outcome, State
from bot.rules.decide import Surroundings, decide
from bot.rules.load import load
from tests.deciding import START, Bench, event_of

if TYPE_CHECKING:
    from bot.model import Event, Value

HEAD = "channels: {dev: C0DEV0001, ci: C0CI00001}\npeople: {carol: U0CAROL01}\nrules:\n"


AROUND = Surroundings(specs=events.SPECS)


def ask(
    rules: str, event: Event, *, around: Surroundings = AROUND, **state: Any
) -> Decision | Needs:
    return decide(
        event,
        State(whole=True, **state),
        delivery=DeliveryId("d1"),
        now=START,
        ruleset=load({"rules.yaml": HEAD + rules}, "rules.yaml"),
        around=around,
    )


def asked(rules: str, event: Event, **facts: Value | None) -> tuple[str, ...]:
    made = ask(rules, event, facts=facts)
    return made.facts if isinstance(made, Needs) else ()


def outcomes(made: Decision | Needs) -> list[tuple[str, Outcome, str]]:
    assert isinstance(made, Decision)
    return [(verdict.rule, verdict.outcome, verdict.reason) for verdict in made.verdicts]


PATHS = "- {name: api, on: mr.opened, project: shop/api, if: {paths: api/**}, post: dev}"


def test_a_field_is_asked_for_when_every_cheap_condition_holds() -> None:
    assert asked(PATHS, event_of("mr.opened", project="shop/api")) == ("paths",)


def test_nothing_is_asked_for_when_a_cheap_condition_fails() -> None:
    assert asked(PATHS, event_of("mr.opened", project="shop/web")) == ()
    assert asked(PATHS, event_of("push", project="shop/api")) == ()
    cheap = "- {on: mr.opened, if: {paths: api/**, draft: true}, post: dev}"
    assert asked(cheap, event_of("mr.opened")) == ()


def test_a_cheap_condition_is_tried_first_wherever_it_stands() -> None:
    rules = "- {on: mr.opened, if: {all: [{approvals: 2}, {title: nothing like it}]}, post: dev}"
    assert asked(rules, event_of("mr.opened")) == ("approvals",)
    rules = "- {on: mr.opened, if: {approvals: 2, title: nothing like it}, post: dev}"
    assert asked(rules, event_of("mr.opened")) == ()


def test_all_that_a_rule_asks_for_is_asked_at_once() -> None:
    rules = "- {on: mr.opened, if: {paths: a, milestone: v1}, post: dev}"
    assert asked(rules, event_of("mr.opened")) == ("paths", "milestone")
    several = rules + "\n- {on: mr.opened, if: approvals < 2, post: ci}"
    assert asked(several, event_of("mr.opened")) == ("paths", "milestone", "approvals")


def test_what_texts_show_is_asked_for_once_the_rule_matches() -> None:
    rules = "- {on: mr.opened, if: {paths: api/**}, post: {to: dev, text: '{{ additions }}'}}"
    event = event_of("mr.opened")
    assert asked(rules, event) == ("paths",)
    assert asked(rules, event, paths=("web/x",)) == ()
    assert asked(rules, event, paths=("api/x",)) == ("additions",)


def test_what_is_told_decides() -> None:
    event = event_of("mr.opened", project="shop/api")
    made = ask(PATHS, event, facts={"paths": ("api/x",)})
    assert isinstance(made, Decision)
    assert len(made.actions) == 1
    made = ask(PATHS, event, facts={"paths": ("web/x",)})
    assert isinstance(made, Decision)
    assert made.actions == ()


def test_a_value_that_the_forge_does_not_have_is_absent() -> None:
    rules = (
        "- {name: some, on: mr.opened, if: {milestone: set}, post: dev}\n"
        "- {name: none, on: mr.opened, if: {milestone: unset}, post: ci}"
    )
    made = ask(rules, event_of("mr.opened"), facts={"milestone": None})
    assert [(name, outcome.value) for name, outcome, _ in outcomes(made)] == [
        ("some", "no match"),
        ("none", "sent"),
    ]


def test_a_failed_fetch_skips_the_whole_rule_also_under_not() -> None:
    rules = "\n".join(
        f"- {{name: r{n}, on: mr.opened, if: {condition}, post: dev}}"
        for n, condition in enumerate(
            ["{paths: a}", "{not: {paths: a}}", "{paths: {none: [a]}}", "approvals != 2"]
        )
    )
    unknown = {"paths": "it took too long", "approvals": "refused"}
    made = ask(rules, event_of("mr.opened"), unknown=unknown)
    assert outcomes(made) == [
        ("r0", Outcome.UNKNOWN, "`paths` is not known: it took too long"),
        ("r1", Outcome.UNKNOWN, "`paths` is not known: it took too long"),
        ("r2", Outcome.UNKNOWN, "`paths` is not known: it took too long"),
        ("r3", Outcome.UNKNOWN, "`approvals` is not known: refused"),
    ]


def test_a_failed_fetch_for_a_text_skips_the_rule_too() -> None:
    rules = "- {name: r, on: mr.opened, post: {to: dev, text: '+{{ additions }}'}}"
    made = ask(rules, event_of("mr.opened"), unknown={"additions": "refused"})
    assert outcomes(made) == [("r", Outcome.UNKNOWN, "`additions` is not known: refused")]


def test_other_rules_act_all_the_same() -> None:
    rules = PATHS + "\n- {name: all, on: mr.opened, post: ci}"
    made = ask(rules, event_of("mr.opened", project="shop/api"), unknown={"paths": "x"})
    assert isinstance(made, Decision)
    assert [action.channel for action in made.actions] == ["C0CI00001"]


def test_what_stands_below_an_unknown_child_of_first_is_not_tried() -> None:
    rules = (
        "- on: mr.opened\n  first:\n  - {name: a, if: {paths: x}, post: dev}\n"
        "  - {name: b, if: {approvals: 1}, post: ci}"
    )
    event = event_of("mr.opened")
    assert asked(rules, event) == ("paths",)
    made = ask(rules, event, unknown={"paths": "refused"})
    assert isinstance(made, Decision)
    assert made.actions == ()


def test_below_a_stop_that_is_not_decided_nothing_is_asked_yet() -> None:
    rules = (
        "- {on: mr.opened, if: {paths: x}, stop: true}\n"
        "- {on: mr.opened, if: {approvals: 1}, post: ci}"
    )
    event = event_of("mr.opened")
    assert asked(rules, event) == ("paths",)
    assert asked(rules, event, paths=("x",)) == ()
    assert asked(rules, event, paths=("y",)) == ("approvals",)


def test_paths_of_a_push_are_asked_for_only_when_commits_are_missing() -> None:
    rules = "- {on: push, if: {paths: '**'}, post: dev}"
    assert asked(rules, event_of("push")) == ()
    assert asked(rules, event_of("push", commit_count=30)) == ("paths",)


def test_a_deleted_branch_has_no_paths_to_ask_for() -> None:
    rules = "- {on: [push, branch.deleted], if: {paths: '**'}, post: dev}"
    assert asked(rules, event_of("branch.deleted")) == ()


def test_an_author_whom_the_body_names_is_not_asked_for() -> None:
    rules = "- {on: mr, post: {to: dev, mention: author}}"
    assert asked(rules, event_of("mr.opened")) == ()
    event = event_of("mr.merged")
    if "author" not in event.fields:
        assert asked(rules, event) == ("author",)


def test_without_an_api_conditions_are_unknown_and_texts_go_without() -> None:
    run = Bench(
        HEAD
        + "- {name: c, on: mr.opened, if: {approvals: 1}, post: ci}\n"
        + "- {name: t, on: mr.opened, post: {to: dev, text: '+{{ additions }}'}}"
    )
    decision = run.decide("mr.opened")
    assert outcomes(decision) == [
        ("c", Outcome.UNKNOWN, "`approvals` is not known: only the forge's API knows it"),
        ("t", Outcome.SENT, ""),
    ]


def test_a_playback_takes_facts_from_its_argument() -> None:
    run = Bench(HEAD + "- {on: mr.opened, if: {approvals: '>= 2'}, post: {to: dev, text: hi}}")
    event = event_of("mr.opened")
    made = run.playback.feed(event, delivery=DeliveryId("d1"), now=START, facts={"approvals": 2})
    assert len(made.actions) == 1
    made = run.playback.feed(event, delivery=DeliveryId("d2"), now=START, facts={})
    assert made.verdicts[0].outcome is Outcome.UNKNOWN


CARD = "- {on: mr, card: dev}"
CARD_SHOWS = ("approvals", "approvals_required", "changed_files")


def wished(event: Event, **state: Any) -> Decision | Needs:
    return ask(CARD, event, around=replace(AROUND, wishes=True), **state)


def test_a_card_asks_for_what_it_shows_and_the_event_does_not_tell() -> None:
    made = wished(event_of("mr.opened"))
    assert isinstance(made, Needs)
    assert made.facts == CARD_SHOWS
    assert isinstance(ask(CARD, event_of("mr.opened")), Decision)


@pytest.mark.parametrize(("files", "names"), [(100, ("additions", "deletions")), (101, ())])
def test_a_card_asks_for_lines_once_it_knows_that_they_are_told_cheaply(
    files: int, names: tuple[str, ...]
) -> None:
    told = {"approvals": 0, "approvals_required": 2, "changed_files": files}
    made = wished(event_of("mr.opened"), facts=told)
    assert (made.facts if isinstance(made, Needs) else ()) == names


def test_a_card_that_is_not_made_asks_for_nothing() -> None:
    assert isinstance(wished(event_of("mr.approved")), Decision)
    assert isinstance(wished(event_of("push")), Decision)


def test_a_card_goes_without_what_did_not_come() -> None:
    made = wished(event_of("mr.opened"), unknown=dict.fromkeys(CARD_SHOWS, "it is asleep"))
    assert isinstance(made, Decision)
    assert [action.verb for action in made.actions] == ["card"]
    assert outcomes(made) == [(made.verdicts[0].rule, Outcome.SENT, "")]
