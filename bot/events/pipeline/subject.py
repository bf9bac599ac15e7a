"""A pipeline, or what comes to the same at the other forge, and the event made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git
from bot.events.vocabulary import make_event
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from bot.model import Event, Person, Project, Value
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    name: str
    stage: str
    url: str
    #: Why, when it is not simply that its script failed.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """GitHub's workflow runs, check suites of other apps and commit statuses are pipelines too."""

    id: int
    #: What its subject key ends with.
    ident: str
    #: As texts call it: `pipeline #501`, `CI #36`, `ci/jenkins`.
    label: str
    #: Of GitLab its own name, if it has one; of GitHub its workflow's, app's or context's.
    name: str
    #: What runs again and again on a branch, and is broken and fixed by itself: the workflow, the
    #: app, the context. Empty at GitLab, where it is the branch itself.
    series: str
    attempt: int
    ref: str
    is_tag: bool
    #: The branch is one of a fork.
    foreign: bool
    sha: str
    #: `created`, `pending`, `running`, `success`, `failed`, `canceled`, `skipped`, `manual`, …
    status: str
    #: Why it failed, in the forge's word; empty when it is because of its jobs.
    reason: str
    #: It passed, but a job that was allowed to fail did.
    warnings: bool
    #: As rules say it: `push`, `schedule`, `merge_request`, `parent`, …
    trigger: str
    #: Its end tells how its branch is.
    counts: bool
    #: Another event tells the same: GitHub's check suites of its own Actions.
    twin: bool
    #: It may run on a commit that nobody pushed: of a merge request merged into its target.
    merged: bool
    url: str
    duration: timedelta | None
    finished_at: datetime | None
    failed: tuple[FailedJob, ...]
    commit: git.Commit | None
    mr: Ref | None
    mr_iid: int | None
    mr_source: str
    mr_target: str


def make(
    source: Source,
    payload: Payload,
    run: Pipeline,
    *,
    project: Project | None,
    actor: Person | None,
) -> Event:
    here = "" if run.foreign else run.ref
    return make_event(
        source,
        payload,
        kind="pipeline",
        names=("pipeline.echoed",) if run.twin else _NAMES.get(run.status, ()),
        project=project,
        actor=actor,
        subject=run,
        about=(
            ("pipeline", run.ident),
            ("mr", "" if run.mr_iid is None else f"{run.mr_iid}"),
            ("commit", run.sha),
            ("tag" if run.is_tag else "branch", here),
        ),
        fields={**_fields(run, actor), **jobs_fields(run)},
        url=run.url,
        sha=run.sha,
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "created": ("pipeline.created",),
    "waiting_for_resource": ("pipeline.pending",),
    "preparing": ("pipeline.pending",),
    "pending": ("pipeline.pending",),
    "running": ("pipeline.started",),
    "success": ("pipeline.success",),
    "failed": ("pipeline.failed",),
    "canceled": ("pipeline.canceled",),
    "skipped": ("pipeline.skipped",),
    "manual": ("pipeline.manual",),
    "scheduled": ("pipeline.pending",),
}


def _fields(run: Pipeline, actor: Person | None) -> Mapping[str, Value | None]:
    commit = run.commit
    return {
        "pipeline": Ref(label=run.label.removeprefix("pipeline "), url=run.url),
        "id": run.id,
        "name": run.name or None,
        "branch": None if run.is_tag or run.foreign else run.ref or None,
        "tag": run.ref if run.is_tag else None,
        "sha": run.sha or None,
        "commit": git.commit_ref(run.sha, commit.url if commit else "") if run.sha else None,
        "title": commit.title if commit else None,
        "author": (commit.author if commit else None) or actor,
        "status": run.status or None,
        "reason": run.reason or None,
        "warnings": run.warnings,
        "trigger": run.trigger or None,
        "duration": run.duration,
        "mr": run.mr,
        "source": run.mr_source or None,
        "target": run.mr_target or None,
    }


def jobs_fields(run: Pipeline) -> Mapping[str, Value]:
    """What the failed jobs tell: at GitHub they are known by events of their own."""
    return {
        "failed_jobs": tuple(Ref(label=job.name, url=job.url) for job in run.failed),
        "failed_stages": tuple(dict.fromkeys(job.stage for job in run.failed if job.stage)),
    }
