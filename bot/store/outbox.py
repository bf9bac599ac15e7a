"""The outbox: planned actions, carried out lane by lane, with their receipts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, literal_column, or_, select, update

from bot.model import DeliveryId, Lane, OutboxItem, Place
from bot.outside import Receipt
from bot.ports import ClaimedItem, Dead, Done, Dropped, Retry
from bot.rules.loops import acting_key
from bot.store import audit, folding, lanes, memory, threads
from bot.store.codec import dump_action, load_action
from bot.store.engine import Prepared, insert
from bot.store.merging import merge
from bot.store.schema import outbox
from bot.store.schema import threads as threads_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Action, ActionId
    from bot.store.engine import AnyRow

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
    for lane, count in sorted(Counter(lane for _, _, lane in planned).items()):
        lanes.push(conn, lane, count=count, ready_at=now)
    missing: Counter[Lane] = Counter()
    for delivery, action, lane in planned:
        into = merge(conn, action, lane, now=now)
        added = _insert(conn, delivery, action, lane, into=into, now=now)
        if into is not None or not added:
            missing[lane] += 1
        if action.claims and added:
            threads.reserve(conn, action, into or action.id, now=now)
    for lane, count in missing.items():
        lanes.uncount(conn, lane, count)


def _insert(
    conn: Connection,
    delivery: DeliveryId,
    action: Action,
    lane: Lane,
    *,
    into: str | None,
    now: datetime,
) -> bool:
    row = {
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
        "attempts": 0,
        "maybe_sent": False,
        "created_at": now,
        "tried_since": now,
        "updated_at": now,
    }
    return _INSERT.run(conn, row).rowcount == 1


def _added(dialect: Dialect) -> Insert:
    names = (
        *("id", "lane", "delivery", "rule", "verb", "channel", "slot", "root", "merged_into"),
        *("payload", "state", "attempts", "maybe_sent", "created_at", "tried_since", "updated_at"),
    )
    added = insert(dialect, outbox).values({name: bindparam(name) for name in names})
    return added.on_conflict_do_nothing(index_elements=[outbox.c.id])


_INSERT: Final = Prepared(_added)


def claim(conn: Connection, *, token: str, now: datetime, lease: timedelta) -> ClaimedItem | None:
    while (held := lanes.claim(conn, lanes.SEND, token=token, now=now, lease=lease)) is not None:
        row = conn.execute(_HEAD, {"waiting_lane": held.lane}).one_or_none()
        if row is None:
            lanes.empty(conn, held)
            continue
        action = folding.fold_behind(conn, row, held.lane, now=now)
        # Its worker died between the call and the receipt, or before the call.
        maybe_sent = row.maybe_sent or row.state == "sending"
        values = {"attempts": row.attempts + 1, "maybe_sent": maybe_sent, "updated_at": now}
        _BEGIN.run(conn, values | {"state": "sending", "item": row.id})
        item = replace(
            _item(row),
            action=action,
            attempts=row.attempts + 1,
            maybe_sent=maybe_sent,
            state="sending",
        )
        root, dead = _root(conn, item.action.root)
        results, lost = _results(conn, item.action)
        return ClaimedItem(
            claim=held, item=item, root=root, root_dead=dead, results=results, lost=lost
        )
    return None


_HEAD: Final = (
    select(outbox)
    .where(outbox.c.lane == bindparam("waiting_lane"), _WAITING)
    .order_by(outbox.c.seq)
    .limit(literal_column("1"))
)
_BEGIN: Final = Prepared(
    update(outbox)
    .where(outbox.c.id == bindparam("item"))
    .values({name: bindparam(name) for name in ("state", "attempts", "maybe_sent", "updated_at")})
)


def _results(conn: Connection, action: Action) -> tuple[dict[str, Receipt], bool]:
    """The receipts that its texts show, as far as they are there; whether one never will be."""
    if not action.after:
        return {}, False
    query = select(outbox.c.id, outbox.c.state, outbox.c.receipt)
    rows = conn.execute(query.where(outbox.c.id.in_(action.after.values())))
    known = {row.id: row for row in rows}
    done = {
        name: Receipt(**known[id_].receipt)
        for name, id_ in action.after.items()
        if id_ in known and known[id_].state == "done" and known[id_].receipt
    }
    waiting = {"todo", "sending"}
    lost = any(
        name not in done and (id_ not in known or known[id_].state not in waiting)
        for name, id_ in action.after.items()
    )
    return done, lost


def _root(conn: Connection, root: ActionId | None) -> tuple[Place | None, bool]:
    """Where it is, and whether it will never be anywhere."""
    if root is None:
        return None, False
    query = select(
        outbox.c.id, outbox.c.state, outbox.c.merged_into, outbox.c.place_channel, outbox.c.place_ts
    )
    row = conn.execute(query.where(outbox.c.id == root)).one_or_none()
    while row is not None and row.merged_into is not None:
        row = conn.execute(query.where(outbox.c.id == row.merged_into)).one_or_none()
    if row is None:
        return _kept_root(conn, root)
    if row.state == "done" and row.place_ts is not None:
        return Place(channel=row.place_channel, ts=row.place_ts), False
    return None, row.state not in {"todo", "sending"}


def _kept_root(conn: Connection, root: str) -> tuple[Place | None, bool]:
    """Its item was pruned; its thread may still know the place."""
    table = threads_table.c
    query = select(table.channel, table.ts).where(table.root == root, table.ts.is_not(None))
    row = conn.execute(query.limit(1)).one_or_none()
    return (None, True) if row is None else (Place(channel=row.channel, ts=row.ts), False)


def settle(
    conn: Connection,
    claimed: ClaimedItem,
    outcome: Done | Retry | Dead | Dropped,
    *,
    now: datetime,
    ready_at: datetime,
) -> None:
    again = isinstance(outcome, Retry)
    if isinstance(outcome, Retry):
        ready_at = max(outcome.at, ready_at)
    lanes.release(conn, claimed.claim, handled=0 if again else 1, ready_at=ready_at)
    action = claimed.item.action
    columns = {"updated_at": now, **_columns(outcome, claimed.item)}
    if columns.keys() == _POSTED:
        _POST.run(conn, columns | {"item": action.id})
    else:
        changed = update(outbox).where(outbox.c.id == action.id, outbox.c.state == _SENDING)
        conn.execute(changed.values(columns))
    if isinstance(outcome, Retry):
        return
    if action.call is not None:
        _settle_call(conn, action, outcome, now=now)
        return
    if action.root is not None:
        return
    if isinstance(outcome, Done):
        # A conversation with one person is no channel that rules could name.
        if outcome.place is not None and action.verb != "dm":
            threads.place(conn, action.id, action.channel, outcome.place)
            _share(conn, action.id, outcome.place)
    else:
        threads.mark(conn, action.id, dead=True)


def _share(conn: Connection, id_: str, place: Place) -> None:
    """What it took in was said there too."""
    _SHARE.run(conn, {"place_channel": place.channel, "place_ts": place.ts, "into": id_})


_SENDING: Final[ColumnElement[str]] = literal_column("'sending'")
#: What changes with most items.
_POSTED: Final = {"updated_at", "state", "error", "code", "place_channel", "place_ts"}
_POST: Final = Prepared(
    update(outbox)
    .where(outbox.c.id == bindparam("item"), outbox.c.state == _SENDING)
    .values({name: bindparam(name) for name in sorted(_POSTED)})
)
_SHARE: Final = Prepared(
    update(outbox)
    .where(outbox.c.merged_into == bindparam("into"))
    .values({name: bindparam(name) for name in ("place_channel", "place_ts")})
)


def _settle_call(
    conn: Connection, action: Action, outcome: Done | Dead | Dropped, *, now: datetime
) -> None:
    kept = outcome.remember if isinstance(outcome, Done) else {}
    memory.save(conn, {**kept, acting_key(action.id): None}, now=now)
    audit.record(conn, action, outcome, at=now)


def _columns(outcome: Done | Retry | Dead | Dropped, item: OutboxItem) -> dict[str, Any]:
    match outcome:
        case Done(place=place, receipt=receipt):
            at = {"place_channel": place.channel, "place_ts": place.ts} if place else {}
            made = {"receipt": asdict(receipt)} if receipt else {}
            return {"state": "done", "error": None, "code": None, **at, **made}
        case Retry(error=error, code=code, maybe_sent=maybe):
            # Once in doubt, in doubt until it is found or carried out: looking again is cheap.
            sticky = maybe or item.maybe_sent
            return {"state": "todo", "error": error, "code": code, "maybe_sent": sticky}
        case Dead(error=error, code=code):
            return {"state": "dead", "error": error, "code": code}
        case Dropped(reason=reason):
            return {"state": "dropped", "error": reason, "code": None}


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
