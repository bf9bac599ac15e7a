"""What waits for its time, and what falls due: claimed by one worker, carried out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, or_, select, update

from bot.errors import LeaseLost
from bot.store.engine import insert
from bot.store.held_codec import dump_held, load_held
from bot.store.schema import held, schedules
from bot.waiting import Due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from bot.model import DeliveryId
    from bot.waiting import Held

HELD = "held"
EVERY = "every"


def add(conn: Connection, entries: Sequence[Held]) -> None:
    """The row of a key is written before its entry: its lock puts a release before or after."""
    for one in sorted(entries, key=lambda one: one.key):
        _schedule(conn, one)
        conn.execute(
            insert(conn.dialect, held).values(
                key=one.key,
                delivery=one.delivery,
                value=dump_held(one),
                due=one.due,
                latest=one.latest,
                at=one.at,
            )
        )


def _schedule(conn: Connection, one: Held) -> None:
    """The first entry of a key says when it is due at the latest, each later one when else."""
    added = insert(conn.dialect, schedules).values(
        key=one.key, kind=HELD, spec="", due=min(one.due, one.latest), latest=one.latest
    )
    due = case(
        (schedules.c.latest < added.excluded.due, schedules.c.latest), else_=added.excluded.due
    )
    conn.execute(added.on_conflict_do_update(index_elements=[schedules.c.key], set_={"due": due}))


def plan_rules(conn: Connection, wanted: Mapping[str, tuple[str, datetime]]) -> None:
    """Time rules by key: (schedule as text, next time). One that is planned already keeps its
    time, unless its schedule was edited, or a clock that was set back since had planned it."""
    for key, (spec, due) in sorted(wanted.items()):
        added = insert(conn.dialect, schedules).values(
            key=key, kind=EVERY, spec=spec, due=due, latest=due
        )
        conn.execute(
            added.on_conflict_do_update(
                index_elements=[schedules.c.key],
                set_={"spec": added.excluded.spec, "due": due, "latest": due},
                where=or_(
                    schedules.c.spec != added.excluded.spec, schedules.c.due > added.excluded.due
                ),
            )
        )


def hasten(conn: Connection, wanted: Mapping[str, tuple[datetime, datetime]]) -> None:
    """What waits under these keys is due by then, and at the latest by then: not later."""
    for key, (due, latest) in sorted(wanted.items()):
        later = update(schedules).where(schedules.c.key == key, schedules.c.due > due)
        conn.execute(later.values(due=due, latest=latest))


def claim(conn: Connection, *, token: str, now: datetime, lease: timedelta) -> Due | None:
    """What has been due longest and nobody is at."""
    table = schedules.c
    row = conn.execute(
        select(schedules)
        .where(table.due <= now, or_(table.lease_until.is_(None), table.lease_until <= now))
        .order_by(table.due, table.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    changed = update(schedules).where(table.key == row.key)
    conn.execute(changed.values(token=token, lease_until=now + lease))
    waiting = conn.execute(_waiting(row.key)).all() if row.kind == HELD else []
    return Due(
        key=row.key,
        kind=row.kind,
        token=token,
        due=row.due,
        spec=row.spec,
        entries=tuple(load_held(one.value) for one in waiting),
        upto=waiting[-1].seq if waiting else 0,
    )


def _waiting(key: str) -> Any:  # a Select
    return select(held).where(held.c.key == key, held.c.released_in.is_(None)).order_by(held.c.seq)


def settle(
    conn: Connection, due: Due, *, release: DeliveryId | None, next_due: datetime | None
) -> None:
    """Ends a claim; nothing of it is due before `next_due` (None = never again). `release`: under
    which id its entries were decided. Raises LeaseLost."""
    row = conn.execute(_owned(due).values(token=None, lease_until=None))
    if row.rowcount != 1:
        raise LeaseLost(f"another worker took {due.key}")
    if release is not None and due.kind == HELD:
        conn.execute(
            update(held)
            .where(held.c.key == due.key, held.c.released_in.is_(None), held.c.seq <= due.upto)
            .values(released_in=release)
        )
        # What came meanwhile waits as if it had come after.
        left = conn.execute(_waiting(due.key)).all()
        next_due = min(left[0].latest, left[-1].due) if left else None
    key = schedules.c.key == due.key
    if next_due is None:
        conn.execute(delete(schedules).where(key))
    else:
        conn.execute(update(schedules).where(key).values(due=next_due, latest=next_due))


def set_aside(conn: Connection, due: Due, until: datetime) -> None:
    """Nobody claims it before then; it stays as due as it was. Raises LeaseLost."""
    if conn.execute(_owned(due).values(lease_until=until)).rowcount != 1:
        raise LeaseLost(f"another worker took {due.key}")


def _owned(due: Due) -> Any:  # SQLAlchemy's Update is inferred
    return update(schedules).where(schedules.c.key == due.key, schedules.c.token == due.token)


def clear_leases(conn: Connection) -> None:
    """Nobody else can hold one: on SQLite one process runs the loops."""
    conn.execute(
        update(schedules).where(schedules.c.token.is_not(None)).values(token=None, lease_until=None)
    )


def next_due(conn: Connection) -> datetime | None:
    table = schedules.c
    later = and_(table.lease_until.is_not(None), table.lease_until > table.due)
    found = conn.execute(
        select(func.min(case((later, table.lease_until), else_=table.due)))
    ).scalar()
    return found  # noqa: RET504 - typed by the assignment


def of_delivery(conn: Connection, delivery: str) -> tuple[tuple[Held, str | None], ...]:
    """What of a delivery waits or waited, with the id under which it was released."""
    query = select(held.c.value, held.c.released_in).where(held.c.delivery == delivery)
    return tuple(
        (load_held(row.value), row.released_in) for row in conn.execute(query.order_by(held.c.seq))
    )


def listed(conn: Connection) -> tuple[Held, ...]:
    """Everything that waits, oldest first."""
    query = select(held.c.value).where(held.c.released_in.is_(None)).order_by(held.c.seq)
    return tuple(load_held(value) for value in conn.execute(query).scalars())
