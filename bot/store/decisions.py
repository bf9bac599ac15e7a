"""Decisions: their trace, and everything else that is written with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from bot.errors import StateChanged
from bot.store import holding, lanes, memory, open_subjects, outbox, people
from bot.store.codec import dump_trace
from bot.store.deliveries import settle as settle_deliveries
from bot.store.engine import insert
from bot.store.prepared import PreparedRows
from bot.store.schema import decisions, deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect, Select
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Decision, DeliveryId, Json
    from bot.ports import Claim, Decided, Settled
    from bot.store.prepared import Given
    from bot.waiting import Due


def settle(
    conn: Connection,
    made: Sequence[Decided],
    *,
    now: datetime,
) -> tuple[Claim, ...]:
    """The claims whose lanes were taken by another worker: nothing is written of them. Raises
    StateChanged, and the transaction with it is rolled back."""
    waiting = _waiting(conn, [one.delivery for each in made for one in each.settled])
    fresh = {
        each.claim: [one for one in each.settled if waiting.get(one.delivery) == each.claim.lane]
        for each in sorted(made, key=lambda each: each.claim.lane)
    }
    held = lanes.release(
        conn,
        [
            lanes.Release(claim=claim, handled=len(settled), ready_at=now)
            for claim, settled in fresh.items()
        ],
    )
    kept = [settled for claim, settled in fresh.items() if claim in held]
    planned = [
        (one.delivery, action, lane)
        for settled in kept
        for one in settled
        if one.decision is not None
        for action, lane in zip(one.decision.actions, one.lanes, strict=True)
    ]
    outbox.plan(conn, planned, now=now)
    settle_deliveries(conn, [one for settled in kept for one in settled])
    keep(conn, [_decisions(settled) for settled in kept], now=now)
    return tuple(claim for claim in fresh if claim not in held)


def _waiting(conn: Connection, ids: Sequence[DeliveryId]) -> dict[str, str]:
    """The lanes of those that are not settled yet."""
    return {row.id: row.lane for row in _LANES.run(conn, [{"id": one} for one in ids]).rows}


def _lanes(_dialect: Dialect, rows: list[Given]) -> Select[Any]:
    table = deliveries.c
    asked = table.id.in_([row["id"] for row in rows])
    return select(table.id, table.lane).where(asked, table.status == "new")


_LANES: Final = PreparedRows(deliveries, ("id",), _lanes, padded=True)


def _decisions(settled: Sequence[Settled]) -> list[tuple[DeliveryId, Decision]]:
    return [(one.delivery, one.decision) for one in settled if one.decision is not None]


def settle_due(
    conn: Connection,
    due: Due,
    settled: Settled | None,
    *,
    next_due: datetime | None,
    now: datetime,
) -> None:
    """As `settle`, of what fell due by itself. Lanes before schedules, as everywhere. Raises
    LeaseLost or StateChanged, and the transaction with it is rolled back."""
    if settled is not None and settled.decision is not None:
        lanes_of = zip(settled.decision.actions, settled.lanes, strict=True)
        outbox.plan(conn, [(settled.delivery, *one) for one in lanes_of], now=now)
        keep(conn, [_decisions([settled])], now=now)
    release = settled.delivery if settled is not None else None
    holding.settle(conn, due, release=release, next_due=next_due)


def keep(
    conn: Connection, lanes_made: Sequence[Sequence[tuple[DeliveryId, Decision]]], *, now: datetime
) -> None:
    """What each lane's decisions leave behind beside their actions. Raises StateChanged.

    Keys and rows in one order for everybody: several lanes may write the same ones.
    """
    remember, expect = _state(lanes_made)
    memory.save_guarded(conn, remember, expect, now=now)
    made = [one for each in lanes_made for one in each]
    open_subjects.touch(conn, [one for _, decision in made for one in decision.touched], now=now)
    holding.add(conn, [held for _, decision in made for held in decision.held])
    people.count_unknown(conn, [one for _, decision in made for one in decision.unknown], now=now)
    rows = [
        {
            "delivery": delivery,
            "ruleset": decision.ruleset,
            "decided_at": now,
            "trace": dump_trace(decision),
        }
        for delivery, decision in made
    ]
    _RECORD.run(conn, rows)


def _state(
    lanes_made: Sequence[Sequence[tuple[DeliveryId, Decision]]],
) -> tuple[dict[str, Json], dict[str, Json]]:
    """What they remember and what they expect to find."""
    remember: dict[str, Json] = {}
    expect: dict[str, Json] = {}
    for each in lanes_made:
        expected: dict[str, Json] = {}
        for _, decision in each:
            # What a decision expects of an earlier one of the same lane is in `remember`.
            expected = {**decision.expect, **expected}
        if clash := expected.keys() & remember.keys():
            raise StateChanged(f"{min(clash)} was written by another lane")
        expect = {**expected, **expect}
        for _, decision in each:
            remember |= decision.remember
    return remember, expect


def _record(dialect: Dialect, rows: list[Given]) -> Insert:
    added = insert(dialect, decisions).values(rows)
    return added.on_conflict_do_nothing(index_elements=[decisions.c.delivery])


_RECORD: Final = PreparedRows(decisions, ("delivery", "ruleset", "decided_at", "trace"), _record)


def find(conn: Connection, delivery: DeliveryId) -> dict[str, Any] | None:
    """The trace, with what became of each action."""
    query = select(decisions).where(decisions.c.delivery == delivery)
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    items = outbox.listed(conn, state=None, limit=1000, delivery=delivery)
    took_ms = outbox.took_ms(conn, delivery)
    into = outbox.taken_in(conn, delivery)
    return {
        "delivery": row.delivery,
        "ruleset": row.ruleset,
        "decided_at": row.decided_at.isoformat(),
        **row.trace,
        "held": [
            {
                "rule": one.rule,
                "kind": one.kind,
                "channel": one.action.channel,
                "due": one.due.isoformat(),
                # The id whose decision tells what became of it; None while it waits.
                "released_in": released_in,
            }
            for one, released_in in holding.of_delivery(conn, delivery)
        ],
        "actions": [
            {
                "id": item.action.id,
                "verb": item.action.verb,
                "rule": item.action.rule,
                "channel": item.action.channel,
                "subject": item.action.subject,
                "root": item.action.root,
                "edit": item.action.is_edit,
                "emoji": item.action.emoji,
                "remove": item.action.remove,
                "took_ms": took_ms.get(item.action.id),
                "lane": item.lane,
                "state": item.state,
                # The action that says it too.
                "into": into.get(item.action.id),
                "attempts": item.attempts,
                "error": item.error,
                "place": item.place and {"channel": item.place.channel, "ts": item.place.ts},
            }
            for item in items
        ],
    }
