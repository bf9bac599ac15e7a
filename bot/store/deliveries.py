"""The inbox: deliveries as received, until and after they are decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from bot.errors import StoreError
from bot.model import Delivery, DeliveryId, DeliverySummary, Lane
from bot.ports import ClaimedDeliveries
from bot.store import lanes
from bot.store.codec import dump_json, pack, unpack
from bot.store.columns import micros, plain, short
from bot.store.inserting import Insertion
from bot.store.prepared import Prepared, PreparedRows, given_rows
from bot.store.schema import STRETCH_BITS, deliveries, meta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Dialect, FromClause, Select, Update
    from sqlalchemy.dialects.postgresql import Insert

    from bot.ports import Claim, Settled
    from bot.store.engine import AnyRow
    from bot.store.prepared import Given, Ran

#: Packed bytes claimed at once, one delivery at least; several claims may be under way.
_CLAIM_BYTES: Final = 16 * 1024 * 1024
#: Stretches that are looked through for more, when each lane has something.
_FURTHER: Final = 8
#: Stretches asked for at once.
_AT_ONCE: Final = 32
#: A literal, or the partial index is not used.
_NEW: Final[ColumnElement[str]] = literal_column("'new'")
_INDEXED: Final[Mapping[str, Any]] = {"new": _NEW, "failed": literal_column("'failed'")}
COLUMNS: Final = (
    deliveries.c.id,
    deliveries.c.forge,
    deliveries.c.instance,
    deliveries.c.hook,
    deliveries.c.key,
    deliveries.c.event,
    deliveries.c.lane,
    deliveries.c.headers,
    deliveries.c.body,
    deliveries.c.received_at,
)


def pack_delivery(delivery: Delivery) -> dict[str, object]:
    """The delivery's row, as the driver takes it; made before the transaction begins."""
    return {
        "id": delivery.id,
        "forge": delivery.forge,
        "instance": delivery.instance,
        "hook": short(delivery.hook),
        "key": short(delivery.key),
        "event": plain(delivery.event),
        "lane": short(delivery.lane),
        "headers": dump_json(dict(delivery.headers)),
        "body": pack(delivery.body),
        "received_at": micros(delivery.received_at),
        "status": "new",
        "project": "",
        "replay_of": None,
    }


def append(
    conn: Connection, rows: Sequence[Mapping[str, Any]], *, received_at: datetime
) -> list[bool]:
    """For each whether it is new; False when its hook and key are known. No two have one id, not
    even the same delivery when it is sent again."""
    # Lanes first: their locks give the deliveries their order.
    lanes.push_all(conn, Counter(row["lane"] for row in rows), ready_at=received_at)
    if _APPEND.run(conn, rows) == len(rows):
        return [True] * len(rows)
    ids = deliveries.c.id
    fresh = set(conn.execute(select(ids).where(ids.in_([row["id"] for row in rows]))).scalars())
    known = Counter(row["lane"] for row in rows if row["id"] not in fresh)
    for lane, count in sorted(known.items()):
        lanes.uncount(conn, lane, count)
    return [row["id"] in fresh for row in rows]


def _append(added: Insert) -> Insert:
    return added.on_conflict_do_nothing(index_elements=[deliveries.c.hook, deliveries.c.key])


_APPEND: Final = Insertion(
    deliveries,
    (
        *("id", "forge", "instance", "hook", "key", "event", "lane", "headers", "body"),
        *("received_at", "status", "project", "replay_of"),
    ),
    _append,
)


def settle(conn: Connection, settled: Sequence[Settled]) -> None:
    rows = [
        {"id": one.delivery, "status": one.status, "error": one.error, "project": one.project}
        for one in settled
    ]
    _SETTLE.run(conn, rows)


def _settle(_dialect: Dialect, rows: list[Given]) -> Update:
    given = given_rows(deliveries, rows)
    settled = update(deliveries).where(deliveries.c.id == given.c.id)
    return settled.values({name: given.c[name] for name in ("status", "error", "project")})


_SETTLE: Final = PreparedRows(
    deliveries, ("id", "status", "error", "project"), _settle, padded=True
)


def probe(conn: Connection) -> None:
    """Writes a row and takes it away again; committing it proves the disk."""
    conn.execute(delete(meta).where(meta.c.key == "probe"))
    conn.execute(insert(meta).values(key="probe", value=True))


