"""Replaying deliveries through two sets of rules: what differs, what is unknown, what is shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.events import SPECS
from bot.events.samples import sample
from bot.model import DeliveryId, SubjectKey
from bot.registry import Source
from bot.rules.backtest import Backtest, Recorded, Seed
from bot.rules.comparison import Tally
from bot.rules.comparison_text import Report, as_json, as_text
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback, Remembered
from bot.waiting import OpenSubject
from tests.deciding import Bench, event_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.ruleset import Ruleset

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
STEP = timedelta(minutes=5)


def rules(text: str) -> Ruleset:
    return load({"rules.yaml": text}, "rules.yaml")


def recorded(number: int, name: str, **overrides: Any) -> Recorded:
    headers, body = sample(name, overrides=overrides)
    return Recorded(
        id=DeliveryId(f"d{number}"),
        source=Source(forge="gitlab", instance="gitlab", event=headers["X-Gitlab-Event"]),
        body=body,
        received_at=START + number * STEP,
    )


def history(*names: str | tuple[str, dict[str, Any]]) -> list[Recorded]:
    told = [(name, {}) if isinstance(name, str) else name for name in names]
    return [recorded(n, name, **overrides) for n, (name, overrides) in enumerate(told)]


def replayed(old: str, new: str, past: Iterable[Recorded], **more: Any) -> Backtest:
    test = Backtest(rules(old), rules(new), **more)
    for one in past:
        test.feed(one)
    return test


def report(test: Backtest, old: str, new: str) -> Report:
    return Report(
        tally=test.tally,
        old=rules(old),
        new=rules(new),
        old_name="rules.yaml@c0ffee",
        new_name="working tree",
        span=timedelta(days=14),
        took_s=9.84,
        zone=UTC,
    )


OLD = """\
channels: {dev: C0DEV0001, ci: C0CI00001}
people: {alice: U0ALICE01}
rules:
  - {name: every mr, on: mr, post: {to: dev, text: "!{{ iid }} {{ state }}"}}
  - {name: pipelines, on: pipeline.failed, post: {to: ci, text: "{{ branch }} is red"}}
  - {name: tags, on: tag, post: {to: dev, text: "tagged {{ tag }}"}}
  - {name: pushes, on: push, post: {to: dev, text: "{{ project }} was pushed to"}}
  - {name: joy, on: mr.merged, react: tada}
"""
NEW = """\
channels: {dev: C0DEV0001, ci: C0CI00001}
people: {alice: U0ALICE01}
rules:
  - {name: every mr, on: [mr.opened, mr.merged], post: {to: dev, text: "!{{ iid }} {{ state }}"}}
  - {name: pipelines, on: pipeline.broken, post: {to: ci, text: "{{ branch }} is red"}}
  - {name: tags, on: tag, post: {to: dev, text: "new tag {{ tag }}"}}
  - {name: pushes, on: push, post: {to: ci, text: "{{ project }} was pushed to"}}
  - {name: releases, on: release, post: {to: dev, text: "{{ tag }} is out"}}
  - {name: legacy feed, on: wiki, post: dev}
"""
PAST = (
    ("mr.opened", {"iid": 7}),
    ("mr.updated", {"iid": 7}),
    "push",
    ("pipeline.failed", {"id": 1, "branch": "main"}),
    ("pipeline.failed", {"id": 2, "branch": "main"}),
    "tag",
    "release",
    ("mr.merged", {"iid": 7}),
)

SHOWN = """\
14 d, 8 deliveries, 9.8 s     old rules.yaml@c0ffee   new working tree
             old     new     ±
