"""Small things beside the tables: notes of processes, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, literal_column, select

from bot.store.engine import insert
from bot.store.schema import deliveries, jobs, meta, outbox
from bot.waiting import Backlog

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.model import Json

_NEW: Final = deliveries.c.status == literal_column("'new'")
_JOBS: Final = jobs.c.state.in_([literal_column("'todo'"), literal_column("'running'")])
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
