"""The outbox: planned actions, carried out lane by lane, with their receipts."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, false, literal_column, or_, select, update

from bot.model import DeliveryId, Lane, OutboxItem, Place
from bot.store import lanes, threads
from bot.store.codec import dump_action, load_action
from bot.store.columns import short
from bot.store.engine import insert
from bot.store.merging import merge
from bot.store.prepared import PreparedRows
from bot.store.schema import outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.dml import ReturningInsert

    from bot.model import Action
    from bot.store.engine import AnyRow
    from bot.store.prepared import Given

#: Literals, or the partial indexes are not used.
_WAITING: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])
_DEAD: Final = outbox.c.state == literal_column("'dead'")


def plan(
    conn: Connection,
    planned: Sequence[tuple[DeliveryId, Action, Lane]],
    *,
    now: datetime,
) -> None:
    """Inserts the actions, or merges them into waiting ones, and reserves their threads."""
    # Lanes first, in one order for everybody: workers that plan for the same ones never deadlock.
    lanes.push_all(conn, Counter(lane for _, _, lane in planned), ready_at=now)
    uncounted: Counter[Lane] = Counter()
    for slotted, some in groupby(planned, key=lambda one: one[1].slot is not None):
        # What may be merged must find those before it.
        for together in [[one] for one in some] if slotted else [list(some)]:
            uncounted += _add(conn, together, now=now)
    for lane, count in uncounted.items():
        lanes.uncount(conn, lane, count)


def _add(
    conn: Connection, planned: Sequence[tuple[DeliveryId, Action, Lane]], *, now: datetime
) -> Counter[Lane]:
    """How many fewer wait than were planned, by lane."""
    into = {action.id: merge(conn, action, lane, now=now) for _, action, lane in planned}
    rows = [
        _row(delivery, action, lane, into=into[action.id]) for delivery, action, lane in planned
    ]
    added = {row.id for row in _INSERT.run(conn, rows, now=now).rows}
    fresh = [action for _, action, _ in planned if short(action.id) in added]
    threads.reserve(conn, [(one, into[one.id] or one.id) for one in fresh if one.claims], now=now)
    return Counter(
        lane
        for _, action, lane in planned
        if into[action.id] is not None or short(action.id) not in added
    )


def _row(
    delivery: DeliveryId, action: Action, lane: Lane, *, into: str | None
) -> dict[str, object]:
    return {
        "id": action.id,
        "lane": lane,
        "delivery": delivery,
        "rule": action.rule,
        "verb": action.verb,
        "channel": action.channel,
        "slot": action.slot,
        "root": action.root,
        "merged_into": into,
        "payload": dump_action(action),
        "state": "todo" if into is None else "merged",
    }


def _insert(dialect: Dialect, rows: list[Given]) -> ReturningInsert[Any]:
    now = bindparam("now", type_=outbox.c.created_at.type)
    moments = dict.fromkeys(("created_at", "tried_since", "updated_at"), now)
    fresh = {"attempts": literal_column("0"), "maybe_sent": false(), **moments}
    added = insert(dialect, outbox).values([{**row, **fresh} for row in rows])
    return added.on_conflict_do_nothing(index_elements=[outbox.c.id]).returning(outbox.c.id)


_INSERT: Final = PreparedRows(
    outbox,
    (
        *("id", "lane", "delivery", "rule", "verb", "channel", "slot", "root", "merged_into"),
        *("payload", "state"),
    ),
    _insert,
)


def listed(
    conn: Connection, *, state: str | None, limit: int, delivery: str | None = None
) -> tuple[OutboxItem, ...]:
    """Oldest first; those that wait, are under way or dead when no state is named."""
    query = select(outbox).order_by(outbox.c.seq).limit(limit)
    if delivery is not None:
        query = query.where(outbox.c.delivery == delivery)
    elif state is None:
        query = query.where(or_(_WAITING, _DEAD))
    if state == "dead":
        query = query.where(_DEAD)
    elif state is not None:
        query = query.where(outbox.c.state == state)
    return tuple(_item(row) for row in conn.execute(query))


def took_ms(conn: Connection, delivery: str) -> dict[str, float]:
    """By the id of each action that was carried out, how long after its decision."""
    query = select(outbox.c.id, outbox.c.created_at, outbox.c.updated_at)
    done = query.where(outbox.c.delivery == delivery, outbox.c.state == literal_column("'done'"))
    return {
        row.id: (row.updated_at - row.created_at).total_seconds() * 1000
        for row in conn.execute(done)
    }


def taken_in(conn: Connection, delivery: str) -> dict[str, str]:
    """By the id of each action that another one took in, which that was."""
    query = select(outbox.c.id, outbox.c.merged_into)
    found = query.where(outbox.c.delivery == delivery, outbox.c.merged_into.is_not(None))
    return {row.id: row.merged_into for row in conn.execute(found)}


def at_place(conn: Connection, place: Place, *, limit: int) -> tuple[OutboxItem, ...]:
    """What was done at that place, oldest first: the message itself, its edits, its reactions."""
    query = select(outbox).where(
        outbox.c.place_ts == place.ts,
        outbox.c.place_channel == place.channel,
        outbox.c.state.in_([literal_column("'done'"), literal_column("'folded'")]),
    )
    return tuple(_item(row) for row in conn.execute(query.order_by(outbox.c.seq).limit(limit)))


def retry(conn: Connection, ids: Sequence[str] | None, *, now: datetime) -> int:
    """Puts dead items back in their lanes, in their old order; all of them when None."""
    query = select(outbox.c.id, outbox.c.lane).where(_DEAD)
    if ids is not None:
        query = query.where(outbox.c.id.in_(ids))
    # Dead items are nobody else's: locking them before their lanes cannot end in a deadlock.
    found = conn.execute(query.order_by(outbox.c.seq).with_for_update()).all()
    for lane, count in sorted(Counter(row.lane for row in found).items()):
        lanes.push(conn, lane, count=count, ready_at=now)
    for row in found:
        conn.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(state="todo", attempts=0, tried_since=now, updated_at=now)
        )
        threads.mark(conn, row.id, dead=False)
    return len(found)


def drop(conn: Connection, item: str, *, now: datetime) -> bool:
    """Gives up a dead or waiting item for good; False when it is neither."""
    lane = conn.execute(select(outbox.c.lane).where(outbox.c.id == item)).scalar()
    if lane is None:
        return False
    # The lane's lock keeps a worker from claiming the item meanwhile.
    lanes.push(conn, lane, count=0, ready_at=now)
    state = conn.execute(select(outbox.c.state).where(outbox.c.id == item)).scalar_one()
    if state not in {"todo", "dead"}:
        return False
    lanes.uncount(conn, lane, 1 if state == "todo" else 0)
    changed = update(outbox).where(outbox.c.id == item)
    conn.execute(changed.values(state="dropped", error="dropped by hand", updated_at=now))
    threads.mark(conn, item, dead=True)
    return True


def _item(row: AnyRow) -> OutboxItem:
    placed = row.place_ts is not None
    return OutboxItem(
        action=load_action(row.payload),
        lane=Lane(row.lane),
        delivery=DeliveryId(row.delivery),
        attempts=row.attempts,
        created_at=row.created_at,
        maybe_sent=row.maybe_sent,
        error=row.error,
        place=Place(channel=row.place_channel, ts=row.place_ts) if placed else None,
        state=row.state,
        tried_since=row.tried_since,
    )
