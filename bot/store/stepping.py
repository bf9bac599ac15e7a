"""What a step of the clock does to what waits: it waits as long as it would have, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from bot.store.columns import Moment
from bot.store.lanes import DECIDE, SEND
from bot.store.part import Part
from bot.store.schema import holds, jobs, lanes, outbox, schedules
from bot.store.turns import take

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Table

#: Which of several processes moves what waits: the first that asks, for all of them.
_TURN: Final = "clock"
_TURN_LASTS: Final = timedelta(seconds=30)
#: No lease is given for longer.
_LONGEST_LEASE: Final = timedelta(seconds=60)
#: Clocks of several processes agree within it.
TOLERANCE: Final = timedelta(seconds=3)
#: A lane that was ready for longer, and that nobody took, was ready while nobody worked.
ABSENCE: Final = timedelta(minutes=10)
#: Literals, or the partial index is not used.
_WAITING: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])
_PENDING: Final = lanes.c.pending > literal_column("0")


class SteppingRecords(Part):
    async def time(self) -> datetime | None:
        """By the clock that all its processes share; None where there is one process, whose own
        clock counts. Raises StoreError."""
        return await self._backend.time()

    async def now(self) -> datetime:
        """For what is written beside the running bot: by the clock that its processes go by."""
        return await self.time() or datetime.now(UTC)

    async def ahead(self, *, now: datetime) -> timedelta:
        """How far a clock that was set back since had been ahead, as far as what waits tells."""
        return await self._backend.read(partial(_ahead, now=now))

    async def move_waits(self, by: timedelta, *, who: str, now: datetime) -> None:
        """The clock was set on (or back) to `now`. Of several processes that say so one counts."""
        do = partial(_move, by=by, who=who, now=now)
        await self._backend.write(do, "deliveries", "outbox", "jobs")

    async def forgive_absence(self, *, now: datetime) -> None:
        """At a start: time in which nobody worked is no time in which something was tried."""
        await self._backend.write(partial(_forgive_absence, now=now))

    async def free_untried(self, *, now: datetime) -> None:
        """What was written by the old time just when the clock was set back is ready at once."""
        await self._backend.write(partial(_free_untried, now=now), "deliveries", "outbox")


def _ahead(conn: Connection, *, now: datetime) -> timedelta:
    """Nothing that waits was touched later than now, no lane of deliveries waits on purpose, and
    no lease is longer than the longest."""
    deciding = and_(lanes.c.kind == DECIDE, _PENDING)
    newest = [
        conn.execute(select(func.max(outbox.c.updated_at)).where(_WAITING)).scalar(),
        conn.execute(select(func.max(lanes.c.ready_at)).where(deciding)).scalar(),
    ]
    for table in (lanes, jobs, schedules):
        leased = conn.execute(select(func.max(table.c.lease_until))).scalar()
        newest.append(leased - _LONGEST_LEASE if leased is not None else None)
    return max((one - now for one in newest if one is not None), default=timedelta())


def _move(conn: Connection, *, by: timedelta, who: str, now: datetime) -> None:
    if not take(conn, _TURN, who, now=now, until=now + _TURN_LASTS):
        return
    # In one order for everybody, as in a turn: nobody waits for each other.
    conn.execute(select(lanes.c.key).order_by(lanes.c.key).with_for_update())
    _moved(conn, lanes, (lanes.c.ready_at, lanes.c.lease_until), by)
    _moved(conn, holds, (holds.c.until,), by)
    waiting = (outbox.c.created_at, outbox.c.tried_since, outbox.c.updated_at)
    _moved(conn, outbox, waiting, by, _WAITING)
    for table in (jobs, schedules):
        leased = table.c.lease_until
        _moved(conn, table, (leased,), by, leased.is_not(None))


def _moved(
    conn: Connection,
    table: Table,
    columns: tuple[Column[datetime], ...],
    by: timedelta,
    *where: ColumnElement[bool],
) -> None:
    # Moments are numbers to the engines.
    step: ColumnElement[int] = literal_column(str(by // timedelta(microseconds=1)))
    conn.execute(update(table).where(*where).values({one: one + step for one in columns}))


def _forgive_absence(conn: Connection, *, now: datetime) -> None:
    free = or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= now)
    left = (_PENDING, lanes.c.kind == SEND, lanes.c.ready_at < now - ABSENCE, free)
    query = select(lanes.c.key, lanes.c.ready_at).where(*left).order_by(lanes.c.key)
    for lane, ready_at in conn.execute(query.with_for_update()).all():
        since, absent = outbox.c.tried_since, (now - ready_at) // timedelta(microseconds=1)
        later = case(
            (since < ready_at, since + literal_column(f"{absent}")), else_=literal(now, Moment())
        )
        conn.execute(update(outbox).where(outbox.c.lane == lane, _WAITING).values({since: later}))


def _free_untried(conn: Connection, *, now: datetime) -> None:
    """Only after a failure a lane waits for more than its channel's gap."""
    tried = exists().where(outbox.c.lane == lanes.c.key, _WAITING, outbox.c.error.is_not(None))
    ahead = update(lanes).where(_PENDING, lanes.c.ready_at > now + TOLERANCE)
    conn.execute(ahead.where(or_(lanes.c.kind == DECIDE, ~tried)).values(ready_at=now))
