"""Reads GitLab's deployment hooks, and what GitHub tells of deployments in six events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.events import git, github, gitlab
from bot.events.deployment.subject import Deployment, make
from bot.events.pipeline.github import commit_url
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Event, Project
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    url = payload["commit_url"].text_or()
    full = re.search(r"/commits?/([0-9a-f]{40,64})$", url)
    job_url, job = payload["deployable_url"].text_or(), payload["deployable_id"].id()
    approval = payload["approval"]
    one = Deployment(
        id=payload["deployment_id"].id(),
        status=payload["status"].text(),
        environment=payload["environment"].text_or(),
        site=payload["environment_external_url"].text_or(),
        tier=payload["environment_tier"].text_or(),
        ref=payload["ref"].text_or(),
        sha=full[1] if full else payload["short_sha"].text_or(),
        commit_title=git.first_line(payload["commit_title"].text_or()),
        commit_url=url,
        job=Ref(label=f"#{job}", url=job_url) if job else None,
        approver=gitlab.person(payload["approver"]) or gitlab.person(approval["user"]),
        asked=(),
        comment=approval["comment"].text_or(),
        at=payload["status_changed_at"].time(),
    )
    actor = gitlab.person(payload["user"])
    return make(source, payload, one, project=gitlab.project(payload), actor=actor)


def from_github(source: Source, payload: Payload) -> Event | None:
    project, actor = github.project(payload), github.actor(payload)
    one = _READERS[source.event](payload, project)
    run = payload["workflow_run"]["id"].id()
    return make(source, payload, one, project=project, actor=actor, run=run)


def _of(payload: Payload, project: Project | None, status: Payload) -> Deployment:
    """`status`: of the deployment, empty of the deployment's own event."""
    place, run = payload["deployment"], payload["workflow_run"]
    sha, state = place["sha"].text_or(), status["state"].text_or()
    log = status["log_url"].text_or() or status["target_url"].text_or() or run["html_url"].text_or()
    head = run["head_commit"]
    return Deployment(
        id=place["id"].id(),
        status=_STATES.get(state, "pending") if state else "created",
        environment=status["environment"].text_or() or place["environment"].text_or(),
        site=status["environment_url"].text_or(),
        tier="production" if place["production_environment"].bool_or() else "",
        ref=place["ref"].text_or(),
        sha=sha,
        commit_title=git.first_line(head["message"].text_or()) if head["id"].id() == sha else "",
        commit_url=commit_url(project, sha),
        job=Ref(label=run["name"].text_or() or "log", url=log) if log else None,
        approver=None,
        asked=(),
        comment=status["description"].text_or() or place["description"].text_or(),
        at=(status if state else place)["created_at"].time(),
    )


_STATES: Final[Mapping[str, str]] = {
    "queued": "pending",
    "pending": "pending",
    "waiting": "pending",
    "in_progress": "running",
    "success": "success",
    "failure": "failed",
    "error": "failed",
    # Another deployment took its place.
    "inactive": "inactive",
}


def _created(payload: Payload, project: Project | None) -> Deployment:
    return _of(payload, project, payload["deployment"]["none"])


def _status(payload: Payload, project: Project | None) -> Deployment:
    return _of(payload, project, payload["deployment_status"])


def _review(payload: Payload, project: Project | None) -> Deployment:
    """Has no deployment: the workflow's run and the environment tell which one it is."""
    run, job = payload["workflow_run"], payload["workflow_job_run"]
    jobs = [one["environment"].text_or() for one in (job, *payload["workflow_job_runs"])]
    status = _REVIEWS.get(payload["action"].text_or(), "blocked")
    sha = run["head_sha"].text_or()
    page = job["html_url"].text_or() or run["html_url"].text_or()
    return Deployment(
        id="",
        status=status,
        environment=payload["environment"].text_or() or next(filter(None, jobs), ""),
        site="",
        tier="",
        ref=run["head_branch"].text_or(),
        sha=sha,
        commit_title=git.first_line(run["head_commit"]["message"].text_or()),
        commit_url=commit_url(project, sha),
        job=Ref(label=run["name"].text_or() or "workflow", url=page),
        approver=github.person(payload["approver"]),
        asked=_asked(payload["reviewers"]) if status == "blocked" else (),
        comment=payload["comment"].text_or(),
        at=payload["since"].time() if status == "blocked" else None,
    )


_REVIEWS: Final[Mapping[str, str]] = {"approved": "approved", "rejected": "rejected"}


def _asked(reviewers: Payload) -> tuple[str, ...]:
    names = [
        one["reviewer"]["login"].text_or() or one["reviewer"]["name"].text_or() for one in reviewers
    ]
    return tuple(name for name in names if name)


def _rule(payload: Payload, project: Project | None) -> Deployment:
    """An app is asked whether it may go on; `deployment` can be null."""
    place = payload["deployment"]
    sha = place["sha"].text_or() or payload["sha"].text_or()
    return Deployment(
        id=place["id"].id(),
        status="blocked",
        environment=payload["environment"].text_or() or place["environment"].text_or(),
        site="",
        tier="production" if place["production_environment"].bool_or() else "",
        ref=place["ref"].text_or() or payload["ref"].text_or().removeprefix("refs/heads/"),
        sha=sha,
        commit_title="",
        commit_url=commit_url(project, sha),
        job=None,
        approver=None,
        asked=(),
        comment="",
        at=place["updated_at"].time(),
    )


def _pages(payload: Payload, project: Project | None) -> Deployment:
    build = payload["build"]
    sha = build["commit"].text_or()
    return Deployment(
        id=f"pages-{payload['id'].id()}",
        status=_BUILDS.get(build["status"].text_or(), "pending"),
        environment="github-pages",
        site="",
        tier="",
        ref="",
        sha=sha,
        commit_title="",
        commit_url=commit_url(project, sha),
        job=None,
        approver=None,
        asked=(),
        comment=build["error"]["message"].text_or(),
        at=build["updated_at"].time(),
        twin=True,
    )


_BUILDS: Final[Mapping[str, str]] = {
    "building": "running",
    "built": "success",
    "errored": "failed",
}
_READERS: Final = {
    "deployment": _created,
    "deployment_status": _status,
    "deployment_review": _review,
    "deployment_protection_rule": _rule,
    "page_build": _pages,
}
