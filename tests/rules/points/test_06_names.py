"""6. Names and bare kinds; which pipelines count for a branch."""

from __future__ import annotations

import json

import pytest

from bot import events
from bot.events.samples import sample
from bot.registry import Source
from tests.deciding import event_of
from tests.rules.points import bench

ALL = "rules: [{on: any, post: {to: dev, text: x}}]"


def names(*deliveries: tuple[str, dict[str, object]]) -> list[list[str]]:
    run = bench(ALL)
    return [list(run.decide(name, **given).names) for name, given in deliveries]


def test_point_6_a_bare_kind_means_every_action_of_it() -> None:
    run = bench("rules: [{on: mr, post: {to: dev, text: x}}]")
    assert len(run.does("mr.opened")) == len(run.does("mr.merged")) == 1


def test_point_6_one_delivery_may_carry_several_names_and_fires_a_rule_once() -> None:
    run = bench("rules: [{on: [comment, comment.mr], post: {to: dev, text: x}}]")
    assert set(event_of("comment.mr").names) == {"comment", "comment.mr"}
    assert len(run.does("comment.mr")) == 1


def test_point_6_broken_accompanies_failed() -> None:
    assert names(("pipeline.failed", {"id": 1})) == [["pipeline.broken", "pipeline.failed"]]


def test_point_6_with_no_predecessor_the_state_was_green() -> None:
    assert names(("pipeline.success", {"id": 1})) == [["pipeline.success"]]


def test_point_6_red_green_and_red_again() -> None:
    assert names(
        ("pipeline.failed", {"id": 1}),
        ("pipeline.failed", {"id": 2}),
        ("pipeline.success", {"id": 3}),
        ("pipeline.success", {"id": 4}),
    ) == [
        ["pipeline.broken", "pipeline.failed"],
        ["pipeline.still_failing", "pipeline.failed"],
        ["pipeline.fixed", "pipeline.success"],
        ["pipeline.success"],
    ]


def test_point_6_a_retry_of_the_same_pipeline_fixes_it() -> None:
    assert names(("pipeline.failed", {"id": 1}), ("pipeline.success", {"id": 1}))[1] == [
        "pipeline.fixed",
        "pipeline.success",
    ]


def test_point_6_older_ids_than_the_last_seen_are_ignored() -> None:
    assert names(
        ("pipeline.failed", {"id": 5}),
        ("pipeline.success", {"id": 4}),
        ("pipeline.failed", {"id": 6}),
    )[1:] == [["pipeline.success"], ["pipeline.still_failing", "pipeline.failed"]]


@pytest.mark.parametrize("trigger", ["merge_request_event", "parent_pipeline"])
def test_point_6_merge_request_and_child_pipelines_do_not_count(trigger: str) -> None:
    assert names(
        ("pipeline.failed", {"id": 1, "trigger": trigger}),
        ("pipeline.success", {"id": 2}),
    ) == [["pipeline.failed"], ["pipeline.success"]]


def test_point_6_canceled_pipelines_do_not_count() -> None:
    assert names(
        ("pipeline.failed", {"id": 1}),
        ("pipeline.canceled", {"id": 2}),
        ("pipeline.success", {"id": 3}),
    )[2] == ["pipeline.fixed", "pipeline.success"]


def test_point_6_each_branch_has_its_own_state() -> None:
    assert names(
        ("pipeline.failed", {"id": 1, "branch": "main"}),
        ("pipeline.failed", {"id": 2, "branch": "next"}),
    )[1] == ["pipeline.broken", "pipeline.failed"]


def test_point_6_githubs_created_published_and_released_are_one_release() -> None:
    run = bench("rules: [{on: release, post: {to: dev, text: x}}]")
    sent = 0
    headers, body = sample("release", forge="github")
    for action in ("created", "published", "released"):
        raw = {**json.loads(body), "action": action}
        event = events.understand(
            Source(forge="github", instance="github", event=headers["X-GitHub-Event"]), raw
        )
        sent += len(run.take(event).actions)
    assert sent == 1


def test_point_6_updated_appears_only_when_nothing_more_precise_does() -> None:
    assert "mr.updated" not in event_of("mr.labeled").names
    assert event_of("mr.updated").names == ("mr.updated",)
