"""Decisions: their trace, and everything else that is written with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from bot.store import lanes, memory, outbox
from bot.store.codec import dump_trace
from bot.store.engine import insert
from bot.store.schema import decisions, deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Decision, DeliveryId
    from bot.ports import Claim, Settled


def settle(conn: Connection, claim: Claim, settled: Sequence[Settled], *, now: datetime) -> None:
    """Raises LeaseLost, and the transaction with it is rolled back."""
    ids = [one.delivery for one in settled]
    query = select(deliveries.c.id).where(
        deliveries.c.id.in_(ids), deliveries.c.lane == claim.lane, deliveries.c.status == "new"
    )
    waiting = set(conn.execute(query).scalars())
    fresh = [one for one in settled if one.delivery in waiting]
    lanes.release(conn, claim, handled=len(fresh), ready_at=now)
    planned = [
        (one.delivery, action, lane)
        for one in fresh
        if one.decision is not None
        for action, lane in zip(one.decision.actions, one.lanes, strict=True)
    ]
    outbox.plan(conn, planned, now=now)
    for one in fresh:
        conn.execute(
            update(deliveries)
            .where(deliveries.c.id == one.delivery)
            .values(status=one.status, error=one.error, project=one.project)
        )
        if one.decision is not None:
            memory.save(conn, one.decision.remember, now=now)
            _record(conn, one.delivery, one.decision, now=now)


def _record(conn: Connection, delivery: DeliveryId, decision: Decision, *, now: datetime) -> None:
    row = insert(conn.dialect, decisions).values(
        delivery=delivery, ruleset=decision.ruleset, decided_at=now, trace=dump_trace(decision)
    )
    conn.execute(row.on_conflict_do_nothing(index_elements=[decisions.c.delivery]))


def find(conn: Connection, delivery: DeliveryId) -> dict[str, Any] | None:
    """The trace, with what became of each action."""
    query = select(decisions).where(decisions.c.delivery == delivery)
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    items = outbox.listed(conn, state=None, limit=1000, delivery=delivery)
    took_ms = outbox.took_ms(conn, delivery)
    return {
        "delivery": row.delivery,
        "ruleset": row.ruleset,
        "decided_at": row.decided_at.isoformat(),
        **row.trace,
        "actions": [
            {
                "id": item.action.id,
                "verb": item.action.verb,
                "rule": item.action.rule,
                "channel": item.action.channel,
                "subject": item.action.subject,
                "root": item.action.root,
                "emoji": item.action.emoji,
                "remove": item.action.remove,
                "took_ms": took_ms.get(item.action.id),
                "lane": item.lane,
                "state": item.state,
                "attempts": item.attempts,
                "error": item.error,
                "place": item.place and {"channel": item.place.channel, "ts": item.place.ts},
            }
            for item in items
        ],
    }
