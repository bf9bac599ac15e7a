"""Forgetting what ended long ago, in steps so small that nothing waits for them.

What is old is looked for by readers, who hold up nobody, and found by halving where rows stand in
the order of their times; only the deletion of a few rows, checked once more, is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
)

from bot.store.schema import (
    OWN_DECISIONS,
    decisions,
    deliveries,
    held,
    jobs,
    memory,
    open_subjects,
    outbox,
    preview_messages,
    threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

#: Rows looked for at a time, and at most deleted in one transaction.
FIND: Final = 20_000
STEP: Final = 200
#: State that is of use for a while only: what tells duplicates, heads of merge requests, what the
#: API said, what the bot did at a forge, a commit's pipelines, and how they show on a message; what
#: people said, and which reply tells it.
_PASSING: Final = (
    *("seen", "head", "fetched", "acting", "made", "sum", "reacted", "broke"),
    *("talk", "said", "note", "threads"),
)
_OPEN: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])


def last_before(conn: Connection, seq: Column[int], at: Column[Any], moment: datetime) -> int:
    """The last `seq` of a row from before then, found by halving, because rows stand in the order
    of their times; 0 when there is none."""
    low = 0
    high = conn.execute(select(func.max(seq))).scalar() or 0
    while low < high:
        middle = (low + high + 1) // 2
        query = select(seq, at).where(seq <= middle).order_by(seq.desc()).limit(1)
        row = conn.execute(query).one_or_none()
        if row is None or row[1] < moment:
            low = middle
        else:
            high = row[0] - 1
    return low


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Rows of one table that are forgotten by the same test."""

    table: Table
    key: Column[Any]
    #: Whether a row ended before then.
    old: Callable[[datetime], ColumnElement[bool]]
    #: By what the rows stand in order of time, if they do.
    at: Column[Any] | None = None

    def find(self, conn: Connection, *, before: datetime) -> Sequence[Any]:
        """Keys of what may be forgotten, at most FIND."""
        query = select(self.key).where(self.old(before)).limit(FIND)
        if self.at is not None:
            upto = last_before(conn, self.key, self.at, before)
            query = query.where(self.key <= upto).order_by(self.key)
        return conn.execute(query).scalars().all()

    def forget(self, conn: Connection, *, keys: Sequence[Any], before: datetime) -> int:
        """How many of them were still old, and are gone."""
        if self.table is deliveries:
            ids = select(deliveries.c.id).where(self.key.in_(keys), self.old(before))
            conn.execute(delete(decisions).where(decisions.c.delivery.in_(ids)))
        gone = delete(self.table).where(self.key.in_(keys), self.old(before))
        return conn.execute(gone).rowcount


def _deliveries(before: datetime) -> ColumnElement[bool]:
    needed = exists().where(
        outbox.c.delivery == deliveries.c.id, outbox.c.state.in_(["todo", "sending", "dead"])
    )
    return and_(deliveries.c.received_at < before, deliveries.c.status != "new", ~needed)


def _threads(before: datetime) -> ColumnElement[bool]:
    return and_(threads.c.at < before, ~exists().where(outbox.c.root == threads.c.root, _OPEN))


def _due(before: datetime) -> ColumnElement[bool]:
    """Decisions about what fell due by itself: they have no delivery of their own."""
    # In the very words of its index.
    own = text(f"({OWN_DECISIONS})")
    return and_(own, decisions.c.decided_at < before)


#: What waits stays, what is dead, and the threads that waiting actions hang on.
KINDS: Final = (
    Kind(
        table=outbox,
        key=outbox.c.seq,
        at=outbox.c.created_at,
        old=lambda before: and_(
            outbox.c.updated_at < before,
            outbox.c.state.in_(["done", "dropped", "merged", "folded"]),
        ),
    ),
    Kind(table=deliveries, key=deliveries.c.seq, at=deliveries.c.received_at, old=_deliveries),
    Kind(table=decisions, key=decisions.c.delivery, old=_due),
    Kind(
        table=held,
        key=held.c.seq,
        at=held.c.at,
        old=lambda before: and_(held.c.at < before, held.c.released_in.is_not(None)),
    ),
    Kind(table=threads, key=threads.c.root, old=_threads),
    Kind(
        table=jobs,
        key=jobs.c.seq,
        old=lambda before: and_(jobs.c.finished_at < before, jobs.c.state.in_(["done", "failed"])),
    ),
    Kind(
        table=memory,
        key=memory.c.key,
        old=lambda before: and_(
            memory.c.updated_at < before,
            or_(*(memory.c.key.startswith(f"{kind}:") for kind in _PASSING)),
        ),
    ),
    Kind(
        table=open_subjects,
        key=open_subjects.c.subject,
        old=lambda before: open_subjects.c.closed_at < before,
    ),
    Kind(
        table=preview_messages,
        key=preview_messages.c.seq,
        old=lambda before: preview_messages.c.posted_at < before,
    ),
)