#dev           5       4    −2 +1         busiest hour 5 → 4
#ci            2       2    −1 +1
changed text 1 · moved channel 1 · reactions −1 · card edits +0 · forge actions +0
rules that never fire: legacy feed (rules.yaml:9)
− 02 Mar 10:05  #dev         "!7 opened"                                        every mr (rules.yaml:4): there on mr.opened, mr.merged
> 02 Mar 10:10  #ci          "shop/api was pushed to"                           pushes (rules.yaml:7): was #dev
− 02 Mar 10:20  #ci          "main is red"                                      pipelines (rules.yaml:5): there on pipeline.broken
~ 02 Mar 10:25  #dev         "new tag v1.4.0"                                   tags (rules.yaml:6): was "tagged v1.4.0"
+ 02 Mar 10:30  #dev         "v1.4.0 is out"                                    releases (rules.yaml:8): not in the other rules"""  # noqa: E501 - as it is shown


def test_the_report_of_a_small_history_reads_so() -> None:
    test = replayed(OLD, NEW, history(*PAST))
    assert as_text(report(test, OLD, NEW)) == SHOWN


def test_each_difference_names_its_rule_its_place_and_the_reason() -> None:
    test = replayed(OLD, NEW, history(*PAST))
    told = [
        (one.sign, one.rule, one.place, one.why)
        for one in sorted(test.tally.examples, key=lambda one: one.at)
    ]
    assert told == [
        ("-", "every mr", "rules.yaml:4", "there on mr.opened, mr.merged"),
        (">", "pushes", "rules.yaml:7", "C0DEV0001"),
        ("-", "pipelines", "rules.yaml:5", "there on pipeline.broken"),
        ("~", "tags", "rules.yaml:6", "tagged v1.4.0"),
        ("+", "releases", "rules.yaml:8", "not in the other rules"),
    ]


def test_what_machines_read_says_the_same() -> None:
    test = replayed(OLD, NEW, history(*PAST))
    told = as_json(report(test, OLD, NEW))
    assert told["deliveries"] == 8
    assert (told["added"], told["moved"], told["reworded"]) == (1, 1, 1)
    assert told["reactions"] == {"added": 0, "removed": 1}
    assert told["never_fire"] == [{"rule": "legacy feed", "place": "rules.yaml:9"}]
    assert told["channels"]["C0DEV0001"] == {
        "name": "#dev",
        "old": 5,
        "new": 4,
        "added": 1,
        "removed": 2,
        "reworded": 1,
        "busiest_hour": {"old": 5, "new": 4},
    }


def test_only_one_rule_is_compared_when_one_is_named() -> None:
    test = replayed(OLD, NEW, history(*PAST), rule="pipelines")
    assert {one.rule for one in test.tally.examples} == {"pipelines"}
    assert dict(test.tally["old"]) == {"C0CI00001": 2}


def test_only_one_project_is_replayed_when_one_is_named() -> None:
    past = history(("push", {"project": "shop/api"}), ("push", {"project": "shop/web"}))
    test = replayed(OLD, OLD, past, project="Shop/API")
    assert test.tally["totals"]["deliveries"] == 1


def test_what_came_before_the_window_shapes_state_and_is_not_reported() -> None:
    past = history(
        ("pipeline.failed", {"id": 1, "branch": "main"}),
        ("pipeline.failed", {"id": 2, "branch": "main"}),
    )
    test = replayed(OLD, NEW, past, since=START + STEP)
    assert test.tally["totals"]["deliveries"] == 1
    assert dict(test.tally["old"]) == {"C0CI00001": 1}
    assert dict(test.tally["new"]) == {}, "the branch was red before the window"


def test_a_seed_is_what_both_sides_begin_with() -> None:
    known = Bench(NEW).decide("pipeline.failed", id=1, branch="main").remember
    past = [recorded(5, "pipeline.failed", id=2, branch="main")]
    test = replayed(NEW, NEW, past, seed=Seed(memory=known))
    assert dict(test.tally["new"]) == {}