def claim(
    conn: Connection, *, token: str, now: datetime, lease: timedelta, most: int, limit: int
) -> list[tuple[Claim, list[AnyRow]]]:
    """Up to `most` lanes, each with the rows of its oldest deliveries; `unpack_row` reads them."""
    take = partial(lanes.claim, conn, lanes.DECIDE, token=token, now=now, lease=lease, limit=most)
    claimed: list[tuple[Claim, list[AnyRow]]] = []
    while not claimed and (held := take()):
        claimed = _filled(conn, held, limit=limit, now=now)
    return claimed


def _filled(
    conn: Connection, held: Sequence[Claim], *, limit: int, now: datetime
) -> list[tuple[Claim, list[AnyRow]]]:
    waiting = _waiting(conn, [one.lane for one in held], limit=limit)
    fitting: list[int] = []
    room = _CLAIM_BYTES
    for one in held:
        if fitting and room <= 0:
            lanes.release(conn, [lanes.Release(claim=one, handled=0, ready_at=now)])
        elif one.lane in waiting:
            some, size = _fitting(waiting[one.lane], room)
            fitting += some
            room -= size
        else:
            lanes.empty(conn, one)
    rows = _by_lane(_ROWS.run(conn, [{"seq": seq} for seq in fitting]))
    return [(one, rows[one.lane]) for one in held if one.lane in rows]


def _fitting(waiting: Sequence[AnyRow], room: int) -> tuple[list[int], int]:
    """The numbers of those for which there is room, one at least, and their size."""
    some, taken = [waiting[0].seq], waiting[0].size
    for row in waiting[1:]:
        if taken + row.size > room:
            break
        some.append(row.seq)
        taken += row.size
    return some, taken


def _waiting(conn: Connection, claimed: Sequence[Lane], *, limit: int) -> dict[str, list[AnyRow]]:
    """Of each lane that holds any, the numbers and sizes of its oldest."""
    found: dict[str, list[AnyRow]] = {}
    further = _FURTHER
    for stretch in _stretches(conn):
        wanted = [{"lane": lane} for lane in claimed if len(found.get(lane, ())) < limit]
        if not wanted or not further:
            break
        ran = _SIZES.run(conn, wanted, skip=limit - 1, stretch=stretch)
        for lane, rows in _by_lane(ran).items():
            oldest = found.setdefault(lane, [])
            oldest += rows[: limit - len(oldest)]
        if len(found) == len(claimed):
            further -= 1
    return found


def _stretches(conn: Connection) -> Iterator[int]:
    """Those that hold anything that waits, oldest first; on PostgreSQL all is one."""
    if conn.dialect.name != "sqlite":
        yield 0
        return
    last = -1
    while rows := _NEXT_STRETCHES.run(conn, {"after": last}).rows:
        for row in rows:
            last = row.stretch
            yield last


def _by_lane(ran: Ran) -> dict[str, list[AnyRow]]:
    """In their order, which the database is not asked for: it would sort the bodies, too."""
    found: dict[str, list[AnyRow]] = {}
    for row in sorted(ran.rows, key=attrgetter("seq")):
        found.setdefault(row.lane, []).append(row)
    return found


def _stretch(table: FromClause) -> ColumnElement[int]:
    """As the index has it."""
    return table.c.seq.bitwise_rshift(literal_column(f"{STRETCH_BITS}"))


def _next_stretches(_dialect: Dialect) -> Select[int]:
    """One after the other: each is a look into the index, whatever lies between."""
    stretch = _stretch(deliveries)

    def next_after(last: ColumnElement[int]) -> ColumnElement[int | None]:
        waits = (deliveries.c.status == _NEW, stretch > last)
        found = select(stretch).where(*waits).order_by(stretch).limit(_ONE)
        return found.scalar_subquery().label("stretch")

    first = select(next_after(bindparam("after", type_=BigInteger)))
    known = first.cte("known", recursive=True)
    more = select(next_after(known.c.stretch)).where(known.c.stretch.is_not(None))
    known = known.union_all(more)
    every = select(known.c.stretch).where(known.c.stretch.is_not(None))
    return every.limit(literal_column(f"{_AT_ONCE}"))


