"""What a merge request's card shows and an event does not tell: its forge is asked for it, when the
event may have changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events.merge_request.change import HASH, VERDICTS

if TYPE_CHECKING:
    from bot.events.comment.subject import Comment
    from bot.events.merge_request.change import Change
    from bot.model import Event

_APPROVALS: Final = ("approvals", "approvals_required")
#: Its card may be new, or its target, and with it how many approvals are wanted.
_MADE_NEW: Final = frozenset(
    {"mr.opened", "mr.reopened", "mr.ready", "mr.labeled", "mr.retargeted", "mr.pushed"}
)
_LINES: Final = ("additions", "deletions")
#: Files whose difference a forge tells in one answer; lines of more are not counted for a card.
_FEW_FILES: Final = 100


def wishes(event: Event) -> tuple[str, ...]:
    """How many approved, how many are wanted, its open threads and its size."""
    change: Change = event.subject
    said = set(event.names)
    threads = ("open_threads",) if _may_have_threads(change, said) else ()
    if said & _MADE_NEW or change.pushed:
        return (*_APPROVALS, *threads, "changed_files", *_lines(event), "author")
    return (*_APPROVALS, *threads) if said & VERDICTS or change.system else threads


def _may_have_threads(change: Change, said: set[str]) -> bool:
    """Of GitLab's, which says that none is open also where the project does not ask for that."""
    if change.mr.mark == HASH:
        return False
    # A push may resolve threads, and a review that begins some is sent with its verdict.
    return change.mr.threads_resolved is False or change.pushed or bool(said & VERDICTS)


def _lines(event: Event) -> tuple[str, ...]:
    """Asked once it is known that there are few files: what stays known of a head is asked once."""
    files = event.fields.get("changed_files")
    return _LINES if isinstance(files, int) and files <= _FEW_FILES else ()


def of_comment(event: Event) -> tuple[str, ...]:
    """Its threads. An internal note must not show, not even as a number."""
    note: Comment = event.subject
    return ("open_threads",) if note.in_thread and not event.confidential else ()
