"""4. Cards: what creates one, what it follows, what freezes it."""

from __future__ import annotations

import pytest

from bot import events
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback
from tests.rules.points import bench, heads

CARD = "rules: [{on: mr, card: dev}]\n"


@pytest.mark.parametrize("name", ["mr.opened", "mr.reopened"])
def test_point_4_opening_events_create_a_card(name: str) -> None:
    assert heads(bench(CARD).does(name)) == ["card C0DEV0001"]


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("mr.labeled", "labels: feature"),
        ("mr.ready", "draft: false"),
        ("mr.retargeted", "target: main"),
    ],
)
def test_point_4_so_does_an_event_by_which_the_rule_newly_matches(
    name: str, condition: str
) -> None:
    run = bench(f"rules: [{{on: mr, if: {{{condition}}}, card: dev}}]\n")
    assert heads(run.does(name)) == ["card C0DEV0001"]


@pytest.mark.parametrize("name", ["comment.mr", "mr.pushed", "mr.updated", "mr.approved"])
def test_point_4_a_mere_comment_or_push_never_does(name: str) -> None:
    run = bench(
        "rules: [{on: [mr, comment.mr], card: {to: dev, follow: []}}]\n".replace(", follow: []", "")
    )
    assert run.does(name) == []


def test_point_4_a_card_follows_its_subject_whatever_the_rule_says_now() -> None:
    run = bench("rules: [{on: mr.opened, if: {draft: false}, project: shop/api, card: dev}]\n")
    run.decide("mr.opened")
    assert heads(run.does("mr.drafted", draft=True)) == ["card edit C0DEV0001"]


def test_point_4_pipelines_too() -> None:
    run = bench(CARD)
    run.decide("mr.opened", sha="a" * 40)
    (line,) = run.does("pipeline.failed", sha="a" * 40)
    assert line.startswith("card edit C0DEV0001")


def test_point_4_there_is_one_card_per_channel() -> None:
    run = bench("rules: [{on: mr, card: dev}, {on: mr.opened, card: [dev, ci]}]\n")
    assert heads(run.does("mr.opened")) == ["card C0DEV0001", "card C0CI00001"]
    assert heads(run.does("mr.merged")) == ["card edit C0DEV0001", "card edit C0CI00001"]


def test_point_4_a_channel_taken_out_of_the_rule_keeps_its_card_frozen() -> None:
    run = bench("rules: [{name: c, on: mr, card: [dev, ci]}]\n")
    run.decide("mr.opened")
    other = bench("rules: [{name: c, on: mr, card: ci}]\n")
    state = run.playback._remembered
    other.playback = Playback(other.ruleset, Surroundings(specs=events.SPECS))
    other.playback._remembered = state
    assert heads(other.does("mr.merged")) == ["card edit C0CI00001"]


@pytest.mark.parametrize(
    ("topic", "name", "expected"),
    [
        ("comments", "comment.mr", ["card edit C0DEV0001", "reply C0DEV0001"]),
        ("reviews", "mr.approved", ["card edit C0DEV0001", "reply C0DEV0001", "react C0DEV0001"]),
        ("state", "mr.merged", ["card edit C0DEV0001", "reply C0DEV0001", "react C0DEV0001"]),
    ],
)
def test_point_4_follow_adds_replies_and_reactions(
    topic: str, name: str, expected: list[str]
) -> None:
    run = bench(f"rules: [{{on: mr, card: {{to: dev, follow: {topic}}}}}]\n")
    run.decide("mr.opened")
    assert heads(run.does(name)) == expected


def test_point_4_follow_pipeline_reacts_by_how_it_stands() -> None:
    run = bench("rules: [{on: mr, card: {to: dev, follow: pipeline}}]\n")
    run.decide("mr.opened", sha="a" * 40)
    lines = run.does("pipeline.failed", sha="a" * 40)
    assert "react C0DEV0001: +x" in lines


def test_point_4_editing_never_pings() -> None:
    run = bench("rules: [{on: mr, card: {to: dev, mention: author}}]\n")
    first = run.decide("mr.opened").actions[0]
    edit = run.decide("mr.merged").actions[0]
    assert (first.is_edit, edit.is_edit, edit.verb) == (False, True, "card")
