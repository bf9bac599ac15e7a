"""Pipelines, and what a finished one means for its branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.pipeline_texts import line, reply
from bot.events.vocabulary import declare, make_event
from bot.model import Person, Ref, Value
from bot.payload import parse_time
from bot.registry import Derived, EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Event, Json, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    id: int
    name: str
    ref: str
    is_tag: bool
    sha: str
    #: As GitLab says it: `running`, `success`, `failed`, `canceled`, `skipped`, …
    status: str
    #: It passed, but a job that was allowed to fail did.
    warnings: bool
    #: As rules say it: `push`, `schedule`, `merge_request`, `parent`, …
    trigger: str
    url: str
    duration: timedelta | None
    finished_at: datetime | None
    failed_jobs: tuple[Ref, ...]
    commit: git.Commit | None
    mr: Ref | None
    mr_iid: int | None
    mr_source: str
    mr_target: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    subject = _read(payload, project, actor)
    return make_event(
        source,
        payload,
        kind="pipeline",
        names=_NAMES.get(subject.status, ()),
        project=project,
        actor=actor,
        subject=subject,
        about=(
            ("pipeline", f"{subject.id}"),
            ("mr", "" if subject.mr_iid is None else f"{subject.mr_iid}"),
            ("commit", subject.sha),
            ("tag" if subject.is_tag else "branch", subject.ref),
        ),
        fields=_fields(subject, actor),
        url=subject.url,
        sha=subject.sha,
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

_TRIGGERS: Final[Mapping[str, str]] = {
    "merge_request_event": "merge_request",
    "external_pull_request_event": "merge_request",
    "parent_pipeline": "parent",
}


def _read(payload: Payload, project: Project | None, actor: Person | None) -> Pipeline:
    attributes, merge_request = payload["object_attributes"], payload["merge_request"]
    number = attributes["id"].as_(int)
    base = project.url if project else ""
    status = attributes["status"].text_or()
    trigger = attributes["source"].text_or()
    mr_iid = git.number(merge_request["iid"])
    return Pipeline(
        id=number,
        name=attributes["name"].text_or(),
        ref=attributes["ref"].text_or(),
        is_tag=attributes["tag"].bool_or(),
        sha=attributes["sha"].text_or(),
        status=status,
        warnings=attributes["detailed_status"].text_or().endswith("warnings"),
        trigger=_TRIGGERS.get(trigger, trigger),
        url=attributes["url"].text_or() or (f"{base}/-/pipelines/{number}" if base else ""),
        duration=git.duration(attributes["duration"].value),
        finished_at=attributes["finished_at"].time(),
        failed_jobs=_failed_jobs(payload["builds"], base),
        commit=gitlab.commit(payload["commit"], actor),
        mr=Ref(
            label=f"!{mr_iid} {wording.without_draft(merge_request['title'].text_or())}".strip(),
            url=merge_request["url"].text_or(),
        )
        if mr_iid is not None
        else None,
        mr_iid=mr_iid,
        mr_source=merge_request["source_branch"].text_or(),
        mr_target=merge_request["target_branch"].text_or(),
    )


def _failed_jobs(builds: Payload, base: str) -> tuple[Ref, ...]:
    """The last attempt of each job that failed and was not allowed to, in order of their start."""
    latest: dict[tuple[str, str], Payload] = {}
    for build in sorted(builds, key=lambda one: one["id"].int_or()):
        latest[build["stage"].text_or(), build["name"].text_or()] = build
    return tuple(
        Ref(label=name, url=f"{base}/-/jobs/{build['id'].id()}" if base else "")
        for (_stage, name), build in latest.items()
        if build["status"].text_or() == "failed" and not build["allow_failure"].bool_or()
    )


def _fields(subject: Pipeline, actor: Person | None) -> Mapping[str, Value | None]:
    commit = subject.commit
    return {
        "pipeline": Ref(label=f"#{subject.id}", url=subject.url),
        "id": subject.id,
        "name": subject.name or None,
        "branch": None if subject.is_tag else subject.ref or None,
        "tag": subject.ref if subject.is_tag else None,
        "sha": subject.sha or None,
        "commit": git.commit_ref(subject.sha, commit.url if commit else "")
        if subject.sha
        else None,
        "title": commit.title if commit else None,
        "author": (commit.author if commit else None) or actor,
        "status": subject.status or None,
        "trigger": subject.trigger or None,
        "duration": subject.duration,
        "failed_jobs": subject.failed_jobs,
        "mr": subject.mr,
        "source": subject.mr_source or None,
        "target": subject.mr_target or None,
    }


def state_key(event: Event) -> str:
    """Where the branch's state is kept; empty for what does not count for a branch."""
    run: Pipeline = event.subject
    counts = (
        run.status in {"success", "failed"}
        and run.trigger not in {"merge_request", "parent"}
        and run.mr_iid is None
        and not run.is_tag
        and run.ref
        and event.project is not None
    )
    if not counts or event.project is None:
        return ""
    return f"pipeline:{event.instance}:{event.project.id}:{run.ref}"


def derive(event: Event, state: Json) -> Derived:
    """What the pipeline means for its branch. `state`: id, status, at, since of the last one."""
    run: Pipeline = event.subject
    at = run.finished_at.isoformat() if run.finished_at else ""
    if state and _is_late(run, at, state):
        return Derived(names=(), fields={}, state=state)
    before = state["status"] if state else "success"
    since = state["since"] if state and before == "failed" else at
    fields: dict[str, Value] = {"previous_status": before}
    if before == "failed" and (broken_for := _between(since, run.finished_at)) is not None:
        fields["broken_for"] = broken_for
    if run.status == "failed":
        name = "pipeline.still_failing" if before == "failed" else "pipeline.broken"
    else:
        name = "pipeline.fixed" if before == "failed" else ""
        since = ""
    return Derived(
        names=(name,) if name else (),
        fields=fields,
        state={"id": run.id, "status": run.status, "at": at, "since": since},
    )


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


SPEC = Spec(
    kind="pipeline",
    doc="CI pipelines (GitHub: workflow runs)",
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
    ),
    fields=declare(
        *("pipeline", "id", "name", "branch", "tag", "sha", "commit", "title", "author", "status"),
        *("trigger", "duration", "failed_jobs", "mr", "source", "target"),
        *("previous_status", "broken_for"),
        only={
            "previous_status": ("pipeline.failed", "pipeline.success"),
            "broken_for": ("pipeline.still_failing", "pipeline.fixed"),
        },
    ),
    gitlab=("pipeline",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("pipeline_events",),
    line=line,
    reply=reply,
    derive=derive,
    state_key=state_key,
)
