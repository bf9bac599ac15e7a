"""Small things beside the tables: notes of processes, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, literal_column, select

from bot.store.engine import insert
from bot.store.schema import deliveries, hooks, jobs, lanes, meta, outbox
from bot.waiting import HOOKS_OFF, Backlog

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from bot.model import Json

_NEW: Final = deliveries.c.status == literal_column("'new'")
_JOBS: Final = jobs.c.state.in_([literal_column("'todo'"), literal_column("'running'")])
_OPEN: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])
#: Literals, or the partial indices are not used.
_BUSY: Final = lanes.c.pending > literal_column("0")
#: Channels that `/metrics` names.
DEEPEST: Final = 5
_DEEPEST: Final = (
    select(lanes.c.key, lanes.c.pending)
    .where(_BUSY, lanes.c.kind == literal_column("'send'"))
    .order_by(lanes.c.pending.desc(), lanes.c.key)
    .limit(DEEPEST)
)


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
    asked, asked_since = conn.execute(
        select(func.count(), func.min(jobs.c.created_at)).where(_JOBS)
    ).one()
    dead = select(func.count()).where(outbox.c.state == literal_column("'dead'"))
    return Backlog(
        deliveries=waiting,
        deliveries_since=since,
        outbox=unsent,
        outbox_since=unsent_since,
        dead=conn.execute(dead).scalar_one(),
        jobs=asked,
        jobs_since=asked_since,
        lanes=_counts(conn, select(lanes.c.kind, func.count()).where(_BUSY).group_by(lanes.c.kind)),
        deepest=tuple(
            (row.key, row.pending, _since(conn, row.key)) for row in conn.execute(_DEEPEST)
        ),
        hooks=_counts(conn, select(hooks.c.status, func.count()).group_by(hooks.c.status)),
        hooks_off=len(get_meta(conn, HOOKS_OFF) or ()),
    )


def _since(conn: Connection, lane: str) -> datetime | None:
    """Since when its oldest action waits."""
    query = select(func.min(outbox.c.tried_since)).where(outbox.c.lane == lane, _OPEN)
    return conn.execute(query).scalar()


def _counts(conn: Connection, query: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(query)}
