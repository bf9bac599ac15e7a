"""10. `branch` of a merge request is its target, of a pipeline or job its ref; `$default`."""

from __future__ import annotations

import pytest

from tests.deciding import event_of
from tests.rules.points import bench


def test_point_10_a_merge_requests_branch_is_its_target() -> None:
    assert event_of("mr.opened", target="next").fields["branch"] == "next"


@pytest.mark.parametrize("name", ["pipeline.failed", "job.failed", "push"])
def test_point_10_a_pipelines_or_jobs_is_its_ref(name: str) -> None:
    assert event_of(name, branch="next").fields["branch"] == "next"


def test_point_10_default_is_the_projects_default_branch() -> None:
    run = bench("rules: [{on: push, branch: $default, post: {to: dev, text: x}}]")
    assert len(run.does("push", branch="trunk", default_branch="trunk")) == 1
    assert run.does("push", branch="main", default_branch="trunk") == []


def test_point_10_a_group_covers_everything_below_it() -> None:
    run = bench("rules: [{on: push, group: platform, post: {to: dev, text: x}}]")
    assert len(run.does("push", project="platform/api")) == 1
    assert len(run.does("push", project="platform/tools/api")) == 1
    assert run.does("push", project="platforms/api") == []


def test_point_10_group_events_have_no_project() -> None:
    event = event_of("group.created")
    assert event.project is None
    assert "project" not in event.fields