def test_a_body_that_cannot_be_read_is_counted() -> None:
    broken = Recorded(
        id=DeliveryId("d1"),
        source=Source(forge="gitlab", instance="gitlab", event="Push Hook"),
        body=b'{"object_kind": "push"}',
        received_at=START,
    )
    test = replayed(OLD, NEW, [broken])
    assert dict(test.tally["totals"]) == {"unreadable": 1}


def test_a_rule_that_asks_what_history_lacks_is_unknown_and_does_nothing() -> None:
    asking = 'rules: [{name: big, on: mr.opened, if: {paths: "docs/**"}, post: "#dev"}]'
    test = replayed(asking, asking, history("mr.opened"))
    assert dict(test.tally["new_unknown"]) == {"big": 1}
    assert dict(test.tally["new"]) == {}
    assert "unknown, because history lacks what they ask: big (rules.yaml:1) 1 times" in as_text(
        report(test, asking, asking)
    )


def test_what_the_api_told_then_is_known_again() -> None:
    api = 'rules: [{name: api, on: mr.opened, if: {paths: api/**}, post: "#dev"}]\n'
    past = recorded(0, "mr.opened")
    told = replace(past, history={"paths": ("api/x",), "title": "what state told is not taken"})
    assert replayed(api, api, [told]).tally["new"]["#dev"] == 1
    elsewhere = replace(past, history={"paths": ("web/x",)})
    assert replayed(api, api, [elsewhere]).tally["new_unknown"] == {}
    assert replayed(api, api, [past]).tally["new_unknown"] == {"api": 1}


def test_what_came_late_is_late_again() -> None:
    quiet = 'rules: [{name: x, on: push, if: {late: false}, post: "#dev"}]\n'
    past = recorded(0, "push")
    test = replayed(quiet, quiet, [past, replace(past, id=DeliveryId("d1"), late=True)])
    assert test.tally["new"]["#dev"] == 1


def test_what_waited_when_the_replay_begins_is_said_in_it() -> None:
    weekly = """\
rules:
  - {name: weekly, on: push, batch: mon 11:00, post: {to: "#dev", text: "{{ count }} pushes"}}
"""
    before = Playback(rules(weekly), Surroundings(specs=SPECS))
    held = before.feed(
        event_of("push"), delivery=DeliveryId("d0"), now=START - timedelta(days=5)
    ).held
    test = replayed(weekly, weekly, [recorded(0, "push")], seed=Seed(held=held))
    test.advance(START + timedelta(days=1))
    assert dict(test.tally["new"]) == {"#dev": 1}
    alone = replayed(weekly, "rules: []", [], seed=Seed(held=held))
    alone.advance(START + timedelta(days=1))
    # A rule that is gone still says what it held.
    assert dict(alone.tally["new"]) == {"#dev": 1}


def test_facts_of_what_was_open_hold_until_an_event_tells_others() -> None:
    daily = """\
rules:
  - {name: open, every: daily 12:00, list: open_mrs, if: {labels: bug}, post: "#dev"}
"""
    old = OpenSubject(
        subject=SubjectKey("gitlab:15:mr:3"),
        kind="mr",
        project="shop/api",
        facts={"labels": ["bug"]},
        active_at=START - timedelta(days=9),
    )
    test = replayed(daily, daily, [], seed=Seed(opened=(old,)))
    test.advance(START)
    test.advance(START + timedelta(days=1))
    assert dict(test.tally["new"]) == {"#dev": 1}
    test.feed(recorded(24 * 12, "mr.labeled", iid=3, labels=["other"]))
    test.advance(START + timedelta(days=3))
    assert dict(test.tally["new"]) == {"#dev": 1}


def test_an_event_that_came_through_two_hooks_counts_once() -> None:
    one = recorded(0, "push")
    twins = [
        Recorded(
            id=DeliveryId(f"d{hook}"),
            source=one.source,
            body=one.body,
            received_at=START,
            hook=hook,
            content="same",
        )
        for hook in ("project", "group")
    ]
    assert dict(replayed(OLD, OLD, twins).tally["old"]) == {"C0DEV0001": 1}


