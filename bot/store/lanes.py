"""Lanes: who may handle which items, in which order, from when on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from bot.errors import LeaseLost
from bot.model import Lane
from bot.ports import Claim
from bot.store.columns import micros, short
from bot.store.engine import insert
from bot.store.inserting import Insertion
from bot.store.prepared import Prepared, PreparedRows, given_rows
from bot.store.schema import holds, lanes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Dialect, Select
    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.sql.dml import ReturningUpdate

    from bot.store.prepared import Given

DECIDE: Final = "decide"
SEND: Final = "send"


def kind_of(lane: str) -> str:
    """Which loop handles it: all that is not decided is sent."""
    return DECIDE if lane.startswith("decide:") else SEND


def push(conn: Connection, lane: str, *, count: int, ready_at: datetime) -> None:
    """Counts items that the caller inserts next: the row's lock gives them their order.

    An idle lane becomes ready at `ready_at`, or later when it was told to wait longer.
    """
    push_all(conn, {lane: count}, ready_at=ready_at)


def push_all(conn: Connection, counts: Mapping[str, int], *, ready_at: datetime) -> None:
    """Several lanes at once, in one order for everybody: nobody waits for each other."""
    ready = micros(ready_at)
    rows = [
        {"key": key, "kind": kind_of(key), "pending": count, "ready_at": ready}
        for key, count in sorted((short(lane), count) for lane, count in counts.items())
    ]
    _PUSH.run(conn, rows)


def _push(added: Insert) -> Insert:
    ready_at = case(
        (
            and_(
                lanes.c.pending == literal_column("0"), added.excluded.ready_at > lanes.c.ready_at
            ),
            added.excluded.ready_at,
        ),
        else_=lanes.c.ready_at,
    )
    return added.on_conflict_do_update(
        index_elements=[lanes.c.key],
        set_={"pending": lanes.c.pending + added.excluded.pending, "ready_at": ready_at},
    )


_PUSH: Final = Insertion(lanes, ("key", "kind", "pending", "ready_at"), _push)


def uncount(conn: Connection, lane: str, count: int) -> None:
    """Takes back what `push` counted and was not inserted after all."""
    if count:
        statement = update(lanes).where(lanes.c.key == lane)
        conn.execute(statement.values(pending=lanes.c.pending - count))


def claim(
    conn: Connection, kind: str, *, token: str, now: datetime, lease: timedelta, limit: int
) -> list[Claim]:
    """The lanes that have been ready longest and that nobody holds."""
    until = now + lease
    given = {"kind": kind, "now": now, "limit": limit, "token": token, "lease_until": until}
    taken = _TAKE.run(conn, given).rows
    return [Claim(lane=Lane(row.key), token=token, until=until) for row in taken]


def _covers() -> ColumnElement[bool]:
    """A hold's prefix begins the lane's key; LIKE would read `_` and `%` in it."""
    return func.substr(lanes.c.key, 1, func.length(holds.c.prefix)) == holds.c.prefix


_NOW: Final = bindparam("now", type_=lanes.c.ready_at.type)


def _take() -> ReturningUpdate[Any]:
    ready = (
        select(lanes.c.key)
        .where(lanes.c.kind == bindparam("kind"), lanes.c.pending > literal_column("0"))
        .where(lanes.c.ready_at <= _NOW)
        .where(or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= _NOW))
        .where(~exists().where(and_(holds.c.until > _NOW, _covers())))
        .order_by(lanes.c.ready_at)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True, of=lanes)
        .cte("ready")
    )
    return (
        update(lanes)
        .where(lanes.c.key == ready.c.key)
        .values(token=bindparam("token"), lease_until=bindparam("lease_until"))
        .returning(lanes.c.key)
    )


_TAKE: Final = Prepared(_take())


def renew(conn: Connection, held: Claim, *, now: datetime, lease: timedelta) -> Claim:
    until = now + lease
    done = conn.execute(_owned(held).values(lease_until=until))
    if done.rowcount != 1:
        raise LeaseLost(f"another worker took lane {held.lane}")
    return Claim(lane=held.lane, token=held.token, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A lane given back with `handled` items fewer."""

    claim: Claim
    handled: int
    ready_at: datetime


