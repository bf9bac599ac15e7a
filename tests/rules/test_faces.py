"""Who is who in a decision: by the rules, by link, by e-mail; the unknown are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import events
from bot.errors import RulesError
from bot.message import Mention
from bot.model import Decision, DeliveryId, Event, Outcome, Person
from bot.people import Account, Faces
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from tests.deciding import START, event_of

HEAD = """
channels: {dev: C0DEV0001}
people: {alice: U0ALICE01}
groups: {leads: S0LEADS01, platform: "@platform-team"}
"""
BOB = Account(slack="U0BOB0001", instance="gitlab", username="Bob", user_id="22")
DM = "rules:\n- {name: r, on: mr.review_requested, dm: added_reviewers}"


def run(rules: str, event: Event, faces: Faces) -> Decision:
    ruleset = load({"rules.yaml": HEAD + rules}, "rules.yaml")
    playback = Playback(ruleset, Surroundings(specs=events.SPECS, faces=faces))
    return playback.feed(event, delivery=DeliveryId("d1"), now=START)


def asked(*reviewers: Person, actor: str = "carol") -> Event:
    event = event_of("mr.review_requested", actor=actor)
    return replace(event, fields={**event.fields, "added_reviewers": reviewers})


def linked(*accounts: Account) -> Faces:
    return Faces(linked={(one.instance, one.username.lower()): one for one in accounts})


def to(made: Decision) -> list[str]:
    return [action.channel for action in made.actions if action.verb == "dm"]


def pinged(made: Decision) -> list[str]:
    return [
        span.id
        for action in made.actions
        if action.message is not None
        for span in action.message.text
        if isinstance(span, Mention)
    ]


def test_the_rules_come_first_then_the_link_then_the_address() -> None:
    alice = Person(username="alice", email="bob@example.com")
    bob = Person(username="bob", id="22", email="alice@example.com")
    carl = Person(username="carl", email="Carl@Example.com")
    faces = replace(
        linked(BOB, replace(BOB, slack="U0WRONG01", username="alice")),
        by_email={
            "alice@example.com": "U0WRONG02",
            "bob@example.com": "U0WRONG03",
            "carl@example.com": "U0CARL001",
        },
    )
    assert to(run(DM, asked(alice, bob, carl), faces)) == ["U0ALICE01", "U0BOB0001", "U0CARL001"]


def test_a_link_is_of_one_instance_and_one_account() -> None:
    elsewhere = linked(replace(BOB, instance="inner"))
    assert to(run(DM, asked(Person(username="bob", id="22")), elsewhere)) == []
    taken_over = Person(username="bob", id="99")
    assert to(run(DM, asked(taken_over), linked(BOB))) == []
    assert to(run(DM, asked(Person(username="bob")), linked(BOB))) == ["U0BOB0001"]


def test_names_that_are_alike_are_not_the_same() -> None:
    near = (Person(username="bobb"), Person(username="", name="Bob"))
    assert to(run(DM, asked(*near), linked(BOB))) == []


def test_nobody_is_pinged_for_their_own_act_whatever_the_name() -> None:
    alice_too = replace(BOB, slack="U0ALICE01", user_id="")
    rules = "rules:\n- {name: r, on: mr.review_requested, post: {to: dev, mention: [alice, leads]}}"
    made = run(rules, asked(actor="bob"), linked(alice_too))
    assert pinged(made) == ["S0LEADS01"]
    assert pinged(run(rules, asked(actor="carol"), linked(alice_too))) == ["U0ALICE01", "S0LEADS01"]


def test_who_wants_no_direct_messages_gets_none_and_the_trace_says_so() -> None:
    faces = replace(linked(BOB), quiet=frozenset({"U0BOB0001"}))
    made = run(DM, asked(Person(username="bob", name="Bob", id="22")), faces)
    (verdict,) = made.verdicts
    assert (to(made), verdict.outcome) == ([], Outcome.WITHHELD)
    assert "Bob wants no direct messages" in verdict.reason
    post = "rules:\n- {on: mr.review_requested, post: {to: dev, mention: added_reviewers}}"
    assert pinged(run(post, asked(Person(username="bob", id="22")), faces)) == ["U0BOB0001"]


def test_the_trace_tells_whose_address_slack_was_not_asked_for() -> None:
    carl = Person(username="carl", name="Carl", email="Carl@Example.com")
    made = run(DM, asked(carl), Faces(unasked=frozenset({"carl@example.com"})))
    (verdict,) = made.verdicts
    assert (to(made), verdict.outcome) == ([], Outcome.WITHHELD)
    assert "Slack did not say who Carl is by the address" in verdict.reason


def test_who_is_not_known_is_counted_once() -> None:
    rules = DM + "\n- {name: q, on: mr, post: {to: dev, text: '{{ added_reviewers | mention }}'}}"
    strangers = (Person(username="Dave", name="Dave"), Person(username="robo", bot=True))
    made = run(rules, asked(*strangers, Person(username="alice")), Faces())
    assert [(one.instance, one.username) for one in made.unknown] == [("gitlab", "Dave")]
    nobody = run("rules:\n- {on: mr, post: dev}", asked(*strangers), Faces())
    assert nobody.unknown == ()


def test_a_group_is_found_by_its_handle() -> None:
    rules = "rules:\n- {on: mr.review_requested, post: {to: dev, mention: platform}}"
    teams = Faces(teams={"platform-team": "S0PLAT001"})
    assert pinged(run(rules, asked(), teams)) == ["S0PLAT001"]
    assert pinged(run(rules, asked(), Faces())) == []


def test_a_team_that_is_asked_for_a_review_is_a_group() -> None:
    rules = DM + "\n- {on: mr, post: {to: dev, mention: added_reviewers}}"
    team = Person(username="acme/leads", name="Leads")
    made = run(rules, asked(team), Faces())
    assert "S0LEADS01" in pinged(made)
    assert to(made) == []


def test_a_group_is_an_id_or_a_handle() -> None:
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": "groups: {leads: somebody}\nrules: []"}, "rules.yaml")
    (fault,) = caught.value.faults
    assert "no Slack id" in fault.text
    assert '"@handle"' in (fault.hint or "")
