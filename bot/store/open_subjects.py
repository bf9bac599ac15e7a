"""What is open, for time rules: `list: open_mrs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, literal_column, select

from bot.model import SubjectKey
from bot.store.engine import insert
from bot.store.schema import memory, open_subjects
from bot.waiting import OpenSubject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.waiting import Touched


def touch(conn: Connection, touched: Sequence[Touched], *, now: datetime) -> None:
    """In the order of subjects; of one subject in the order given."""
    for one in sorted(touched, key=lambda one: one.subject):
        if one.open:
            _keep(conn, one, now=now)
        else:
            table = open_subjects
            conn.execute(delete(table).where(table.c.subject == one.subject))


def _keep(conn: Connection, one: Touched, *, now: datetime) -> None:
    asked_at = now if one.asked else None
    added = insert(conn.dialect, open_subjects).values(
        subject=one.subject, kind=one.kind, project=one.project, active_at=now, asked_at=asked_at
    )
    fresh: dict[str, Any] = {"project": added.excluded.project}
    if one.active:
        fresh["active_at"] = added.excluded.active_at
    if one.asked is not None:
        fresh["asked_at"] = added.excluded.asked_at
    conn.execute(added.on_conflict_do_update(index_elements=[open_subjects.c.subject], set_=fresh))


def listed(conn: Connection, kind: str) -> tuple[OpenSubject, ...]:
    """By project, then subject."""
    table = open_subjects.c
    facts = memory.c.key == literal_column("'facts:' || open_subjects.subject")
    query = (
        select(open_subjects, memory.c.value)
        .select_from(open_subjects.outerjoin(memory, facts))
        .where(table.kind == kind)
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
        )
        for row in conn.execute(query)
    )
