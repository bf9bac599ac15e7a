"""What is open, for time rules: `list: open_mrs`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, literal_column, or_, select, update

from bot.model import SubjectKey
from bot.store.engine import insert
from bot.store.schema import memory, open_subjects
from bot.waiting import OpenSubject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from bot.waiting import Touched


def touch(conn: Connection, touched: Sequence[Touched], *, now: datetime) -> None:
    """In the order of subjects; of one subject in the order given."""
    for one in sorted(touched, key=lambda one: one.subject):
        if one.open:
            _keep(conn, one, now=now)
        else:
            ended = update(open_subjects).where(open_subjects.c.subject == one.subject, _OPEN)
            conn.execute(ended.values(closed_at=now))


def _keep(conn: Connection, one: Touched, *, now: datetime) -> None:
    asked_at = now if one.asked else None
    added = insert(conn.dialect, open_subjects).values(
        subject=one.subject,
        kind=one.kind,
        project=one.project,
        active_at=now,
        asked_at=asked_at,
        opened_at=now,
    )
    fresh: dict[str, Any] = {"project": added.excluded.project, "closed_at": None}
    if one.active:
        fresh["active_at"] = added.excluded.active_at
    if one.asked is not None:
        fresh["asked_at"] = added.excluded.asked_at
    conn.execute(added.on_conflict_do_update(index_elements=[open_subjects.c.subject], set_=fresh))


def listed(conn: Connection, kind: str) -> tuple[OpenSubject, ...]:
    """By project, then subject."""
    return _found(conn, open_subjects.c.kind == kind, _OPEN)


def listed_then(conn: Connection, kind: str, *, at: datetime) -> tuple[OpenSubject, ...]:
    """What was open at that moment. Where somebody touched it since, its facts are those of today
    (but for its state), and it counts as untouched from its beginning until then."""
    table = open_subjects.c
    begun = or_(table.opened_at <= at, and_(table.opened_at.is_(None), table.active_at <= at))
    still = or_(_OPEN, table.closed_at > at)
    return tuple(_as_of(one, at) for one in _found(conn, table.kind == kind, begun, still))


def _as_of(one: OpenSubject, at: datetime) -> OpenSubject:
    touched = one.active_at > at
    state = {"state": "opened"} if one.facts.get("state") in {"merged", "closed"} else {}
    return replace(
        one,
        facts={**one.facts, **state},
        active_at=one.opened_at or at if touched else one.active_at,
        asked_at=one.asked_at if one.asked_at is not None and one.asked_at <= at else None,
    )


_OPEN: Final = open_subjects.c.closed_at.is_(None)


def _found(conn: Connection, *which: ColumnElement[bool]) -> tuple[OpenSubject, ...]:
    table = open_subjects.c
    facts = memory.c.key == literal_column("'facts:' || open_subjects.subject")
    query = (
        select(open_subjects, memory.c.value)
        .select_from(open_subjects.outerjoin(memory, facts))
        .where(*which)
        .order_by(table.project, table.subject)
    )
    return tuple(
        OpenSubject(
            subject=SubjectKey(row.subject),
            kind=row.kind,
            project=row.project,
            facts=row.value or {},
            active_at=row.active_at,
            asked_at=row.asked_at,
            opened_at=row.opened_at,
        )
        for row in conn.execute(query)
    )
