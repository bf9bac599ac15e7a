"""Pipelines, and what a finished one means for its branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.events import ci
from bot.events.pipeline.github import from_github
from bot.events.pipeline.gitlab import from_gitlab
from bot.events.pipeline.subject import FailedJob, Pipeline, jobs_fields
from bot.events.pipeline.texts import line, reply
from bot.events.vocabulary import declare
from bot.payload import parse_time
from bot.registry import Derived, EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.events.job import Job
    from bot.model import Event, Json, Value


def state_key(event: Event) -> str:
    """Where the branch's state is kept; empty for what does not count for a branch."""
    run: Pipeline = event.subject
    if not run.counts or run.status not in {"success", "failed"} or event.project is None:
        return ""
    # Workflows of one branch are broken and fixed each by itself.
    series = f":{run.series}" if run.series else ""
    return f"pipeline:{event.instance}:{event.project.id}:{run.ref}{series}"


def derive(event: Event, state: Json) -> Derived:
    """What the pipeline means for its branch. `state`: id, status, at, since and failures (in a
    row) of the last one."""
    run: Pipeline = event.subject
    at = run.finished_at.isoformat() if run.finished_at else ""
    if state and _is_late(run, at, state):
        return Derived(names=(), fields={}, state=state)
    before = state["status"] if state else "success"
    since = state["since"] if state and before == "failed" else at
    failures = (state.get("failures", 1) if before == "failed" else 0) if state else 0
    fields: dict[str, Value] = {"previous_status": before}
    if before == "failed" and (broken_for := _between(since, run.finished_at)) is not None:
        fields["broken_for"] = broken_for
    if run.status == "failed":
        name = "pipeline.still_failing" if before == "failed" else "pipeline.broken"
        failures += 1
    else:
        name = "pipeline.fixed" if before == "failed" else ""
        since = ""
    if name:
        fields["failures"] = failures
    ended = {"id": run.id, "status": run.status, "at": at, "since": since}
    if run.status == "failed":
        ended["failures"] = failures
    return Derived(names=(name,) if name else (), fields=fields, state=ended)


def _is_late(run: Pipeline, at: str, state: Json) -> bool:
    """An older pipeline, or an end of the same one that was told already or later retried."""
    if run.id != state["id"]:
        return bool(run.id < state["id"])
    ended, known = parse_time(at), parse_time(state["at"])
    if ended is None or known is None:
        return bool(run.status == state["status"])
    return ended < known or (ended == known and run.status == state["status"])


def _between(since: str, until: datetime | None) -> timedelta | None:
    start = parse_time(since)
    return max(until - start, timedelta(0)) if start and until else None


#: Jobs of one run whose end is remembered.
_JOBS: Final = 100


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    """The jobs that failed, by name: GitHub tells of them in events of their own only."""
    if event.kind != "job" or event.forge != "github":
        return facts
    job: Job = event.subject
    jobs = dict((facts or {}).get("jobs", {}))
    known = jobs.get(job.name)
    if known is not None and job.attempt < known["attempt"]:
        return facts
    failed = job.status == "failed"
    if job.twin or job.status not in ci.ENDS or not (failed or known or job.attempt > 1):
        return facts
    jobs[job.name] = {
        "attempt": job.attempt,
        "url": job.url,
        "reason": job.reason,
        "failed": failed,
    }
    return {"jobs": dict(list(jobs.items())[:_JOBS])}


def complete(event: Event, facts: Mapping[str, Json]) -> Event:
    """A failed run with its failed jobs, as far as they have been told of."""
    run: Pipeline = event.subject
    if run.status != "failed" or run.failed:
        return event
    jobs = facts.get("jobs", {})
    failed = tuple(
        FailedJob(name=name, stage="", url=job["url"], reason=job["reason"])
        for name, job in jobs.items()
        if job["failed"]
    )
    whole = replace(run, failed=failed)
    return replace(event, subject=whole, fields={**event.fields, **jobs_fields(whole)})


SPEC = Spec(
    kind="pipeline",
    doc="CI pipelines (GitHub: workflow runs, check suites of other apps, commit statuses)",
    outcome=True,
    names=(
        EventName("pipeline.started", "it runs"),
        EventName("pipeline.failed", "it ended badly"),
        EventName("pipeline.success", "it ended well, with warnings or without"),
        EventName("pipeline.canceled", "somebody canceled it"),
        EventName("pipeline.broken", "it failed, and the branch had been green", derived=True),
        EventName("pipeline.still_failing", "it failed, as the one before did", derived=True),
        EventName("pipeline.fixed", "it passed, and the branch had been failing", derived=True),
        EventName("pipeline.created", "it was made and does not run yet", bare=False),
        EventName("pipeline.pending", "it waits for a runner or for its time", bare=False),
        EventName("pipeline.manual", "it waits for a person", bare=False),
        EventName("pipeline.skipped", "it was skipped", bare=False),
        EventName(
            "pipeline.echoed",
            "a check suite of GitHub Actions, whose workflow run tells the same",
            bare=False,
        ),
    ),
    fields=declare(
        *("pipeline", "id", "name", "branch", "tag", "sha", "commit", "title", "author", "status"),
        *("reason", "warnings", "trigger", "duration", "failed_jobs", "failed_stages"),
        *("mr", "source", "target", "previous_status", "broken_for", "failures"),
        only={
            "previous_status": ("pipeline.failed", "pipeline.success"),
            "broken_for": ("pipeline.still_failing", "pipeline.fixed"),
            "failures": ("pipeline.broken", "pipeline.still_failing", "pipeline.fixed"),
        },
    ),
    gitlab=("pipeline",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("pipeline_events",),
    github=("workflow_run", "check_suite", "status"),
    # Of failed jobs only they tell.
    github_also=("workflow_job",),
    from_github=from_github,
    line=line,
    reply=reply,
    fold=fold,
    sums={"commit": ci.fold},
    complete=complete,
    marks=ci.marks,
    derive=derive,
    state_key=state_key,
)
