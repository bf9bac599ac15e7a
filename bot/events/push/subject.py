"""A push, and the event made of it: the same for both forges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.events import git
from bot.events.vocabulary import make_event
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.model import Event, Person, Project, Value
    from bot.payload import Payload
    from bot.registry import Source

#: Branches that GitHub's merge queue makes, tests and deletes by itself.
_QUEUE: Final = "gh-readonly-queue/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    branch: str
    before: str
    after: str
    #: The newest, oldest first: as many as texts show.
    newest: tuple[git.Commit, ...]
    #: How many the forge sent; GitLab sends at most 20.
    sent: int
    #: The truth about how many there were.
    total: int
    #: None when the forge does not tell.
    forced: bool | None
    created: bool
    deleted: bool
    #: Of what changed; empty for branches that came or went.
    compare_url: str
    #: Of the branch's head; empty when it is gone.
    commit_url: str
    #: Of the push itself: what changed, else the branch, else the project.
    url: str


def make(
    source: Source,
    payload: Payload,
    subject: Push,
    *,
    project: Project | None,
    actor: Person | None,
) -> Event:
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
        late=_late(subject, payload["commits"]),
    )


def _about(subject: Push) -> tuple[tuple[str, str], ...]:
    branch = ("branch", subject.branch)
    if subject.deleted:
        return (branch,)
    commit = ("commit", subject.after)
    # The commit first: a message about commits must not become the thread of their branch, where
    # the story of a broken pipeline goes on. A branch without commits of its own is only itself.
    return (commit, branch) if subject.total else (branch, commit)


def _names(subject: Push) -> tuple[str, ...]:
    if subject.branch.startswith(_QUEUE):
        # A machine's own, several for each merge: whoever says `push` does not mean them.
        return ("push.queue",)
    if subject.deleted:
        return ("branch.deleted",)
    if not subject.created:
        return ("push",)
    return ("branch.created", "push") if subject.total else ("branch.created",)


def _fields(subject: Push, actor: Person | None) -> Mapping[str, Value | None]:
    head = subject.newest[-1] if subject.newest else None
    return {
        "branch": subject.branch,
        "author": (head.author if head else None) or actor,
        "commit_count": subject.total,
        "commit": head_of(subject),
        "sha": None if subject.deleted else subject.after or None,
        "forced": subject.forced,
    }


def _late(subject: Push, commits: Payload) -> Mapping[str, Callable[[], Value]]:
    found: dict[str, Callable[[], Value]] = {"commits": partial(git.refs, commits)}
    # Commits that were not sent may have touched anything.
    if subject.sent and subject.sent >= subject.total:
        found["paths"] = partial(git.touched, commits)
    return found


def head_of(subject: Push) -> Ref | None:
    if subject.deleted or not subject.after:
        return None
    return git.commit_ref(subject.after, subject.commit_url)
