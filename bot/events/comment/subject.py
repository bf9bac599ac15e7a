"""A comment, and its names: the same for both forges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Person, Ref, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    text: str
    #: `create`, `update` or `delete`; older versions of GitLab tell of new ones only.
    action: str
    #: Written by the forge itself.
    system: bool
    url: str
    #: Of a comment on a diff.
    file: str
    line: int | None
    #: `mr`, `issue`, `commit`, `snippet`, `design`, `wiki`, `epic`; else the forge's own word.
    on_type: str
    #: What it is on: `!7 Title`, `abc12345 Title`.
    on: Ref
    #: Key of what it is on: number, id or slug.
    on_ident: str
    #: Unique within the project, whatever kind of comment; empty when the body has none.
    id: str = ""
    #: Who wrote it, who need not be who edited or deleted it; None = the actor.
    author: Person | None = None
    #: The first one of a thread on a diff that can be resolved (GitHub).
    starts_thread: bool = False
    #: One of a thread of a merge request that can be resolved (GitLab).
    in_thread: bool = False

    @property
    def is_new(self) -> bool:
        return self.action == "create" and not self.system


def names_of(subject: Comment) -> tuple[str, ...]:
    if subject.system:
        return ()
    if subject.action == "update":
        return ("comment.edited",)
    if subject.action == "delete":
        return ("comment.deleted",)
    name = f"comment.{subject.on_type}"
    return (name, "comment") if name in ON else ("comment",)


#: What comments are told apart by.
ON: Final = frozenset(
    f"comment.{kind}"
    for kind in ("mr", "issue", "commit", "snippet", "design", "wiki", "epic", "discussion")
)


def fields_of(subject: Comment, sha: str) -> Mapping[str, Value | None]:
    found: dict[str, Value | None] = {
        "comment.text": subject.text,
        "comment.file": subject.file or None,
        "on_type": subject.on_type or None,
    }
    if sha:
        found |= {"sha": sha, "commit": git.commit_ref(sha, subject.on.url)}
    return found