def test_people_who_get_many_messages_a_day_are_named() -> None:
    nobody = 'rules: [{on: wiki, post: "#dev"}]'
    crowd = "people: {bob: U0BOB0001}\nrules: [{on: push, dm: {to: {person: bob}}}]"
    test = replayed(nobody, crowd, history(*["push"] * 12))
    assert dict(test.tally["new_people"]) == {"U0BOB0001": 12}
    assert "1 person > 10 a day: bob 12" in as_text(report(test, nobody, crowd))


def test_counts_survive_being_kept_and_are_joined() -> None:
    tally = replayed(OLD, NEW, history(*PAST)).tally
    again = Tally.load(tally.dump())
    assert again.dump() == tally.dump()
    again.join(tally)
    assert again["totals"]["deliveries"] == 16
    assert again.added == 2 * tally.added


def test_time_rules_run_by_the_clock_of_the_replay() -> None:
    daily = """\
rules:
  - {name: open, every: daily 12:00, list: open_mrs, post: {to: "#dev", text: "{{ count }}"}}
"""
    old = OpenSubject(
        subject=SubjectKey("gitlab:15:mr:3"),
        kind="mr",
        project="shop/api",
        facts={},
        active_at=START - timedelta(days=9),
    )
    past = [recorded(0, "mr.opened", iid=7)]
    test = replayed(daily, daily, past, seed=Seed(opened=(old,)))
    test.advance(START + timedelta(days=2))
    assert dict(test.tally["new"]) == {"#dev": 2}
    assert test.tally.examples == []


# -- properties ------------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["push", "tag", "mr.opened", "mr.merged", "pipeline.failed", "pipeline.success"]
        ),
        st.fixed_dictionaries(
            {"project": st.sampled_from(["shop/api", "shop/web"]), "id": st.integers(1, 5)}
        ),
    ),
    max_size=8,
)
CARDS = OLD + "  - {name: cards, on: mr, card: {to: ci, follow: [state, pipeline]}}\n"


def past_of(found: list[tuple[str, dict[str, Any]]]) -> list[Recorded]:
    return history(*((name, overrides) for name, overrides in found))


@given(EVENTS)
@settings(max_examples=30)
def test_the_same_rules_differ_nowhere(found: list[tuple[str, dict[str, Any]]]) -> None:
    tally = replayed(CARDS, CARDS, past_of(found)).tally
    assert not tally.examples
    assert set(tally["totals"]) <= {"deliveries", "moved"}
    assert tally["old"] == tally["new"]


@given(EVENTS)
@settings(max_examples=30)
def test_a_rule_that_matches_nothing_changes_nothing(
    found: list[tuple[str, dict[str, Any]]],
) -> None:
    more = CARDS + "  - {name: never, on: any, project: no/such, stop: true}\n"
    tally = replayed(CARDS, more, past_of(found)).tally
    assert not tally.examples
    assert tally["old"] == tally["new"]


def test_a_back_test_imports_no_adapter() -> None:
    script = (
        "import sys, bot.cli.backtest, bot.rules.backtest\n"
        "near = ('slack_sdk', 'slack_bolt', 'gitlab', 'bot.app', 'bot.slack.client',"
        " 'bot.forges.gitlab_admin')\n"
        "print([name for name in near if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_what_both_sides_remember_alike_is_kept_once() -> None:
    one, other = Remembered(whole=True), Remembered(whole=True)
    one.learn({"alike": {"state": ["open"]}, "apart": {"state": "open"}}, {})
    other.learn({"alike": {"state": ["open"]}, "apart": {"state": "closed"}}, {})
    other.share(["alike", "apart", "unknown"], one)
    assert other.state.memory["alike"] is one.state.memory["alike"]
    assert other.state.memory["apart"] == {"state": "closed"}
    assert "unknown" not in other.state.memory
