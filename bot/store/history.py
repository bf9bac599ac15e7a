"""Small things beside the tables: notes of processes, what waits, and forgetting what is old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal_column, or_, select

from bot.store import lanes
from bot.store.engine import insert
from bot.store.schema import (
    decisions,
    deliveries,
    held,
    jobs,
    memory,
    meta,
    outbox,
    preview_messages,
    threads,
)
from bot.waiting import Backlog

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from bot.model import Json

#: Rows forgotten in one transaction: short, because deliveries wait meanwhile.
_BATCH: Final = 500
_NEW: Final = deliveries.c.status == literal_column("'new'")
_JOBS: Final = jobs.c.state.in_([literal_column("'todo'"), literal_column("'running'")])
#: State that is of use for a while only: what tells duplicates, heads of merge requests, what the
#: API said, what the bot did at a forge, a commit's pipelines, and how they show on a message.
_PASSING: Final = ("seen", "head", "fetched", "acting", "made", "sum", "reacted")
_OPEN: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])


def set_meta(conn: Connection, key: str, value: Json) -> None:
    added = insert(conn.dialect, meta).values(key=key, value=value)
    fresh = {"value": added.excluded.value}
    conn.execute(added.on_conflict_do_update(index_elements=[meta.c.key], set_=fresh))


def get_meta(conn: Connection, key: str) -> Json:
    return conn.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def backlog(conn: Connection) -> Backlog:
    waiting, since = conn.execute(
        select(func.count(), func.min(deliveries.c.received_at)).where(_NEW)
    ).one()
    unsent, unsent_since = conn.execute(
        select(func.count(), func.min(outbox.c.tried_since)).where(_OPEN)
    ).one()
    dead = select(func.count()).where(outbox.c.state == literal_column("'dead'"))
    return Backlog(
        deliveries=waiting,
        deliveries_since=since,
        outbox=unsent,
        outbox_since=unsent_since,
        dead=conn.execute(dead).scalar_one(),
        jobs=conn.execute(select(func.count()).where(_JOBS)).scalar_one(),
    )


def prune(conn: Connection, *, before: datetime) -> int:
    """Forgets some of what ended before then; 0 when nothing is left to forget.

    Kept: what waits, what is dead, and the threads that waiting actions hang on.
    """
    gone = 0
    for table, key, old in _old(before):
        ids = conn.execute(select(key).where(old).limit(_BATCH)).scalars().all()
        if ids:
            gone += conn.execute(delete(table).where(key.in_(ids))).rowcount
    return gone + lanes.forget_idle(conn, before=before)


def _old(
    before: datetime,
) -> tuple[tuple[Table, ColumnElement[object], ColumnElement[bool]], ...]:
    kept = exists().where(
        outbox.c.delivery == deliveries.c.id, outbox.c.state.in_(["todo", "sending", "dead"])
    )
    hanging = exists().where(outbox.c.root == threads.c.root, _OPEN)
    return (
        (
            outbox,
            outbox.c.seq,
            and_(outbox.c.updated_at < before, outbox.c.state.in_(["done", "dropped", "merged"])),
        ),
        (
            deliveries,
            deliveries.c.seq,
            and_(deliveries.c.received_at < before, deliveries.c.status != "new", ~kept),
        ),
        (
            decisions,
            decisions.c.delivery,
            and_(
                decisions.c.decided_at < before,
                ~exists().where(deliveries.c.id == decisions.c.delivery),
            ),
        ),
        (held, held.c.seq, and_(held.c.at < before, held.c.released_in.is_not(None))),
        (threads, threads.c.root, and_(threads.c.at < before, ~hanging)),
        (
            jobs,
            jobs.c.seq,
            and_(or_(jobs.c.finished_at < before), jobs.c.state.in_(["done", "failed"])),
        ),
        (
            memory,
            memory.c.key,
            and_(
                memory.c.updated_at < before,
                or_(*(memory.c.key.startswith(f"{kind}:") for kind in _PASSING)),
            ),
        ),
        (preview_messages, preview_messages.c.seq, preview_messages.c.posted_at < before),
    )
