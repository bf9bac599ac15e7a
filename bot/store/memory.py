"""What rules remember between deliveries."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from bot.errors import StateChanged
from bot.store.columns import short
from bot.store.engine import insert
from bot.store.prepared import PreparedRows
from bot.store.schema import memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect, Select
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Json
    from bot.store.prepared import Given


def load(conn: Connection, keys: Sequence[str]) -> dict[str, Json]:
    """Each key asked for, None where nothing is known."""
    rows = _LOAD.run(conn, [{"key": short(key)} for key in keys]).rows
    found = {row.key: row.value for row in rows}
    return {key: found.get(short(key)) for key in keys}


def _load(_dialect: Dialect, rows: list[Given]) -> Select[tuple[str, Json]]:
    asked = [row["key"] for row in rows]
    return select(memory.c.key, memory.c.value).where(memory.c.key.in_(asked))


_LOAD: Final = PreparedRows(memory, ("key",), _load, padded=True)


def save_guarded(
    conn: Connection, remember: Mapping[str, Json], expect: Mapping[str, Json], *, now: datetime
) -> None:
    """As `save`; raises StateChanged when a key of `expect` holds another value by now."""
    for expected, keys in groupby(sorted({*remember, *expect}), key=lambda key: key in expect):
        if not expected:
            save(conn, {key: remember[key] for key in keys}, now=now)
            continue
        for key in keys:
            if not _swap(conn, key, expect[key], remember.get(key, expect[key]), now=now):
                raise StateChanged(f"{key} was written by another lane")


def _swap(conn: Connection, key: str, seen: Json, value: Json, *, now: datetime) -> bool:
    """Whether the key held what was seen; then it holds the value."""
    held = memory.c.key == key
    if seen is None:
        # A second transaction that inserts the key waits here for the first one to end.
        added = insert(conn.dialect, memory).values(key=key, value=value, updated_at=now)
        return (
            conn.execute(added.on_conflict_do_nothing(index_elements=[memory.c.key])).rowcount == 1
        )
    fresh = update(memory).where(held, memory.c.value == seen)
    return conn.execute(fresh.values(value=value, updated_at=now)).rowcount == 1


def save(conn: Connection, remember: Mapping[str, Json], *, now: datetime) -> None:
    """None forgets a key. In the order of keys: two workers must not wait for each other."""
    gone = [key for key, value in remember.items() if value is None]
    if gone:
        conn.execute(delete(memory).where(memory.c.key.in_(sorted(gone))))
    kept = {short(key): value for key, value in remember.items() if value is not None}
    _SAVE.run(conn, [{"key": key, "value": kept[key], "updated_at": now} for key in sorted(kept)])


def _save(dialect: Dialect, rows: list[Given]) -> Insert:
    added = insert(dialect, memory).values(rows)
    return added.on_conflict_do_update(
        index_elements=[memory.c.key],
        set_={"value": added.excluded.value, "updated_at": added.excluded.updated_at},
    )


_SAVE: Final = PreparedRows(memory, ("key", "value", "updated_at"), _save)
