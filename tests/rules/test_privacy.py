"""1.4.14: what is confidential, and what is private, reaches nobody who may not know it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import events
from bot.actions.plan import TO_CHANNELS
from bot.model import DeliveryId, Outcome
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from bot.slack.mrkdwn import plain
from tests.deciding import Bench, event_of
from tests.events.reading import NAMES
from tests.events.reading import event_of as fixture

if TYPE_CHECKING:
    from bot.model import Decision, Event
    from bot.rules.ruleset import Ruleset

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PARTNERS = frozenset({"C0PARTNER1", "C0PARTNER2", "C0SECPART1"})
HEAD = """
channels:
  dev: C0DEV0001
  partners: C0PARTNER1
  friends: {id: C0PARTNER2, shared: ok}
  security: {id: C0SEC0001, confidential: true}
  both: {id: C0SECPART1, confidential: true}
people: {alice: U0ALICE01}
"""
#: Everything that says something, to everywhere.
LEAKY = """
rules:
  - {name: post, on: any, post: {to: [dev, partners, friends, "C0UNDECL1"]}}
  - {name: card, on: any, card: {to: [dev, partners, friends], follow: [comments, reviews, state, pipeline]}}
  - {name: reply, on: any, reply: {to: [dev, partners], text: r}}
  - {name: anywhere, on: any, reply: {text: r}}
  - {name: react, on: any, react: eyes}
  - {name: late, on: any, batch: {quiet: 5m, max_wait: 5m}, post: [dev, partners]}
  - {name: own text, on: any, post: {to: [dev, partners], text: "{{ actor }}"}}
"""  # noqa: E501 - rules read better on one line
SAFE = """
  - {name: secrets, on: any, confidential: true, post: security, react: eyes}
  - {name: to both, on: any, confidential: true, card: both}
