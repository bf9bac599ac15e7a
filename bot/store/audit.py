"""The audit: what rules did outside of chat, what people did by commands, and who it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, or_, select

from bot.ports import Dead, Done, Dropped
from bot.store.engine import insert
from bot.store.schema import audit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Action
    from bot.people import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    at: datetime
    #: Who caused it: their name at the forge; of a command their Slack id, or `local`.
    who: str
    instance: str
    verb: str
    target: str
    #: Empty for a command.
    rule: str
    #: The action's id; of a command the job's.
    action: str
    #: `done`, `dead`, `dropped`; of a command `done`, `failed`, `refused`.
    outcome: str
    detail: str
    #: Of a command: as typed.
    words: str = ""


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


def record_act(conn: Connection, act: Act) -> None:
    """The same end of one job is written once."""
    row = insert(conn.dialect, audit).values(
        at=act.at,
        who=act.who,
        instance=act.instance,
        verb=act.verb,
        target=act.target,
        rule="",
        action=act.id,
        outcome=act.outcome,
        detail=act.detail,
        words=act.words,
    )
    conn.execute(row.on_conflict_do_nothing(index_elements=[audit.c.action, audit.c.outcome]))


def listed(conn: Connection, *, limit: int, project: str | None = None) -> tuple[Audited, ...]:
    """Newest first; of one project only when it is named (any case)."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if project is not None:
        query = query.where(_about(project.lower()))
    rows = conn.execute(query)
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
            words=row.words or "",
        )
        for row in rows
    )


def _about(project: str) -> ColumnElement[bool]:
    """Targets are `group/repo`, `group/repo!7`, `group/repo#7` or `group/repo@ref`."""
    target = func.lower(audit.c.target)
    behind = (target.startswith(project + mark, autoescape=True) for mark in "!#@")
    return or_(target == project, *behind)


def _detail(outcome: Done | Dead | Dropped) -> str:
    match outcome:
        case Done(receipt=receipt):
            return (receipt.url or receipt.id or receipt.status) if receipt is not None else ""
        case Dead(error=error):
            return error
        case Dropped(reason=reason):
            return reason
