"""Reads GitHub's workflow runs, check suites and commit statuses as pipelines.

One run of GitHub Actions is told as a workflow run, a check suite, and its jobs as workflow jobs
and check runs. The first of each pair counts; see docs/adr/0013-one-story-per-commit.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.events import git, github
from bot.events.pipeline.subject import Pipeline, make
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from bot.model import Event, Person, Project
    from bot.payload import Payload
    from bot.registry import Source

#: The app behind workflows.
ACTIONS: Final = "github-actions"


def from_github(source: Source, payload: Payload) -> Event | None:
    project = github.project(payload)
    actor = github.actor(payload)
    if source.event == "workflow_run":
        actor = github.person(payload["workflow_run"]["triggering_actor"]) or actor
    run = _READERS[source.event](payload, project, actor)
    return make(source, payload, run, project=project, actor=actor)


def status_of(place: Payload, action: Payload | None = None) -> str:
    """Of a workflow run, a job, a check or a suite of them, in GitLab's words. `action`: of checks,
    which somebody may ask to run again: the body still tells how they ended the last time."""
    if action is not None and action.text_or() == "rerequested":
        return "pending"
    conclusion = place["conclusion"].text_or()
    if conclusion:
        return _CONCLUSIONS.get(conclusion, conclusion)
    return _STATUSES.get(place["status"].text_or(), "pending")


_CONCLUSIONS: Final[Mapping[str, str]] = {
    "success": "success",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "cancelled": "canceled",
    # GitHub gave up on it: it says nothing about the commit.
    "stale": "canceled",
    "skipped": "skipped",
    "neutral": "skipped",
    "action_required": "manual",
}
_STATUSES: Final[Mapping[str, str]] = {
    "requested": "created",
    "queued": "pending",
    "pending": "pending",
    "in_progress": "running",
    "waiting": "manual",
}


def reason_of(place: Payload) -> str:
    """Why it failed, when the conclusion says more than that."""
    conclusion = place["conclusion"].text_or()
    return conclusion if conclusion in {"timed_out", "startup_failure"} else ""


def merge_request(places: Payload, project: Project | None) -> tuple[int | None, str, str]:
    """Number, source and target of the project's pull request; a fork's runs name none, and a run
    in a fork may name one of the project it comes from."""
    for one in places:
        home = one["base"]["repo"]["id"].id()
        number = git.number(one["number"])
        if number is not None and (not home or project is None or home == project.id):
            return number, one["head"]["ref"].text_or(), one["base"]["ref"].text_or()
    return None, "", ""


def _common(
    places: Payload, project: Project | None, *, sha: str, merge_requests: bool
) -> dict[str, Any]:
    """What all of them have, for Pipeline. `merge_requests`: it runs for them, not for a push."""
    iid, head, target = merge_request(places, project)
    base = project.url if project else ""
    shown = iid is not None and merge_requests
    return {
        "is_tag": False,
        "sha": sha,
        "warnings": False,
        "twin": False,
        "merged": False,
        "failed": (),
        "mr": Ref(label=f"#{iid}", url=f"{base}/pull/{iid}" if base else "") if shown else None,
        "mr_iid": iid,
        "mr_source": head if shown else "",
        "mr_target": target if shown else "",
    }


def commit_url(project: Project | None, sha: str) -> str:
    return f"{project.url}/commit/{sha}" if project and project.url and sha else ""


def _head_commit(
    place: Payload, actor: Person | None, project: Project | None
) -> git.Commit | None:
    found = github.commit(place, actor)
    if found is None or found.url:
        return found
    return git.Commit(
        sha=found.sha,
        title=found.title,
        url=commit_url(project, found.sha),
        author=found.author,
    )


_TRIGGERS: Final[Mapping[str, str]] = {
    "pull_request": "merge_request",
    "pull_request_target": "merge_request",
    "workflow_dispatch": "web",
    "repository_dispatch": "api",
}


def _run(payload: Payload, project: Project | None, actor: Person | None) -> Pipeline:
    run = payload["workflow_run"]
    number = run["id"].as_(int)
    name = payload["workflow"]["name"].text_or() or run["name"].text_or() or "workflow"
    event, sha = run["event"].text_or(), run["head_sha"].text_or()
    trigger, status = _TRIGGERS.get(event, event), status_of(run)
    foreign = _is_foreign(run, project)
    ref = _ref(run, foreign=foreign)
    for_mrs = trigger in {"merge_request", "merge_group"}
    common = _common(run["pull_requests"], project, sha=sha, merge_requests=for_mrs)
    ended = run["updated_at"].time() if status in _ENDS else None
    return Pipeline(
        **{**common, "is_tag": event == "release"},
        id=number,
        ident=f"{number}",
        label=f"{name} #{run['run_number'].id()}" if run["run_number"].id() else name,
        name=name,
        series=run["workflow_id"].id() or payload["workflow"]["id"].id() or name,
        attempt=run["run_attempt"].int_or(1),
        ref=ref,
        foreign=foreign,
        status=status,
        reason=reason_of(run),
        trigger=trigger,
        counts=bool(ref) and not foreign and not for_mrs and event != "release",
        url=run["html_url"].text_or(),
        duration=_took(run["run_started_at"], run["updated_at"]) if ended else None,
        finished_at=ended,
        commit=_head_commit(run["head_commit"], actor, project),
    )


_ENDS: Final = frozenset({"success", "failed", "canceled", "skipped"})


def _is_foreign(run: Payload, project: Project | None) -> bool:
    home = run["head_repository"]["id"].id()
    # The repository of a fork that was deleted since is null.
    gone = run["event"].text_or().startswith("pull_request") and not home
    return gone or bool(home and project and home != project.id)


def _ref(run: Payload, *, foreign: bool) -> str:
    """`dave:main` of a fork, as GitHub writes it."""
    name = run["head_branch"].text_or()
    if not foreign or not name:
        return name
    owner = run["head_repository"]["owner"]["login"].text_or()
    owner = owner or run["head_repository"]["full_name"].text_or().partition("/")[0]
    return f"{owner}:{name}" if owner else ""


def _took(start: Payload, end: Payload) -> timedelta | None:
    began, ended = start.time(), end.time()
    return ended - began if began and ended and ended >= began else None


def _suite(payload: Payload, project: Project | None, actor: Person | None) -> Pipeline:
    suite = payload["check_suite"]
    app, sha = suite["app"], suite["head_sha"].text_or()
    number = suite["id"].as_(int)
    twin = app["slug"].text_or() == ACTIONS
    name, ref = app["name"].text_or() or "checks", suite["head_branch"].text_or()
    status, page = status_of(suite, payload["action"]), commit_url(project, sha)
    ended = suite["updated_at"].time() if status in _ENDS else None
    common = _common(suite["pull_requests"], project, sha=sha, merge_requests=False)
    return Pipeline(
        **{**common, "twin": twin},
        id=number,
        ident=f"suite-{number}",
        label=name,
        name=name,
        series=f"app-{app['id'].id() or name}",
        attempt=1,
        ref=ref,
        # Of a fork's commit there is no branch.
        foreign=not ref,
        status=status,
        reason=reason_of(suite),
        trigger="",
        counts=bool(ref) and not twin,
        url=f"{page}/checks?check_suite_id={number}" if page else "",
        duration=_took(suite["created_at"], suite["updated_at"]) if ended else None,
        finished_at=ended,
        commit=_head_commit(suite["head_commit"], actor, project),
    )


def _status(payload: Payload, project: Project | None, actor: Person | None) -> Pipeline:
    number, sha = payload["id"].as_(int), payload["sha"].text_or()
    context = payload["context"].text_or() or "default"
    status = _STATES.get(payload["state"].text_or(), "pending")
    ref = _branch_at(payload["branches"], sha, project.default_branch if project else "")
    at = payload["updated_at"].time() or payload["created_at"].time()
    return Pipeline(
        **_common(payload["pull_requests"], project, sha=sha, merge_requests=False),
        id=number,
        # Each report has a number of its own, and all are about the same thing.
        ident=f"{context}@{sha}",
        label=context,
        name=context,
        series=f"status-{context}",
        attempt=1,
        ref=ref,
        foreign=not ref,
        status=status,
        reason=git.first_line(payload["description"].text_or()) if status == "failed" else "",
        trigger="",
        counts=bool(ref),
        url=payload["target_url"].text_or() or commit_url(project, sha),
        duration=None,
        finished_at=at if status in _ENDS else None,
        commit=_status_commit(payload["commit"], actor),
    )


_STATES: Final[Mapping[str, str]] = {
    "pending": "running",
    "success": "success",
    "failure": "failed",
    "error": "failed",
}


def _branch_at(branches: Payload, sha: str, default: str) -> str:
    """The branch whose head the commit is; the list names every branch that contains it."""
    heads = [one["name"].text_or() for one in branches if one["commit"]["sha"].text_or() == sha]
    return default if default in heads else next((name for name in heads if name), "")


def _status_commit(place: Payload, actor: Person | None) -> git.Commit | None:
    sha = place["sha"].text_or()
    if not sha:
        return None
    inner = place["commit"]
    author = github.person(place["author"]) or github.commit_author(inner["author"], actor)
    return git.Commit(
        sha=sha,
        title=git.first_line(inner["message"].text_or()),
        url=place["html_url"].text_or(),
        author=author,
    )


_READERS: Final = {"workflow_run": _run, "check_suite": _suite, "status": _status}
