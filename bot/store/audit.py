"""The audit: what rules did outside of chat, and who caused it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.ports import Dead, Done, Dropped
from bot.store.engine import insert
from bot.store.schema import audit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    at: datetime
    #: Who caused it, by their name at the forge.
    who: str
    instance: str
    verb: str
    target: str
    rule: str
    action: str
    #: `done`, `dead`, `dropped`.
    outcome: str
    detail: str


def record(
    conn: Connection, action: Action, outcome: Done | Dead | Dropped, *, at: datetime
) -> None:
    """Nothing for what stays in chat. The same end of one action is written once."""
    if action.call is None:
        return
    project = action.call.data.get("project", "")
    row = insert(conn.dialect, audit).values(
        at=at,
        who=action.call.asked_by,
        instance=action.call.instance,
        verb=action.verb,
        target=f"{project}@{action.channel}" if action.verb == "pipeline" else action.channel,
        rule=action.rule,
        action=action.id,
        outcome=type(outcome).__name__.lower(),
        detail=_detail(outcome),
    )
    known = [audit.c.action, audit.c.outcome]
    conn.execute(row.on_conflict_do_nothing(index_elements=known))


def listed(conn: Connection, *, limit: int) -> tuple[Audited, ...]:
    """Newest first."""
    rows = conn.execute(select(audit).order_by(audit.c.seq.desc()).limit(limit))
    return tuple(
        Audited(
            at=row.at,
            who=row.who,
            instance=row.instance,
            verb=row.verb,
            target=row.target,
            rule=row.rule,
            action=row.action,
            outcome=row.outcome,
            detail=row.detail,
        )
        for row in rows
    )


def _detail(outcome: Done | Dead | Dropped) -> str:
    match outcome:
        case Done(receipt=receipt):
            return (receipt.url or receipt.id or receipt.status) if receipt is not None else ""
        case Dead(error=error):
            return error
        case Dropped(reason=reason):
            return reason
