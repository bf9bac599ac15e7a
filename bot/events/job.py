"""CI jobs; GitLab calls them builds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, github, gitlab, wording
from bot.events.pipeline.github import (
    ACTIONS,
    commit_url,
    merge_request,
    reason_of,
    status_of,
)
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person, Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from bot.message import Text
    from bot.model import Event, Project, Value
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: int
    name: str
    stage: str
    #: As GitLab says it: `running`, `success`, `failed`, …
    status: str
    reason: str
    ref: str
    is_tag: bool
    sha: str
    url: str
    duration: timedelta | None
    pipeline: str
    pipeline_url: str
    environment: str
    #: Of the commit, else who started it.
    author: Person | None
    #: The merge request that its check names.
    mr_iid: int | None = None
    attempt: int = 1
    #: Another event tells the same: GitHub's check runs of its own Actions.
    twin: bool = False


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    subject = _read(payload, project, actor)
    sha = subject.sha
    page = f"{project.url}/-/commit/{sha}" if project and project.url and sha else ""
    return _event(source, payload, subject, project=project, actor=actor, commit_page=page)


def from_github(source: Source, payload: Payload) -> Event | None:
    project, actor = github.project(payload), github.actor(payload)
    read = _workflow_job if source.event == "workflow_job" else _check_run
    subject = read(payload, project, actor)
    page = commit_url(project, subject.sha)
    return _event(source, payload, subject, project=project, actor=actor, commit_page=page)


def _event(
    source: Source,
    payload: Payload,
    subject: Job,
    *,
    project: Project | None,
    actor: Person | None,
    commit_page: str,
) -> Event:
    return make_event(
        source,
        payload,
        kind="job",
        names=("job.echoed",) if subject.twin else _NAMES.get(subject.status, ()),
        project=project,
        actor=actor,
        subject=subject,
        about=(
            ("job", f"{subject.id}"),
            ("pipeline", subject.pipeline),
            ("mr", "" if subject.mr_iid is None else f"{subject.mr_iid}"),
            ("commit", subject.sha),
            ("tag" if subject.is_tag else "branch", subject.ref),
        ),
        fields=_fields(subject, commit_page),
        url=subject.url,
        sha=subject.sha,
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "created": ("job.created",),
    "waiting_for_resource": ("job.pending",),
    "preparing": ("job.pending",),
    "pending": ("job.pending",),
    "scheduled": ("job.pending",),
    "running": ("job.started",),
    "success": ("job.success",),
    "failed": ("job.failed",),
    "canceled": ("job.canceled",),
    "skipped": ("job.skipped",),
    "manual": ("job.manual",),
}


def _read(payload: Payload, project: Project | None, actor: Person | None) -> Job:
    number = payload["build_id"].as_(int)
    base = project.url if project else ""
    # The `commit` of a job is its pipeline: its `id` is the pipeline's, its `sha` the commit's.
    commit = payload["commit"]
    pipeline = payload["pipeline_id"].id() or commit["id"].id()
    status = payload["build_status"].text_or()
    author = commit["author_name"].text_or()
    return Job(
        id=number,
        name=payload["build_name"].text_or(),
        stage=payload["build_stage"].text_or(),
        status=status,
        # GitLab sends `unknown_failure` with jobs that did not fail as well.
        reason=payload["build_failure_reason"].text_or() if status == "failed" else "",
        ref=payload["ref"].text_or(),
        is_tag=payload["tag"].bool_or(),
        sha=payload["sha"].text_or(),
        url=f"{base}/-/jobs/{number}" if base else "",
        duration=git.duration(payload["build_duration"].value),
        pipeline=pipeline,
        pipeline_url=f"{base}/-/pipelines/{pipeline}" if base and pipeline else "",
        environment=payload["environment"]["name"].text_or(),
        author=actor
        if not author or (actor and actor.name == author)
        else Person(username="", name=author),
    )


def _workflow_job(payload: Payload, project: Project | None, actor: Person | None) -> Job:
    job = payload["workflow_job"]
    run = job["run_id"].id()
    status = status_of(job)
    return Job(
        id=job["id"].as_(int),
        name=job["name"].text_or(),
        stage=job["workflow_name"].text_or(),
        status=status,
        reason=reason_of(job) or _failed_step(job["steps"]) if status == "failed" else "",
        ref=job["head_branch"].text_or(),
        is_tag=False,
        sha=job["head_sha"].text_or(),
        url=job["html_url"].text_or(),
        duration=_took(job),
        pipeline=run,
        pipeline_url=f"{project.url}/actions/runs/{run}" if project and project.url and run else "",
        environment=payload["deployment"]["environment"].text_or(),
        author=actor,
        attempt=job["run_attempt"].int_or(1),
    )


def _failed_step(steps: Payload) -> str:
    """The name of the first step that failed."""
    failed = [one["name"].text_or() for one in steps if one["conclusion"].text_or() == "failure"]
    return failed[0] if failed else ""


def _took(job: Payload) -> timedelta | None:
    began, ended = job["started_at"].time(), job["completed_at"].time()
    return ended - began if began and ended and ended >= began else None


def _check_run(payload: Payload, project: Project | None, actor: Person | None) -> Job:
    check = payload["check_run"]
    suite, app = check["check_suite"], check["app"]
    number = suite["id"].id()
    status = status_of(check, payload["action"])
    return Job(
        id=check["id"].as_(int),
        name=check["name"].text_or(),
        stage=app["name"].text_or(),
        status=status,
        # What the app says of the end, on one line: `3 findings`.
        reason=reason_of(check) or git.first_line(check["output"]["title"].text_or())
        if status == "failed"
        else "",
        ref=suite["head_branch"].text_or(),
        is_tag=False,
        sha=check["head_sha"].text_or(),
        url=check["html_url"].text_or() or check["details_url"].text_or(),
        duration=_took(check),
        pipeline=f"suite-{number}" if number else "",
        pipeline_url="",
        environment=payload["deployment"]["environment"].text_or(),
        author=actor,
        mr_iid=merge_request(check["pull_requests"], project)[0],
        twin=app["slug"].text_or() == ACTIONS,
    )


def _fields(subject: Job, commit_page: str) -> Mapping[str, Value | None]:
    sha = subject.sha
    return {
        "job": Ref(label=subject.name, url=subject.url),
        "id": subject.id,
        "name": subject.name or None,
        "stage": subject.stage or None,
        "status": subject.status or None,
        "reason": subject.reason or None,
        "branch": None if subject.is_tag else subject.ref or None,
        "tag": subject.ref if subject.is_tag else None,
        "sha": sha or None,
        "commit": git.commit_ref(sha, commit_page) if sha else None,
        "author": subject.author,
        "duration": subject.duration,
        "environment": subject.environment or None,
        "pipeline": Ref(label=f"#{subject.pipeline}", url=subject.pipeline_url)
        if subject.pipeline
        else None,
    }


#: Glyph, what it did, colour.
_SAID: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "success": ("✅", "passed", "good"),
    "failed": ("❌", "failed", "danger"),
    "running": ("🏃", "is running", None),
    "canceled": ("⏹️", "was canceled", None),
    "canceling": ("⏹️", "is being canceled", None),
    "skipped": ("⏭️", "was skipped", None),
    "manual": ("✋", "waits for a person", None),
    "created": ("⏳", "was created", None),
}
_WAITS: Final = ("⏳", "is waiting", None)


def line(event: Event) -> Message:
    subject: Job = event.subject
    where = text(" on ", wording.branch(subject.ref)) if subject.ref else ()
    place = wording.project(event, " of " if subject.ref else " in ")
    took = subject.duration if subject.status in {"success", "failed"} else None
    after = f" after {wording.span_of_time(took)}" if took else ""
    by = f"started by {wording.who(event.actor)}" if event.actor else ""
    return Message(
        text=text(*_head(subject), *where, *place, after, _why(subject)),
        context=(text(by),) if by else (),
        color=_SAID.get(subject.status, _WAITS)[2],
    )


def reply(event: Event) -> Text:
    subject: Job = event.subject
    return text(*_head(subject), _why(subject))


def _head(subject: Job) -> Text:
    glyph, said, _color = _SAID.get(subject.status, _WAITS)
    known = subject.stage.casefold() in {"", subject.name.casefold()}
    stage = "" if known else f" ({wording.short(subject.stage, 60)})"
    return text(f"{glyph} job ", wording.linked(subject.name, subject.url), f"{stage} {said}")


def _why(subject: Job) -> str:
    return f": {wording.short(subject.reason.replace('_', ' '))}" if subject.reason else ""


SPEC = Spec(
    kind="job",
    doc="single jobs of a pipeline (GitHub: workflow jobs, check runs of other apps)",
    outcome=True,
    names=(
        EventName("job.started", "it runs"),
        EventName("job.failed", "it failed"),
        EventName("job.success", "it passed"),
        EventName("job.canceled", "somebody canceled it"),
        EventName("job.created", "it was made and does not run yet", bare=False),
        EventName("job.pending", "it waits for a runner or for its time", bare=False),
        EventName("job.manual", "it waits for a person", bare=False),
        EventName("job.skipped", "it was skipped", bare=False),
        EventName(
            "job.echoed",
            "a check run of GitHub Actions, whose workflow job tells the same",
            bare=False,
        ),
    ),
    fields=declare(
        *("job", "id", "name", "stage", "status", "reason", "branch", "tag", "sha", "commit"),
        *("author", "duration", "environment", "pipeline"),
    ),
    gitlab=("build",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("job_events",),
    github=("workflow_job", "check_run"),
    from_github=from_github,
    line=line,
    reply=reply,
)
