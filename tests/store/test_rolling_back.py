"""Rows survive the way from the first version's tables to today's, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, create_engine, insert, inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import ConfigError
from bot.store import migrate, open_store, roll_back
from bot.store.migrate import downgrade, make, upgrade, version
from bot.store.migrations import HEAD
from tests.store.make import KEY, delivery, delivery_id

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

REVISIONS = [f"{number:04}" for number in range(1, int(HEAD) + 1)]
VALUES: dict[type, Any] = {int: 7, bool: True, bytes: b"body", str: '"text"'}

Rows = dict[str, dict[str, Any]]


def _fill(conn: Connection) -> Rows:
    """One row in every table."""
    found = MetaData()
    found.reflect(conn)
    made: Rows = {}
    for name, table in found.tables.items():
        if name != "alembic_version":
            made[name] = {one.name: VALUES[one.type.python_type] for one in table.columns}
            conn.execute(table.delete())
            conn.execute(insert(table).values(made[name]))
    return made


def _read(conn: Connection, known: Rows) -> Rows:
    tables = MetaData()
    tables.reflect(conn)
    return {
        name: dict(
            conn.execute(select(*(tables.tables[name].c[column] for column in row)))
            .mappings()
            .one()
        )
        for name, row in known.items()
    }


def _there_and_back(conn: Connection) -> None:
    upgrade(conn, REVISIONS[0])
    first = _fill(conn)
    for revision in REVISIONS[1:]:
        upgrade(conn, revision)
        assert version(conn) == revision
        assert _read(conn, first) == first, revision
    _fill(conn)
    for revision in reversed(REVISIONS[:-1]):
        downgrade(conn, revision)
        assert version(conn) == revision
        assert _read(conn, first) == first, revision
    assert set(inspect(conn).get_table_names()) == {*first, "alembic_version"}
    upgrade(conn)
    assert _read(conn, first) == first
    downgrade(conn, "base")
    assert inspect(conn).get_table_names() == ["alembic_version"]


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_rows_survive_every_version_in_a_file(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/bot.db")
    with engine.begin() as conn:
        _there_and_back(conn)
    engine.dispose()


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_a_file_made_at_once_goes_back_and_forth(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/bot.db")
    with engine.begin() as conn:
        make(conn)
        rows = _fill(conn)
        downgrade(conn, REVISIONS[0])
        tables = set(inspect(conn).get_table_names())
        assert tables < {*rows, "alembic_version"}
        upgrade(conn)
        assert version(conn) == HEAD
        assert {name: {*row} for name, row in _fill(conn).items()} == {
            name: {*row} for name, row in rows.items()
        }
    engine.dispose()


async def test_rows_survive_every_version_on_a_server(empty_postgres_url: str) -> None:
    engine = create_async_engine(empty_postgres_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.begin() as conn:
        await conn.run_sync(_there_and_back)
    await engine.dispose()


async def test_a_delivery_outlives_going_back_and_forth(url: str) -> None:
    async with open_store(url, secret_key=KEY) as store:
        await store.append(delivery(1))
    await roll_back(url, to=REVISIONS[-2])
    await migrate(url)
    async with open_store(url, secret_key=KEY) as store:
        found = await store.delivery(delivery_id(1))
    assert found is not None
    assert found[0].body == delivery(1).body


async def test_a_bot_refuses_the_tables_of_a_newer_one_and_says_what_to_do(url: str) -> None:
    async with open_store(url, secret_key=KEY) as store:
        await store.append(delivery(1))
    await _stamp(url, "9999")
    newer = rf"tables of a newer bot \(9999, this one needs {HEAD}\)"
    for attempt in (_opened(url), migrate(url)):
        with pytest.raises(ConfigError, match=newer) as refused:
            await attempt
        assert f"bot migrate --to {HEAD}" in str(refused.value)
    await _stamp(url, HEAD)
    async with open_store(url, secret_key=KEY) as store:
        assert await store.delivery(delivery_id(1)) is not None


async def _opened(url: str) -> None:
    async with open_store(url, secret_key=KEY):
        pass


async def _stamp(url: str, revision: str) -> None:
    """As if another version of the bot had made the tables."""
    command = text("UPDATE alembic_version SET version_num = :to")
    if url.startswith("sqlite"):
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(command, {"to": revision})
        engine.dispose()
        return
    server = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with server.begin() as conn_:
        await conn_.execute(command, {"to": revision})
    await server.dispose()


async def test_a_version_that_never_was_changes_nothing(url: str) -> None:
    async with open_store(url, secret_key=KEY) as store:
        await store.append(delivery(1))
    with pytest.raises(ConfigError, match="--to 9999: no such version"):
        await roll_back(url, to="9999")
    async with open_store(url, secret_key=KEY) as store:
        assert await store.delivery(delivery_id(1)) is not None


async def test_a_running_bot_keeps_its_tables(sqlite_url: str) -> None:
    async with open_store(sqlite_url, secret_key=KEY):
        with pytest.raises(ConfigError, match="in use by process"):
            await roll_back(sqlite_url, to=REVISIONS[-2])
