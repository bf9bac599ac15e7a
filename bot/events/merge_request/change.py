"""A merge request, and what one event did to it: the same for both forges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, wording
from bot.events.vocabulary import head_key
from bot.model import Person, Ref, Value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.message import Text
    from bot.model import Event, Json

#: GitHub's mark before a number; GitLab's is `!`.
HASH: Final = "#"
#: What a reviewer says of the whole.
VERDICTS: Final = frozenset({"mr.approved", "mr.unapproved", "mr.changes_requested"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """As it is after the event; None and empty texts are what the body does not tell."""

    iid: int | None
    title: str
    url: str
    description: str
    source: str
    target: str
    state: str
    draft: bool
    #: Head commit.
    head: git.Commit | None
    author: Person | None
    labels: tuple[str, ...] | None
    assignees: tuple[Person, ...]
    reviewers: tuple[Person, ...]
    conflicts: bool | None
    threads_resolved: bool | None
    #: When it last changed: deliveries are not ordered.
    at: datetime | None = None
    #: How its forge writes its number: `!7`, `#7`.
    mark: str = "!"
    milestone: str = ""
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None
    commit_count: int | None = None
    #: What its author is to the project, in GitHub's words: `member`, `first_time_contributor`.
    association: str = ""
    #: Where each reviewer stands, by user name: `asked`, `commented`, `approved`, `changes`.
    verdicts: tuple[tuple[str, str], ...] = ()

    @property
    def noun(self) -> str:
        return "pull request" if self.mark == HASH else "merge request"

    @property
    def label(self) -> str:
        number = f"{self.mark}{self.iid}" if self.iid is not None else self.noun
        return wording.short(f"{number} {wording.without_draft(self.title)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody wrote with their verdict."""

    id: str
    #: None when the account is gone.
    author: Person | None
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one delivery did to a merge request."""

    mr: MergeRequest
    action: str
    #: GitLab did it by itself: approvals reset because of a push.
    system: bool = False
    #: `approvals_reset_on_push` and its like.
    system_action: str = ""
    pushed: bool = False
    #: Became a draft (True), stopped being one (False).
    drafted: bool | None = None
    retargeted_from: str = ""
    added_labels: tuple[str, ...] = ()
    removed_labels: tuple[str, ...] = ()
    added_reviewers: tuple[Person, ...] = ()
    added_assignees: tuple[Person, ...] = ()
    #: Reviewers who now ask for changes.
    objectors: tuple[Person, ...] = ()
    #: What was changed that no name tells, a clause for each thing: `removed label bug`.
    edits: tuple[Text, ...] = ()
    #: What was done that no name tells, around the merge request: `locked` … ` for good`.
    before: str = ""
    after: str = ""
    #: The review that brought a verdict; of a dismissed one, the one it takes back.
    review: Review | None = None
    #: The thread that was resolved or opened again: the id of its first comment.
    thread: str = ""


def fields_of(mr: MergeRequest) -> Mapping[str, Value | None]:
    """What a rule may ask of a merge request, whatever happened to it."""
    return {
        "mr": Ref(label=mr.label, url=mr.url),
        "iid": mr.iid,
        "title": mr.title or None,
        "description": mr.description,
        "branch": mr.target or None,
        "source": mr.source or None,
        "target": mr.target or None,
        "state": mr.state or None,
        "draft": mr.draft,
        "author": mr.author,
        "labels": mr.labels,
        "assignees": mr.assignees,
        "reviewers": mr.reviewers,
        "conflicts": mr.conflicts,
        "sha": mr.head.sha if mr.head else None,
        "commit": git.commit_ref(mr.head.sha, mr.head.url) if mr.head else None,
        "milestone": mr.milestone or None,
        "additions": mr.additions,
        "deletions": mr.deletions,
        "changed_files": mr.changed_files,
        "commit_count": mr.commit_count,
        "author_association": mr.association or None,
    }


def changed_fields(change: Change) -> Mapping[str, Value | None]:
    return {
        "added_labels": change.added_labels,
        "removed_labels": change.removed_labels,
        "added_reviewers": change.added_reviewers,
        "added_assignees": change.added_assignees,
        # On other events the body does not tell whether anything is still wanted.
        "approved": {"approved": True, "approval": False, "unapproved": False}.get(change.action),
        "comment.text": (change.review.text or None) if change.review else None,
    }


def remembers(event: Event) -> Mapping[str, Json]:
    """The merge request of its head commit, for pipelines and jobs that name only the commit."""
    change: Change = event.subject
    if change.mr.head is None or event.project is None:
        return {}
    key = head_key(event.instance, event.project.id, change.mr.head.sha)
    return {key: event.subjects[0]}
