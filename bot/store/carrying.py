"""Carrying out: what was done is settled, and what is ready claimed, in one transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, literal_column, null, or_, select, update

from bot.model import DeliveryId, OutboxItem, Place
from bot.outside import Receipt
from bot.ports import ClaimedItem, Dead, Done, Dropped, Retry, Turned
from bot.rules.loops import acting_key
from bot.store import audit, folding, lanes, memory, threads
from bot.store.codec import load_action
from bot.store.prepared import PreparedRows, given_rows
from bot.store.schema import outbox
from bot.store.schema import threads as threads_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Dialect, Update
    from sqlalchemy.sql.dml import ReturningUpdate

    from bot.model import Action, ActionId
    from bot.ports import Carried, Claim
    from bot.store.engine import AnyRow
    from bot.store.prepared import Given

_SENDING: Final[ColumnElement[str]] = literal_column("'sending'")
_NOW: Final = bindparam("now", type_=outbox.c.updated_at.type)
#: Literals, or the partial index is not used.
_WAITING: Final[Sequence[ColumnElement[str]]] = (literal_column("'todo'"), _SENDING)


def turn(
    conn: Connection,
    carried: Sequence[Carried],
    *,
    token: str,
    now: datetime,
    lease: timedelta,
    limit: int,
) -> Turned:
    lost = settle(conn, carried, now=now)
    claimed = claim(conn, token=token, now=now, lease=lease, limit=limit)
    more = len(claimed) == limit
    next_at = None if more else lanes.next_ready(conn, now=now, kind=lanes.SEND)
    return Turned(lost=lost, claimed=claimed, next_at=next_at)


# -- claiming --------------------------------------------------------------------------------


def claim(
    conn: Connection, *, token: str, now: datetime, lease: timedelta, limit: int
) -> tuple[ClaimedItem, ...]:
    """The earliest item of each ready lane, marked `sending`."""
    claimed: list[ClaimedItem] = []
    while len(claimed) < limit:
        room = limit - len(claimed)
        held = lanes.claim(conn, lanes.SEND, token=token, now=now, lease=lease, limit=room)
        begun = _BEGIN.run(conn, [{"lane": one.lane} for one in held], now=now)
        heads = {row.lane: row for row in begun.rows}
        for one in held:
            row = heads.get(one.lane)
            if row is None:
                lanes.empty(conn, one)
            else:
                claimed.append(_claimed(conn, one, row, now=now))
        if len(heads) == len(held):
            break
    return tuple(claimed)


def _begin(_dialect: Dialect, rows: list[Given]) -> ReturningUpdate[Any]:
    given = given_rows(outbox, rows)
    item = outbox.alias("item")
    earliest = (
        select(item.c.seq)
        .where(item.c.lane == given.c.lane, item.c.state.in_(_WAITING))
        .order_by(item.c.seq)
        .limit(literal_column("1"))
        .correlate(given)
        .scalar_subquery()
    )
    heads = select(earliest.label("seq")).select_from(given).cte("heads")
    return (
        update(outbox)
        .where(outbox.c.seq == heads.c.seq)
        .values(
            state=_SENDING,
            attempts=outbox.c.attempts + literal_column("1"),
            # Its worker died between the call and the receipt, or before the call.
            maybe_sent=or_(outbox.c.maybe_sent, outbox.c.state == _SENDING),
            updated_at=_NOW,
        )
        .returning(
            *(outbox.c.seq, outbox.c.lane, outbox.c.delivery, outbox.c.payload, outbox.c.attempts),
            *(outbox.c.maybe_sent, outbox.c.error, outbox.c.created_at, outbox.c.tried_since),
        )
    )


_BEGIN: Final = PreparedRows(outbox, ("lane",), _begin, padded=True)


def _claimed(conn: Connection, held: Claim, row: AnyRow, *, now: datetime) -> ClaimedItem:
    action = folding.fold_behind(conn, row, load_action(row.payload), held.lane, now=now)
    item = OutboxItem(
        action=action,
        lane=held.lane,
        delivery=DeliveryId(row.delivery),
        attempts=row.attempts,
        created_at=row.created_at,
        maybe_sent=row.maybe_sent,
        error=row.error,
        state="sending",
        tried_since=row.tried_since,
    )
    root, dead = _root(conn, action.root)
    results, lost = _results(conn, action)
    return ClaimedItem(claim=held, item=item, root=root, root_dead=dead, results=results, lost=lost)


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


# -- settling --------------------------------------------------------------------------------


def settle(conn: Connection, carried: Sequence[Carried], *, now: datetime) -> tuple[Carried, ...]:
    """Those whose lanes were taken by another worker: nothing is written of them."""
    # In one order for everybody, as their lanes: nobody waits for each other.
    ended = sorted(carried, key=lambda one: one.claimed.claim.lane)
    held = lanes.release(conn, [_released(one) for one in ended])
    kept = [one for one in ended if one.claimed.claim in held]
    posted = [(one.claimed.item.action, place) for one in kept if (place := _posted(one))]
    _POST.run(conn, [{"id": action.id, **_at(place)} for action, place in posted], now=now)
    for one in kept:
        if _posted(one) is None:
            _settle_other(conn, one, now=now)
    roots = [(action, place) for action, place in posted if action.root is None]
    # What it took in was said there too.
    _SHARE.run(conn, [{"merged_into": action.id, **_at(place)} for action, place in roots])
    # A conversation with one person is no channel that rules could name.
    threads.place(conn, [(action, place) for action, place in roots if action.verb != "dm"])
    return tuple(one for one in ended if one.claimed.claim not in held)


def _released(one: Carried) -> lanes.Release:
    if isinstance(one.outcome, Retry):
        ready_at = max(one.outcome.at, one.ready_at)
        return lanes.Release(claim=one.claimed.claim, handled=0, ready_at=ready_at)
    return lanes.Release(claim=one.claimed.claim, handled=1, ready_at=one.ready_at)


def _posted(one: Carried) -> Place | None:
    """Where, for what is somewhere in chat now, as most is."""
    chat = one.claimed.item.action.call is None
    return one.outcome.place if chat and isinstance(one.outcome, Done) else None


def _at(place: Place) -> dict[str, str]:
    return {"place_channel": place.channel, "place_ts": place.ts}


def _post(_dialect: Dialect, rows: list[Given]) -> Update:
    given = given_rows(outbox, rows)
    return (
        update(outbox)
        .where(outbox.c.id == given.c.id, outbox.c.state == _SENDING)
        .values(
            state=literal_column("'done'"),
            error=null(),
            code=null(),
            place_channel=given.c.place_channel,
            place_ts=given.c.place_ts,
            updated_at=_NOW,
        )
    )


_POST: Final = PreparedRows(outbox, ("id", "place_channel", "place_ts"), _post, padded=True)


def _share(_dialect: Dialect, rows: list[Given]) -> Update:
    given = given_rows(outbox, rows)
    shared = update(outbox).where(outbox.c.merged_into == given.c.merged_into)
    return shared.values(place_channel=given.c.place_channel, place_ts=given.c.place_ts)


_SHARE: Final = PreparedRows(
    outbox, ("merged_into", "place_channel", "place_ts"), _share, padded=True
)


def _settle_other(conn: Connection, one: Carried, *, now: datetime) -> None:
    """What is not in chat, or not yet."""
    action, outcome = one.claimed.item.action, one.outcome
    changed = update(outbox).where(outbox.c.id == action.id, outbox.c.state == _SENDING)
    conn.execute(changed.values(updated_at=now, **_columns(outcome, one.claimed.item)))
    if isinstance(outcome, Retry):
        return
    if action.call is not None:
        kept = outcome.remember if isinstance(outcome, Done) else {}
        memory.save(conn, {**kept, acting_key(action.id): None}, now=now)
        audit.record(conn, action, outcome, at=now)
    elif action.root is None and not isinstance(outcome, Done):
        threads.mark(conn, action.id, dead=True)


def _columns(outcome: Done | Retry | Dead | Dropped, item: OutboxItem) -> dict[str, Any]:
    match outcome:
        case Done(place=place, receipt=receipt):
            at = {"place_channel": place.channel, "place_ts": place.ts} if place else {}
            made = {"receipt": asdict(receipt)} if receipt else {}
            return {"state": "done", "error": None, "code": None, **at, **made}
        case Retry(error=error, code=code, maybe_sent=maybe, limited=limited):
            # Once in doubt, in doubt until it is found or carried out: looking again is cheap.
            sticky = maybe or item.maybe_sent
            tried = {"attempts": item.attempts - 1} if limited else {}
            return {"state": "todo", "error": error, "code": code, "maybe_sent": sticky, **tried}
        case Dead(error=error, code=code, maybe_sent=maybe):
            sticky = maybe or item.maybe_sent
            return {"state": "dead", "error": error, "code": code, "maybe_sent": sticky}
        case Dropped(reason=reason):
            return {"state": "dropped", "error": reason, "code": None}
