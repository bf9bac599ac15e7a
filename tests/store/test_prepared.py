"""Statements about many rows at once: any number of them, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import bindparam, select, update

from bot.store.engine import insert
from bot.store.prepared import PreparedRows, given_rows
from bot.store.schema import memory
from tests.store.make import NOW

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Update
    from sqlalchemy.dialects.postgresql import Insert

    from bot.store import Store
    from bot.store.prepared import Given

NOW_ONCE = bindparam("now", type_=memory.c.updated_at.type)


def _put(dialect: Dialect, rows: list[Given]) -> Insert:
    return insert(dialect, memory).values([{**row, "updated_at": NOW_ONCE} for row in rows])


def _change(_dialect: Dialect, rows: list[Given]) -> Update:
    given = given_rows(memory, rows)
    changed = update(memory).where(memory.c.key == given.c.key)
    return changed.values(updated_at=NOW_ONCE, value=given.c.value)


PUT = PreparedRows(memory, ("key", "value"), _put)
CHANGE = PreparedRows(memory, ("value", "key"), _change, padded=True)


def _rows(count: int, said: str) -> list[dict[str, Any]]:
    return [{"key": f"key {number}", "value": {said: number}} for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 3, 64, 101])
async def test_any_number_of_rows_is_written_each_once(store: Store, count: int) -> None:
    def do(conn: Connection) -> list[tuple[Any, ...]]:
        PUT.run(conn, _rows(count, "first"), now=NOW)
        CHANGE.run(conn, _rows(count, "then"), now=NOW)
        return sorted(tuple(row) for row in conn.execute(select(memory)))

    kept = await store._backend.write(do)
    assert kept == sorted((row["key"], row["value"], NOW) for row in _rows(count, "then"))
