"""What rules remember between deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select, update

from bot.errors import StateChanged
from bot.store.columns import short
from bot.store.engine import Prepared, insert
from bot.store.schema import memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Json


def load(conn: Connection, keys: Sequence[str]) -> dict[str, Json]:
    """Each key asked for, None where nothing is known."""
    asked = {"keys": [short(key) for key in keys]}
    found = {row.key: row.value for row in conn.execute(_LOAD, asked)}
    return {key: found.get(short(key)) for key in keys}


_LOAD: Final = select(memory.c.key, memory.c.value).where(
    memory.c.key.in_(bindparam("keys", expanding=True))
)


def save_guarded(
    conn: Connection, remember: Mapping[str, Json], expect: Mapping[str, Json], *, now: datetime
) -> None:
    """As `save`; raises StateChanged when a key of `expect` holds another value by now."""
    for key in sorted({*remember, *expect}):
        if key not in expect:
            save(conn, {key: remember[key]}, now=now)
        elif not _swap(conn, key, expect[key], remember.get(key, expect[key]), now=now):
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
    for key in sorted(remember):
        value = remember[key]
        if value is None:
            conn.execute(delete(memory).where(memory.c.key == key))
            continue
        _SAVE.run(conn, {"key": key, "value": value, "updated_at": now})


def _save(dialect: Dialect) -> Insert:
    added = insert(dialect, memory).values(
        {name: bindparam(name) for name in ("key", "value", "updated_at")}
    )
    return added.on_conflict_do_update(
        index_elements=[memory.c.key],
        set_={"value": added.excluded.value, "updated_at": added.excluded.updated_at},
    )


_SAVE: Final = Prepared(_save)
