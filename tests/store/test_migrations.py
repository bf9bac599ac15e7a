"""The revisions make exactly the tables of the schema, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store import migrate
from bot.store.migrate import make, upgrade, version
from bot.store.migrations import HEAD
from bot.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


def _compared(_object: object, name: str | None, *_: object) -> bool:
    """All but the index that is not the same on both engines; SQLAlchemy cannot read it back."""
    return name != "deliveries_waiting"


def _differences(conn: Connection) -> list[Any]:  # Alembic's own tuples
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": _compared,
    }
    context = MigrationContext.configure(conn, opts=options)
    return list(compare_metadata(context, metadata))


@pytest.fixture(params=["by all revisions", "at once"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/bot.db")
    with engine.begin() as conn:
        (make if request.param == "at once" else upgrade)(conn)
        yield conn
    engine.dispose()


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_a_file_has_the_tables_of_the_schema(made: Connection) -> None:
    assert version(made) == HEAD
    assert _differences(made) == []


async def test_a_migrated_server_has_the_tables_of_the_schema(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as conn:
        assert await conn.run_sync(_differences) == []
    await engine.dispose()


def _columns(conn: Connection) -> dict[str, set[tuple[object, ...]]]:
    """Of each table: names, types, whether they may be empty, what they are by default."""
    names = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    return {
        name: {tuple(row[1:]) for row in conn.exec_driver_sql(f"PRAGMA table_info({name})")}
        for name in names
    }


def _indices(conn: Connection) -> set[str]:
    found = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index'").scalars()
    return {" ".join(text.split()).replace('"', "") for text in found if text}


def test_a_file_made_at_once_has_what_the_revisions_make(tmp_path: Path) -> None:
    found = []
    for how in (make, upgrade):
        engine = create_engine(f"sqlite:///{tmp_path}/{how.__name__}.db")
        with engine.begin() as conn:
            how(conn)
            found.append((_indices(conn), _columns(conn)))
        engine.dispose()
    assert found[0] == found[1]


async def test_a_migrated_server_finds_what_waits_by_its_lane(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url.replace("postgresql:", "postgresql+asyncpg:"))
    async with engine.connect() as conn:
        query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'deliveries_waiting'"
        found = (await conn.exec_driver_sql(query)).scalar_one()
    await engine.dispose()
    assert found.endswith("(lane, seq) WHERE (status = 'new'::text)")


async def test_migrating_twice_changes_nothing(url: str) -> None:
    await migrate(url)
    await migrate(url)


def test_the_newest_revision_is_the_one_that_is_checked_at_the_start() -> None:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_moment_is_stored_as_a_number(table: Any) -> None:
    for column in table.columns:
        assert "DATE" not in str(column.type.compile()).upper(), column