def _sizes(dialect: Dialect, rows: list[Given]) -> Select[Any]:
    given = given_rows(deliveries, rows)
    other = deliveries.alias("other")

    def waits(table: FromClause) -> ColumnElement[bool]:
        mine = and_(table.c.lane == given.c.lane, table.c.status == _NEW)
        if dialect.name != "sqlite":
            return mine
        return and_(_stretch(table) == bindparam("stretch", type_=BigInteger), mine)

    last = (
        select(other.c.seq)
        .where(waits(other))
        .order_by(other.c.seq)
        .limit(_ONE)
        .offset(bindparam("skip", type_=Integer))
        .correlate(given)
        .scalar_subquery()
    )
    size = func.length(deliveries.c.body).label("size")
    return (
        select(deliveries.c.lane, deliveries.c.seq, size)
        .select_from(given)
        .join(deliveries, and_(waits(deliveries), deliveries.c.seq <= func.coalesce(last, _NO_END)))
    )


def _rows(_dialect: Dialect, rows: list[Given]) -> Select[Any]:
    # By their numbers alone: of lanes, PostgreSQL would read all that waits.
    asked = deliveries.c.seq.in_([row["seq"] for row in rows])
    return select(*COLUMNS, deliveries.c.seq).where(asked)


#: No number is greater.
_NO_END: Final[ColumnElement[int]] = literal_column(str(2**63 - 1), BigInteger)
_ONE: Final[ColumnElement[int]] = literal_column("1")
_NEXT_STRETCHES: Final = Prepared(_next_stretches)
_SIZES: Final = PreparedRows(deliveries, ("lane",), _sizes)
_ROWS: Final = PreparedRows(deliveries, ("seq",), _rows, padded=True)


def unpack_row(row: AnyRow) -> Delivery:
    return Delivery(
        id=DeliveryId(row.id),
        forge=row.forge,
        instance=row.instance,
        hook=row.hook,
        key=row.key,
        event=row.event,
        lane=Lane(row.lane),
        headers=row.headers,
        body=unpack(row.body),
        received_at=row.received_at,
    )


def unpack_claims(
    claimed: Sequence[tuple[Claim, list[AnyRow]]],
) -> tuple[ClaimedDeliveries, ...]:
    return tuple(
        ClaimedDeliveries(claim=held, deliveries=tuple(unpack_row(row) for row in rows))
        for held, rows in claimed
    )


def find(conn: Connection, delivery: DeliveryId) -> AnyRow | None:
    query = select(*COLUMNS, deliveries.c.status).where(deliveries.c.id == delivery)
    return conn.execute(query).one_or_none()


def summaries(
    conn: Connection,
    *,
    limit: int,
    before: DeliveryId | None,
    status: str | None,
    project: str | None,
) -> tuple[DeliverySummary, ...]:
    """Newest first, those older than `before`."""
    query = filtered(before=before, status=status, project=project)
    return tuple(summary(row) for row in conn.execute(query.limit(limit)))


def filtered(
    *, before: DeliveryId | None, status: str | None, project: str | None
) -> Select[*tuple[Any, ...]]:
    """What `summary` reads, newest first, found by an index."""
    table = deliveries.c
    query = (
        select(
            *(table.id, table.forge, table.instance, table.hook, table.event, table.project),
            *(table.received_at, table.status, table.error, table.replay_of),
        )
        # What waits is few, and not to be looked for by its number among all there are.
        .order_by((table.seq + literal_column("0") if status == "new" else table.seq).desc())
    )
    if before is not None:
        last = select(table.seq).where(table.id == before).scalar_subquery()
        query = query.where(table.seq < last)
    if status is not None:
        query = query.where(table.status == _INDEXED.get(status, status))
    if project is not None:
        # The second is what the index holds: without it, it is not used.
        named = (table.project == project, table.project != literal_column("''"))
        query = query.where(*(named if project else named[:1]))
    return query


def summary(row: AnyRow) -> DeliverySummary:
    return DeliverySummary(
        id=DeliveryId(row.id),
        forge=row.forge,
        instance=row.instance,
        hook=row.hook,
        event=row.event,
        project=row.project,
        received_at=row.received_at,
        status=row.status,
        error=row.error,
        replay_of=DeliveryId(row.replay_of) if row.replay_of else None,
    )


def replay(conn: Connection, original: DeliveryId, copy: DeliveryId, *, now: datetime) -> None:
    """Appends the delivery once more under another id, at the end of its lane.

    A copy, because the ids of its actions are made of its id: those of the first decision are in
    the outbox already, and their receipts stay true.
    """
    row = find(conn, original)
    if row is None:
        raise StoreError(f"no delivery {original}; `bot deliveries list` shows those that are kept")
    again = replace(unpack_row(row), id=copy, key=f"replay:{copy}", received_at=now)
    append(conn, [pack_delivery(again) | {"replay_of": original}], received_at=now)
