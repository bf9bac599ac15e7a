"""Reads GitLab's pushes to branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.events import git, gitlab
from bot.events.git import in_url
from bot.events.push.subject import Push, make

if TYPE_CHECKING:
    from bot.model import Event, Person
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    actor = gitlab.pusher(payload)
    subject = _read(payload, actor, project.url if project else "")
    return make(source, payload, subject, project=project, actor=actor)


def _read(payload: Payload, actor: Person | None, project_url: str) -> Push:
    before, after = payload["before"].text_or(), payload["after"].text_or()
    sent = payload["commits"]
    newest = git.newest(sent, lambda one: gitlab.commit(one, actor))
    total = git.number(payload["total_commits_count"])
    created, deleted = git.is_zero(before), git.is_zero(after)
    branch = payload["ref"].text().removeprefix("refs/heads/")
    base = f"{project_url}/-" if project_url else ""
    changed = base and before and not (created or deleted)
    compare = f"{base}/compare/{before}...{after}" if changed else ""
    known = next((one.url for one in newest if one.sha == after), "")
    return Push(
        branch=branch,
        before=before,
        after=after,
        newest=newest,
        sent=len(sent),
        total=max(total or 0, len(sent)),
        forced=_forced(before, after, total) if not (created or deleted) else False,
        created=created,
        deleted=deleted,
        compare_url=compare,
        commit_url=known or (f"{base}/commit/{after}" if base and not deleted else ""),
        url=compare or (f"{base}/tree/{in_url(branch)}" if base and not deleted else project_url),
    )


def _forced(before: str, after: str, total: int | None) -> bool | None:
    # GitLab sends no such flag. One case shows all the same: when the new head adds no commit to
    # the old one, it is one of the old one's ancestors, and the branch was wound back. A rewrite
    # that adds commits looks like any other push.
    return True if before and after and before != after and total == 0 else None
