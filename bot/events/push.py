"""Pushes to branches, and branches that came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.events import git, gitlab, wording
from bot.events.vocabulary import declare, fetched, make_event
from bot.message import Link, Message, text
from bot.model import Person, Ref, Value
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    branch: str
    before: str
    after: str
    #: The newest, oldest first; GitLab sends at most 20.
    commits: tuple[git.Commit, ...]
    #: The truth about how many there were.
    total: int
    #: None when the forge does not tell.
    forced: bool | None
    created: bool
    deleted: bool
    project_url: str

    @property
    def compare_url(self) -> str:
        if self.created or self.deleted or not self.project_url or not self.before:
            return ""
        return f"{self.project_url}/-/compare/{self.before}...{self.after}"

    @property
    def url(self) -> str:
        if self.deleted or not self.project_url:
            return self.project_url
        return self.compare_url or f"{self.project_url}/-/tree/{quote(self.branch)}"


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    actor = pusher(payload)
    subject = _read(payload, actor, project.url if project else "")
    return make_event(
        source,
        payload,
        kind="push",
        names=_names(subject),
        project=project,
        actor=actor,
        subject=subject,
        about=_about(subject),
        fields=_fields(subject, actor),
        url=subject.url,
    )


def pusher(payload: Payload) -> Person | None:
    """Who pushed; system hooks leave out the user name."""
    username, name = payload["user_username"].text_or(), payload["user_name"].text_or()
    if not username and not name:
        return None
    return Person(
        username=username, name=name, id=payload["user_id"].id(), bot=gitlab.is_bot(username)
    )


def _read(payload: Payload, actor: Person | None, project_url: str) -> Push:
    before, after = payload["before"].text_or(), payload["after"].text_or()
    commits = tuple(c for c in (gitlab.commit(one, actor) for one in payload["commits"]) if c)
    total = git.number(payload["total_commits_count"])
    created, deleted = git.is_zero(before), git.is_zero(after)
    return Push(
        branch=payload["ref"].text().removeprefix("refs/heads/"),
        before=before,
        after=after,
        commits=commits,
        total=len(commits) if total is None else max(total, len(commits)),
        forced=_forced(before, after, total) if not (created or deleted) else False,
        created=created,
        deleted=deleted,
        project_url=project_url,
    )


def _forced(before: str, after: str, total: int | None) -> bool | None:
    # GitLab sends no such flag. One case shows all the same: when the new head adds no commit to
    # the old one, it is one of the old one's ancestors, and the branch was wound back. A rewrite
    # that adds commits looks like any other push.
    return True if before and after and before != after and total == 0 else None


def _about(subject: Push) -> tuple[tuple[str, str], ...]:
    branch = ("branch", subject.branch)
    if subject.deleted:
        return (branch,)
    commit = ("commit", subject.after)
    # The commit first: a message about commits must not become the thread of their branch, where
    # the story of a broken pipeline goes on. A branch without commits of its own is only itself.
    return (commit, branch) if subject.total else (branch, commit)


def _names(subject: Push) -> tuple[str, ...]:
    if subject.deleted:
        return ("branch.deleted",)
    if not subject.created:
        return ("push",)
    return ("branch.created", "push") if subject.total else ("branch.created",)


def _fields(subject: Push, actor: Person | None) -> Mapping[str, Value | None]:
    shown = subject.commits
    # Commits that were not sent may have touched anything.
    complete = len(shown) >= subject.total and bool(shown)
    head = shown[-1] if shown else None
    return {
        "branch": subject.branch,
        "author": (head.author if head else None) or actor,
        "commits": tuple(Ref(label=one.title, url=one.url) for one in shown),
        "commit_count": subject.total,
        "commit": _head(subject),
        "sha": None if subject.deleted else subject.after or None,
        "paths": tuple(dict.fromkeys(p for one in shown for p in one.paths)) if complete else None,
        "forced": subject.forced,
    }


def _head(subject: Push) -> Ref | None:
    if subject.deleted or not subject.after:
        return None
    known = next((one.url for one in subject.commits if one.sha == subject.after), "")
    made = f"{subject.project_url}/-/commit/{subject.after}" if subject.project_url else ""
    return git.commit_ref(subject.after, known or made)


def line(event: Event) -> Message:
    subject: Push = event.subject
    where = wording.project(event, " of " if subject.deleted else " in ")
    head = text(wording.who(event.actor), " ", *_what(subject), *where)
    return Message(
        text=text(*head, *_compare(subject)),
        body=wording.commit_rows(subject.commits, subject.total, event.actor),
    )


def reply(event: Event) -> Text:
    subject: Push = event.subject
    return text(wording.who(event.actor), " ", *_what(subject), *_compare(subject))


def _what(subject: Push) -> Text:
    branch = wording.branch(subject.branch)
    if subject.deleted:
        return text("deleted branch ", branch)
    commits = wording.count(subject.total, "commit")
    if subject.created:
        return text("created branch ", branch, f" with {commits}" if subject.total else "")
    if subject.forced and not subject.total:
        return text("force-pushed ", branch, " back to ", *_short(subject))
    return text("force-pushed " if subject.forced else "pushed ", commits, " to ", branch)


def _short(subject: Push) -> Text:
    head = _head(subject)
    return text(wording.ref(head)) if head else ()


def _compare(subject: Push) -> Text:
    url = subject.compare_url
    return text(" (", Link("compare", url), ")") if url else ()


SPEC = Spec(
    kind="push",
    doc="commits pushed to a branch, and branches created and deleted",
    names=(
        EventName("push", "commits were pushed to a branch, new branches included"),
        EventName("branch.created", "a branch was created, with or without commits of its own"),
        EventName("branch.deleted", "a branch was deleted"),
    ),
    fields=fetched(
        declare(
            *("branch", "author", "commits", "commit_count", "commit", "sha", "paths", "forced"),
            only={"paths": ("push", "branch.created")},
        ),
        sometimes=("paths",),
    ),
    gitlab=("push",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("push_events",),
    line=line,
    reply=reply,
)
