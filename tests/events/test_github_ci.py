"""What GitHub says of runs, checks, statuses and deployments, by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from bot.events import SPECS, understand
from bot.model import Person
from bot.registry import Source
from tests.events.reading import event_of, line_of

if TYPE_CHECKING:
    from bot.model import Event, Json

#: Each fixture's names, and the branch that rules see.
TABLE: Final = (
    ("workflow_run__requested", "pipeline.pending", "main"),
    ("workflow_run__in_progress", "pipeline.started", "main"),
    ("workflow_run__success", "pipeline.success", "main"),
    ("workflow_run__failure", "pipeline.failed", "main"),
    ("workflow_run__timed_out", "pipeline.failed", "main"),
    ("workflow_run__startup_failure", "pipeline.failed", "main"),
    ("workflow_run__cancelled", "pipeline.canceled", "main"),
    ("workflow_run__stale", "pipeline.canceled", "main"),
    ("workflow_run__skipped", "pipeline.skipped", "main"),
    ("workflow_run__neutral", "pipeline.skipped", "main"),
    ("workflow_run__action_required_of_a_fork", "pipeline.manual", None),
    ("workflow_run__fork_deleted", "pipeline.failed", None),
    ("workflow_run__pull_request", "pipeline.failed", "search"),
    ("workflow_run__release", "pipeline.success", None),
    ("workflow_run__nulls", "pipeline.failed", None),
    ("check_suite__of_actions", "pipeline.echoed", "main"),
    ("check_suite__success", "pipeline.success", "main"),
    ("check_suite__failure_of_a_pull_request", "pipeline.failed", "search"),
    ("check_suite__requested", "pipeline.pending", None),
    ("status__pending", "pipeline.started", "main"),
    ("status__success", "pipeline.success", "main"),
    ("status__failure", "pipeline.failed", "main"),
    ("status__error_of_no_head", "pipeline.failed", None),
    ("workflow_job__queued", "job.pending", "main"),
    ("workflow_job__in_progress", "job.started", "main"),
    ("workflow_job__waiting_for_production", "job.manual", "main"),
    ("workflow_job__failure", "job.failed", "main"),
    ("workflow_job__timed_out", "job.failed", "main"),
    ("workflow_job__skipped", "job.skipped", "main"),
    ("workflow_job__old_without_branch", "job.canceled", None),
    ("check_run__of_actions", "job.echoed", "main"),
    ("check_run__created", "job.pending", "main"),
    ("check_run__failure", "job.failed", "main"),
    ("deployment__created", "deployment.created", "main"),
    ("deployment__created_by_an_app", "deployment.created", None),
    ("deployment_status__queued", "deployment.pending", "main"),
    ("deployment_status__waiting", "deployment.pending", "main"),
    ("deployment_status__in_progress", "deployment.started", "main"),
    ("deployment_status__success", "deployment.success", "main"),
    ("deployment_status__failure", "deployment.failed", "main"),
    ("deployment_status__error", "deployment.failed", "main"),
    ("deployment_status__inactive", "deployment.inactive", "main"),
    ("deployment_review__requested", "deployment.blocked", "main"),
    ("deployment_review__approved", "deployment.approved", "main"),
    ("deployment_review__rejected", "deployment.rejected", "main"),
    ("deployment_protection_rule__requested", "deployment.blocked", "main"),
    ("page_build__built", "deployment.echoed", None),
    ("release__published", "release", None),
    ("release__created", "release.created", None),
    ("release__released", "release.released", None),
    ("release__prereleased", "release.prereleased", None),
    ("release__created_draft", "release.drafted", None),
    ("release__edited", "release.edited", None),
    ("release__deleted", "release.deleted", None),
    ("release__unpublished", "release.unpublished", None),
)


@pytest.mark.parametrize(("name", "called", "branch"), TABLE)
def test_each_event_has_its_name_and_its_branch(name: str, called: str, branch: str | None) -> None:
    event = event_of(name)
    assert event.names == (called,)
    assert event.fields.get("branch") == branch


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("workflow_run__failure", "pipeline:github:15:main:61"),
        ("workflow_run__scheduled", "pipeline:github:15:main:62"),
        ("check_suite__success", "pipeline:github:15:main:app-811"),
        ("status__success", "pipeline:github:15:main:status-ci/bolt: build"),
        ("workflow_run__pull_request", ""),
        ("workflow_run__fork_deleted", ""),
        ("workflow_run__release", ""),
        ("workflow_run__cancelled", ""),
        ("check_suite__of_actions", ""),
        ("status__error_of_no_head", ""),
    ],
)
def test_only_some_runs_tell_how_a_branch_is(name: str, key: str) -> None:
    state_key = SPECS["pipeline"].state_key
    assert state_key is not None
    assert state_key(event_of(name)) == key


def test_a_pull_request_of_another_project_is_not_ours() -> None:
    ours = event_of("workflow_run__pull_request")
    others = event_of("workflow_run__pull_request_of_another_project")
    assert "github:15:mr:7" in ours.subjects
    assert not any(":mr:" in key for key in others.subjects)


def test_a_status_on_an_old_commit_says_nothing_of_its_branches() -> None:
    event = event_of("status__error_of_no_head")
    assert not any(":branch:" in key for key in event.subjects)
    assert "ci/bolt: build" in line_of(event)


def test_every_report_of_one_status_is_about_the_same_thing() -> None:
    pending, done = event_of("status__pending"), event_of("status__success")
    assert pending.subjects[0] == done.subjects[0]


def test_a_run_of_a_fork_is_named_after_it() -> None:
    assert "`dave:main`" in line_of(event_of("workflow_run__action_required_of_a_fork"))


@pytest.mark.parametrize(
    ("address", "username"),
    [
        ("12+bob@users.noreply.github.com", "bob"),
        ("bob@users.noreply.github.com", "bob"),
        ("49+dependabot[bot]@users.noreply.github.com", "dependabot[bot]"),
        ("bob@example.com", ""),
        ("noreply@github.com", ""),
        ("x@users.noreply.github.com.example.com", ""),
    ],
)
def test_the_author_of_a_runs_commit_is_known_by_a_hidden_address(
    address: str, username: str
) -> None:
    commit = {"id": "9c" * 20, "message": "x", "author": {"name": "Bob", "email": address}}
    author = _run(head_commit=commit).fields["author"]
    assert isinstance(author, Person)
    assert (author.username, author.name) == (username, "Bob")
    assert author.bot is username.endswith("[bot]")


# -- the same run once more ----------------------------------------------------------------------


def _run(**changes: Any) -> Event:
    body = json.loads(json.dumps(dict(event_of("workflow_run__failure").payload)))
    body["workflow_run"].update(changes)
    return understand(Source(forge="github", instance="github", event="workflow_run"), body)


def _folded(*events: Event) -> Json:
    fold = SPECS["pipeline"].sums["commit"]
    facts = None
    for event in events:
        facts = fold(facts, event)
    return facts


def _marks(*events: Event) -> list[str]:
    marks = SPECS["pipeline"].marks
    assert marks is not None
    return list(marks(_folded(*events) or {}))


def test_a_second_attempt_counts_from_its_beginning() -> None:
    again = _run(run_attempt=2, status="in_progress", conclusion=None)
    assert _marks(event_of("workflow_run__failure"), again) == ["hourglass_flowing_sand"]


def test_the_first_attempt_that_comes_after_the_second_is_late() -> None:
    passed = _run(run_attempt=2, conclusion="success", updated_at="2026-03-02T10:20:00Z")
    assert _marks(passed, event_of("workflow_run__failure")) == ["large_green_circle"]


def test_an_older_run_that_ends_last_is_late() -> None:
    newer = event_of("workflow_run__success")
    assert _marks(newer, event_of("workflow_run__failure")) == ["large_green_circle"]


def test_canceled_and_skipped_runs_show_nothing() -> None:
    assert _marks(event_of("workflow_run__cancelled"), event_of("check_suite__requested")) == [
        "hourglass_flowing_sand"
    ]
    assert _marks(event_of("workflow_run__skipped")) == []


def test_what_is_told_twice_is_counted_once() -> None:
    assert _folded(event_of("check_suite__of_actions")) is None
    once = _folded(event_of("workflow_run__failure"))
    assert _folded(event_of("workflow_run__failure"), event_of("workflow_run__failure")) == once


def test_a_commit_with_too_many_reports_forgets_the_oldest() -> None:
    events = [_run(workflow_id=number, id=number) for number in range(1, 80)]
    assert len(_folded(*events)["runs"]) == 50
