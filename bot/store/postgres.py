"""PostgreSQL: several processes, each with a pool; NOTIFY after commits wakes the others."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
from sqlalchemy import create_engine, exc, text
from sqlalchemy.util import greenlet_spawn

from bot.store.arrivals import Arrivals
from bot.store.columns import moment
from bot.store.engine import Topics, translated
from bot.store.migrate import downgrade, is_current, unfit, upgrade, version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

T = TypeVar("T")

#: What asyncpg raises besides the server's own errors; the last when a connection was cut in the
#: middle of a command.
_BROKEN: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_POOL: Final = 10
_CONNECT_S: Final = 10.0
_COMMAND_S: Final = 30.0
#: Whatever the server's settings are, a commit is on disk.
_DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_CHANNEL: Final = "bot"
#: Seconds between attempts to listen again, and between signs of life.
_AGAIN_S: Final = 2.0
_QUIET_S: Final = 30.0
#: Between two wake-ups of other processes.
_TOGETHER_S: Final = 0.01
#: Runs of one write before its conflict is told.
_TRIES: Final = 3
#: serialization_failure, deadlock_detected
_CONFLICTS: Final = frozenset({"40001", "40P01"})
#: Two `bot migrate` at once: the second waits. Any fixed number would do.
_MIGRATION_LOCK: Final = 5_143_870_226
_NOW: Final = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")


class Postgres:
    """The backend on a server."""

    def __init__(self, dsn: str) -> None:
        self._engine = _engine(dsn)
        self._topics = Topics()
        self._listener = _Listener(dsn, self._topics)
        self._arrivals = Arrivals(partial(_connect, dsn))

    async def append(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        with translated(_BROKEN):
            stored = await self._arrivals.append(rows)
        self._touch("deliveries")
        return stored

    async def write(self, do: Callable[[Connection], T], *topics: str) -> T:
        result = await self.read(do)
        for topic in topics:
            self._touch(topic)
        return result

    def _touch(self, topic: str) -> None:
        self._topics.touch(topic)
        # After the commit, not within: NOTIFY in a transaction makes all commits queue.
        self._listener.tell(topic)

    def _try(self, do: Callable[[Connection], T]) -> T:
        for again in reversed(range(_TRIES)):
            with self._engine.connect() as conn:
                try:
                    result = do(conn)
                except exc.DBAPIError as error:
                    if again and _harmless(error):
                        continue
                    raise
                # From here on it may have happened: it is not run again.
                conn.commit()
                return result
        raise AssertionError("the last try raises")

    async def read(self, do: Callable[[Connection], T]) -> T:
        with translated(_BROKEN):
            return await greenlet_spawn(self._try, do)

    async def wait(self, topic: str, timeout_s: float) -> None:
        await self._topics.wait(topic, timeout_s)

    async def time(self) -> datetime | None:
        return moment(await self.read(_micros))

    async def shrink(self) -> None:
        """Autovacuum does it."""

    async def open(self) -> None:
        """Raises ConfigError when the tables are not those of this version."""
        found, current = await self.read(lambda conn: (version(conn), is_current(conn)))
        if not current:
            raise unfit(found)
        self._listener.start()

    async def close(self) -> None:
        await self._listener.close()
        await self._arrivals.close()
        await greenlet_spawn(self._engine.dispose)


def _micros(conn: Connection) -> int:
    return int(conn.execute(_NOW).scalar_one())


async def _connect(dsn: str) -> Any:  # asyncpg has no types
    # asyncpg reads the address, so that `sslmode` and `host` work in it as with psql.
    conn = await asyncpg.connect(
        dsn,
        timeout=_CONNECT_S,
        command_timeout=_COMMAND_S,
        server_settings={"application_name": "chatops-bot", "jit": "off"},
    )
    await conn.execute(_DURABLE)
    return conn


def _engine(dsn: str) -> Engine:
    """For use in greenlets only, as `sqlalchemy.ext.asyncio` uses it: that reads the ORM as well,
    7 MB of which nothing is wanted here."""
    engine: Engine = create_engine(
        "postgresql+asyncpg://",
        creator=lambda: engine.dialect.loaded_dbapi.connect(
            async_creator_fn=partial(_connect, dsn)
        ),
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=_CONNECT_S,
    )
    return engine


def _harmless(error: exc.DBAPIError) -> bool:
    """Nothing was committed, and a new try may do better: a conflict, a stale connection."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _CONFLICTS


class _Listener:
    """One connection that hears what other processes touched and tells them what we did."""

    def __init__(self, dsn: str, topics: Topics) -> None:
        self._dsn = dsn
        self._topics = topics
        self._told: set[str] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        # Ended by `close`, within the store's own `async with`.
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def tell(self, topic: str) -> None:
        self._told.add(topic)
        self._news.set()

    async def _run(self) -> None:
        while True:
            # Without it polling finds the work: the next wait ends by its time.
            with contextlib.suppress(OSError, *_BROKEN):
                await self._listen()
            await asyncio.sleep(_AGAIN_S)

    async def _listen(self) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=_CONNECT_S, command_timeout=_COMMAND_S)
        try:
            await conn.add_listener(_CHANNEL, self._heard)
            # Whatever was told while nobody listened.
            self._topics.touch_all()
            while True:
                # Not wait_for: before Python 3.12 it may swallow the cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_QUIET_S):
                        await self._news.wait()
                self._news.clear()
                topics, self._told = self._told, set()
                for topic in topics:
                    await conn.execute("SELECT pg_notify($1, $2)", _CHANNEL, topic)
                if not topics:
                    await conn.execute("SELECT 1")
                # What is told meanwhile is told together: a busy process would do little else.
                await asyncio.sleep(_TOGETHER_S)
        finally:
            conn.terminate()

    def _heard(self, conn: Any, pid: int, _channel: str, topic: str) -> None:  # asyncpg's
        if pid != conn.get_server_pid():
            self._topics.touch(topic)


@contextlib.asynccontextmanager
async def open_postgres(dsn: str) -> AsyncIterator[Postgres]:
    backend = Postgres(dsn)
    try:
        await backend.open()
        yield backend
    finally:
        await backend.close()


async def upgrade_server(dsn: str) -> None:
    """For `bot migrate`."""
    await _alone(dsn, _upgrade)


async def roll_back_server(dsn: str, *, to: str) -> None:
    """For `bot migrate --to`."""
    await _alone(dsn, partial(downgrade, to=to))


async def _alone(dsn: str, do: Callable[[Connection], None]) -> None:
    """In one transaction, and nobody else who changes tables beside it."""
    engine = _engine(dsn)

    def run() -> None:
        with engine.begin() as conn:
            conn.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            do(conn)

    try:
        with translated(_BROKEN):
            await greenlet_spawn(run)
    finally:
        await greenlet_spawn(engine.dispose)


def _upgrade(conn: Connection) -> None:
    if not is_current(conn):
        upgrade(conn)
