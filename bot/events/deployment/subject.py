"""A deployment, and the event made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.events import git
from bot.events.vocabulary import make_event
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.model import Event, Person, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    id: str
    #: `created`, `pending`, `running`, `success`, `failed`, `canceled`, `blocked`, `approved`, …
    status: str
    environment: str
    #: Of the environment: what was deployed, running.
    site: str
    tier: str
    #: A branch, a tag, or a commit's id: the body does not tell which.
    ref: str
    #: Full where the body has it, else the first eight characters.
    sha: str
    commit_title: str
    commit_url: str
    #: Of GitHub its log, or the workflow's run.
    job: Ref | None
    approver: Person | None
    #: People and teams whose approval it waits for.
    asked: tuple[str, ...]
    #: What the approver, or the one who deploys, says of it.
    comment: str
    at: datetime | None
    #: Another event tells the same: GitHub's own word for the build of its Pages.
    twin: bool = False


def make(
    source: Source,
    payload: Payload,
    one: Deployment,
    *,
    project: Project | None,
    actor: Person | None,
    run: str = "",
) -> Event:
    """`run`: of the workflow that deploys. A review names it and the environment only."""
    full = one.sha if len(one.sha) >= 40 else ""
    event = make_event(
        source,
        payload,
        kind="deployment",
        names=("deployment.echoed",) if one.twin else _NAMES.get(one.status, ()),
        project=project,
        actor=actor,
        subject=one,
        about=(("deployment", one.id), ("pipeline", run), ("commit", full)),
        fields={
            "environment": one.environment or None,
            "tier": one.tier or None,
            "status": one.status,
            "branch": one.ref if one.ref and one.ref != one.sha else None,
            "sha": one.sha or None,
            "commit": git.commit_ref(one.sha, one.commit_url) if one.sha else None,
            "title": one.commit_title or None,
            "job": one.job,
            "message": one.comment or None,
        },
        url=(one.job.url if one.job else "") or one.commit_url,
        sha=full,
    )
    if not one.id and run and project:
        return replace(event, links=(run_key(event, run, one.environment), *event.links))
    return event


def run_key(event: Event, run: str, environment: str) -> str:
    """The state key that holds what a workflow's run deploys to an environment."""
    project_id = event.project.id if event.project else ""
    return f"head:{event.instance}:{project_id}:{run}@{environment}"


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "created": ("deployment.created",),
    "pending": ("deployment.pending",),
    "running": ("deployment.started",),
    "success": ("deployment.success",),
    "failed": ("deployment.failed",),
    "canceled": ("deployment.canceled",),
    "skipped": ("deployment.canceled",),
    "blocked": ("deployment.blocked",),
    "approved": ("deployment.approved",),
    "rejected": ("deployment.rejected",),
    "inactive": ("deployment.inactive",),
}