def release(conn: Connection, ended: Sequence[Release]) -> frozenset[Claim]:
    """Those that were still held; the lanes of the others another worker took, or will."""
    if len({one.claim.lane for one in ended}) < len(ended):
        # One that was lost and claimed again: which of the two is meant must be told.
        return frozenset().union(*(release(conn, [one]) for one in ended))
    rows = [
        {
            "key": one.claim.lane,
            "token": one.claim.token,
            "pending": one.handled,
            "ready_at": one.ready_at,
        }
        for one in ended
    ]
    held = {row.key for row in _RELEASE.run(conn, rows).rows}
    return frozenset(one.claim for one in ended if one.claim.lane in held)


def _release(_dialect: Dialect, rows: list[Given]) -> ReturningUpdate[Any]:
    given = given_rows(lanes, rows)
    held = (
        select(given.c.key, given.c.pending, given.c.ready_at)
        .select_from(lanes)
        .join(given, and_(lanes.c.key == given.c.key, lanes.c.token == given.c.token))
        # In one order for everybody: nobody waits for each other.
        .order_by(lanes.c.key)
        .with_for_update(of=lanes)
        .cte("held")
    )
    return (
        update(lanes)
        .where(lanes.c.key == held.c.key)
        .values(
            pending=lanes.c.pending - held.c.pending,
            ready_at=held.c.ready_at,
            token=null(),
            lease_until=null(),
        )
        .returning(lanes.c.key)
    )


_RELEASE: Final = PreparedRows(
    lanes, ("key", "token", "pending", "ready_at"), _release, padded=True
)


def _owned(held: Claim) -> Update:
    return update(lanes).where(lanes.c.key == held.lane, lanes.c.token == held.token)


def empty(conn: Connection, held: Claim) -> None:
    """A claimed lane turned out to hold nothing: its counter was wrong."""
    conn.execute(_owned(held).values(pending=0, token=None, lease_until=None))


def clear_leases(conn: Connection) -> None:
    """Nobody else can hold one: on SQLite one process runs the lanes."""
    conn.execute(
        update(lanes).where(lanes.c.token.is_not(None)).values(token=None, lease_until=None)
    )


def hold(conn: Connection, prefix: str, until: datetime, *, now: datetime | None = None) -> None:
    """A later end stays."""
    added = insert(conn.dialect, holds).values(prefix=prefix, until=until)
    conn.execute(
        added.on_conflict_do_update(
            index_elements=[holds.c.prefix],
            set_={"until": added.excluded.until},
            where=added.excluded.until > holds.c.until,
        )
    )
    if now is not None:
        conn.execute(delete(holds).where(holds.c.until <= now))


def next_ready(conn: Connection, *, now: datetime, kind: str | None) -> datetime | None:
    kinds = (DECIDE, SEND) if kind is None else (kind,)
    ready = [_NEXT.run(conn, {"kind": one}).scalar() for one in kinds]
    return max(min(found), now) if (found := [one for one in ready if one is not None]) else None


def _later(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """`other` may be NULL, which is not later. The engines name their GREATEST differently."""
    return case((other > one, other), else_=one)


def _next() -> Select[datetime]:
    held = select(func.max(holds.c.until)).where(_covers()).correlate(lanes).scalar_subquery()
    ready = _later(_later(lanes.c.ready_at, lanes.c.lease_until), held)
    waiting = lanes.c.pending > literal_column("0")
    return select(func.min(ready)).where(lanes.c.kind == bindparam("kind"), waiting)


_NEXT: Final = Prepared(_next())


def busy(conn: Connection, keys: Sequence[Lane]) -> frozenset[Lane]:
    """Those of them in which something waits or is under way."""
    query = select(lanes.c.key).where(lanes.c.key.in_([short(key) for key in keys]))
    found = set(conn.execute(query.where(lanes.c.pending > 0)).scalars())
    return frozenset(key for key in keys if short(key) in found)


def forget_idle(conn: Connection, *, before: datetime) -> int:
    """Lanes that hold nothing and wait for nothing, and holds that are over."""
    conn.execute(delete(holds).where(holds.c.until <= before))
    gone = delete(lanes).where(
        lanes.c.pending <= 0, lanes.c.ready_at < before, lanes.c.token.is_(None)
    )
    return conn.execute(gone).rowcount