"""


def run(rules: str, *made: Event, shared: frozenset[str] = PARTNERS) -> list[Decision]:
    ruleset = loaded(rules)
    around = Surroundings(specs=events.SPECS, shared=shared, default_route="C0ROUTE01")
    playback = Playback(ruleset, around)
    return [
        playback.feed(event, delivery=DeliveryId(f"d{number}"), now=NOW)
        for number, event in enumerate(made)
    ]


@cache
def loaded(rules: str) -> Ruleset:
    return load({"rules.yaml": HEAD + rules}, "rules.yaml")


def reached(decisions: list[Decision]) -> set[str]:
    """Channels that learn of something, now or later."""
    actions = [action for made in decisions for action in made.actions]
    actions += [held.action for made in decisions for held in made.held]
    return {action.channel for action in actions if action.verb in TO_CHANNELS}


def opened(visibility: str) -> Event:
    return event_of("mr.opened", visibility=visibility)


# -- everything there is ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_confidential_event_of_any_family_reaches_declared_channels_only(name: str) -> None:
    event = fixture(name)
    secret = replace(event, confidential=True, fields={**event.fields, "confidential": True})
    # The open event first, so that there are threads, cards and messages to hang on.
    before, after = (run(LEAKY + SAFE, event, secret), run(LEAKY + SAFE, secret))
    assert reached(after) <= {"C0SEC0001"}
    assert reached(before[1:]) <= {"C0SEC0001"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_private_project_reaches_another_organisation(name: str) -> None:
    event = fixture(name)
    if event.project is not None:
        event = replace(event, project=replace(event.project, visibility="private"))
    event = replace(event, fields={**event.fields, "visibility": "private"})
    assert not reached(run(LEAKY, event)) & {"C0PARTNER1", "C0SECPART1"}


_TARGETS = st.lists(
    st.sampled_from(["dev", "partners", "friends", "security", "both", '"C0UNDECL1"']),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(
    targets=st.lists(_TARGETS, min_size=1, max_size=3),
    verb=st.sampled_from(["post", "card"]),
    name=st.sampled_from(NAMES),
    confidential=st.booleans(),
    visibility=st.sampled_from(["public", "internal", "private", ""]),
    strict=st.booleans(),
)
def test_whatever_the_rules_say(
    targets: list[list[str]],
    verb: str,
    name: str,
    confidential: bool,
    visibility: str,
    strict: bool,
) -> None:
    event = fixture(name)
    if event.project is not None:
        event = replace(event, project=replace(event.project, visibility=visibility))
    event = replace(
        event,
        confidential=confidential,
        fields={**event.fields, "visibility": visibility, "confidential": confidential},
    )
    rules = (
        "defaults: {private: declared}\n" * strict
        + "rules:\n"
        + "".join(f"  - {{on: any, {verb}: {{to: [{', '.join(some)}]}}}}\n" for some in targets)
    )
    found = reached(run(rules, event))
    if confidential:
        assert found == set()
    elif visibility != "public":
        assert not found & {"C0PARTNER1", "C0SECPART1"}
        assert not strict or "C0UNDECL1" not in found


# -- one by one ------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["private", "internal"])
def test_what_is_not_public_stays_in_the_organisation_and_the_trace_says_so(
    visibility: str,
) -> None:
    (made,) = run("rules:\n- {name: r, on: mr.opened, post: partners}", opened(visibility))
    (verdict,) = made.verdicts
    assert (made.actions, verdict.outcome) == ((), Outcome.WITHHELD)
    assert verdict.reason == (
        "private: #partners is shared with another organisation and not declared `shared: ok`"
    )


def test_what_is_public_may_go_to_another_organisation() -> None:
    assert reached(run("rules:\n- {on: mr.opened, post: partners}", opened("public"))) == {
        "C0PARTNER1"
    }


def test_a_channel_declared_for_it_may_have_it() -> None:
    assert reached(run("rules:\n- {on: mr.opened, post: friends}", opened("private"))) == {
        "C0PARTNER2"
    }


def test_what_may_go_goes_and_the_trace_names_what_was_left_out() -> None:
    rules = "rules:\n- {name: r, on: mr.opened, post: [dev, partners]}"
    (made,) = run(rules, opened("private"))
    assert [action.channel for action in made.actions] == ["C0DEV0001"]
    (verdict,) = made.verdicts
    assert verdict.outcome is Outcome.SENT
    assert "withheld from one channel: private: #partners is shared" in verdict.reason


def test_a_hooks_own_channel_is_no_way_round() -> None:
    event = opened("private")
    (made,) = run("rules: []", event, shared=frozenset({"C0ROUTE01"}))
    assert made.actions == ()
    assert "is shared with another organisation" in made.verdicts[-1].reason
    (made,) = run("rules: []", event)
    assert [action.channel for action in made.actions] == ["C0ROUTE01"]


def test_a_card_is_no_longer_edited_where_others_came_to_read() -> None:
    rules = "rules:\n- {on: mr, card: dev}"
    ruleset = load({"rules.yaml": HEAD + rules}, "rules.yaml")
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    (card,) = playback.feed(opened("private"), delivery=DeliveryId("d1"), now=NOW).actions
    assert card.private
    playback = Playback(ruleset, Surroundings(specs=events.SPECS, shared=frozenset({"C0DEV0001"})))
    made = playback.feed(
        event_of("mr.pushed", visibility="private"), delivery=DeliveryId("d2"), now=NOW
    )
    assert made.actions == ()


def test_strict_rules_want_channels_declared() -> None:
    rules = 'defaults: {private: declared}\nrules:\n- {name: r, on: mr.opened, post: "C0UNDECL1"}'
    (made,) = run(rules, opened("private"))
    assert made.verdicts[0].reason == "private: C0UNDECL1 is not declared under `channels:`"
    assert reached(run(rules, opened("public"))) == {"C0UNDECL1"}
    declared = "defaults: {private: declared}\nrules:\n- {on: mr.opened, post: dev}"
    assert reached(run(declared, opened("private"))) == {"C0DEV0001"}


def test_strict_rules_warn_of_channels_that_are_not_declared() -> None:
    rules = 'defaults: {private: declared}\nrules:\n- {name: r, on: mr, post: [dev, "C0UNDECL1"]}'
    warned = [fault.text for fault in loaded(rules).warnings if "C0UNDECL1" in fault.text]
    assert len(warned) == 1
    assert "nothing of a private project goes there" in warned[0]
    loose = rules.replace("defaults: {private: declared}\n", "")
    assert not [fault for fault in loaded(loose).warnings if "C0UNDECL1" in fault.text]


def test_an_event_without_a_project_is_taken_for_private() -> None:
    event = replace(opened("public"), project=None, fields={})
    (made,) = run("rules:\n- {name: r, on: any, post: partners}", event)
    assert made.actions == ()


# -- footers ---------------------------------------------------------------------------------------


def test_a_footer_names_the_rule_when_the_file_wants_it() -> None:
    rules = HEAD + "defaults: {footer: rule}\nrules:\n- {name: new work, on: mr.opened, post: dev}"
    (action,) = Bench(rules).decide("mr.opened").actions
    assert action.message is not None
    assert plain(action.message.context[-1]) == "rule: new work"
    (action,) = Bench(rules.replace("defaults: {footer: rule}\n", "")).decide("mr.opened").actions
    assert action.message is not None
    assert "new work" not in "".join(map(plain, action.message.context))
