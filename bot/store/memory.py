"""What rules remember between deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.store.engine import insert
from bot.store.schema import memory, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Json


def load(conn: Connection, keys: Sequence[str]) -> dict[str, Json]:
    """Each key asked for, None where nothing is known."""
    query = select(memory.c.key, memory.c.value).where(memory.c.key.in_(keys))
    found = {row.key: row.value for row in conn.execute(query)}
    return {key: found.get(short(key)) for key in keys}


def save(conn: Connection, remember: Mapping[str, Json], *, now: datetime) -> None:
    """None forgets a key. In the order of keys: two workers must not wait for each other."""
    for key in sorted(remember):
        value = remember[key]
        if value is None:
            conn.execute(delete(memory).where(memory.c.key == key))
            continue
        added = insert(conn.dialect, memory).values(key=key, value=value, updated_at=now)
        conn.execute(
            added.on_conflict_do_update(
                index_elements=[memory.c.key],
                set_={"value": added.excluded.value, "updated_at": added.excluded.updated_at},
            )
        )
