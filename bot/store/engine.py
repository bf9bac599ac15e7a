"""What the table groups need of an engine: to write, to read, to be woken; and its errors."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import exc

from bot.errors import BotError, StoreAway, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect, Row, Table
    from sqlalchemy.dialects.postgresql import Insert

T = TypeVar("T")

#: A row of columns that its reader knows by name.
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


class Backend(Protocol):
    """One of the two engines. A `do` may be run more than once; only its last run counts."""

    async def write(self, do: Callable[[Connection], T], *topics: str) -> T:
        """Runs it in a transaction and commits; then touches the topics. Raises StoreError."""

    async def append(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Takes in what `pack_delivery` made, in this order, and touches `deliveries`; for each
        whether it is new. On disk when it returns. Raises StoreError."""

    async def read(self, do: Callable[[Connection], T]) -> T:
        """Runs it on one snapshot. Raises StoreError."""

    async def wait(self, topic: str, timeout_s: float) -> None: ...

    async def time(self) -> datetime | None:
        """By the server's clock; None where there is no server. Raises StoreError."""

    async def shrink(self) -> None:
        """Gives the room of what was deleted back to the system."""


def insert(dialect: Dialect, table: Table) -> Insert:
    """The dialect's own INSERT, for its ON CONFLICT; SQLite's has the same methods."""
    # Each is read with its engine: the other one's dialect is weight.
    if dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return cast("Insert", sqlite_insert(table))
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return postgres_insert(table)


class Topics:
    """Wake-ups inside one process."""

    def __init__(self) -> None:
        self._touched: dict[str, int] = {}
        #: Per topic, what any waiter has seen: a task that never waited before begins there.
        self._heard: dict[str, int] = {}
        self._heard_by: WeakKeyDictionary[asyncio.Task[Any], dict[str, int]] = WeakKeyDictionary()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def touch(self, topic: str) -> None:
        self._touched[topic] = self._touched.get(topic, 0) + 1
        for waiter in self._waiting.pop(topic, ()):
            if not waiter.done():
                waiter.set_result(None)

    def touch_all(self) -> None:
        """All that somebody waits for."""
        for topic in tuple(self._waiting):
            self.touch(topic)

    async def wait(self, topic: str, timeout_s: float) -> None:
        task = asyncio.current_task()
        heard = self._heard_by.setdefault(task, {}) if task is not None else {}
        if self._touched.get(topic, 0) <= heard.get(topic, self._heard.get(topic, 0)):
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(topic, set()).add(waiter)
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(timeout_s, 0)):
                        await waiter
            finally:
                self._waiting.get(topic, set()).discard(waiter)
        heard[topic] = self._heard[topic] = self._touched.get(topic, 0)


@contextmanager
def translated(broken: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Whatever the drivers raise inside comes out as `translate` says."""
    try:
        yield
    except Exception as error:
        told = translate(error, broken)
        if told is error:
            raise
        raise told from error


def translate(error: BaseException, broken: tuple[type[Exception], ...] = ()) -> BaseException:
    """A driver's error as a StoreError that says what to do; any other error as it is. `broken`:
    what the driver raises beside the server's own errors."""
    if isinstance(error, BotError):
        return error
    cause: BaseException | None = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite_error(cause)
    code = getattr(cause, "sqlstate", None)
    if isinstance(code, str):
        told = StoreAway if code.startswith(_AWAY) else StoreError
        return told(_postgres_text(code, cause))
    if isinstance(error, exc.TimeoutError):
        return StoreAway("PostgreSQL: every connection is busy; it may be overloaded")
    if isinstance(cause, ValueError) and isinstance(cause, broken):
        return StoreError(f"the database's driver cannot send it: {cause}")
    if isinstance(cause, (OSError, *broken)):
        what = str(cause) or type(cause).__name__
        return StoreAway(f"the database does not answer: {what}; see that it runs, DATABASE_URL")
    if isinstance(error, exc.SQLAlchemyError):
        return StoreError(f"the database refused: {error}")
    return error


def _sqlite_error(error: sqlite3.Error) -> StoreError:
    text = str(error)
    if getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE":
        # The index of its log did not fit; the text is that of any failure.
        text = f"{text}: disk is full"
    for part, meaning in _SQLITE.items():
        if part in text:
            return StoreAway(f"SQLite: {meaning} ({text})")
    return StoreError(f"SQLite: {text}")


def _postgres_text(code: str, error: BaseException | None) -> str:
    text = str(error).partition(">: ")[2] or str(error)
    meaning = _POSTGRES.get(code) or _POSTGRES.get(code[:2])
    return f"PostgreSQL: {meaning} ({text})" if meaning else f"PostgreSQL: {text} ({code})"


_SQLITE: Final[Mapping[str, str]] = {
    "disk is full": "the disk is full; free some space or run `bot prune`",
    "readonly": "the database may not be written; see the rights of its file and directory",
    "locked": "another program holds the database; close it",
    "disk I/O": "the disk failed; see the system's log",
    "unable to open": "the file cannot be opened; see the rights of its file and directory",
    "malformed": "the file is damaged; restore a copy",
    "not a database": "the file is not a database; see DATABASE_URL",
    "no such table": "the tables are missing; start the bot once or run `bot migrate`",
}

#: Begin the SQLSTATEs of a server that is not there or takes nothing now, rather than of one that
#: refuses something.
_AWAY: Final = ("08", "25006", "53", "57P", "58")
#: By SQLSTATE or its class.
_POSTGRES: Final[Mapping[str, str]] = {
    "53100": "the server's disk is full",
    "53300": "the server has no connection left; raise max_connections",
    "53": "the server lacks resources",
    "25006": "the server is read-only, a standby perhaps; see DATABASE_URL",
    "28": "the server refuses the user or password; see DATABASE_URL",
    "3D000": "there is no such database; see DATABASE_URL",
    "42P01": "the tables are missing; run `bot migrate`",
    "42501": "the user lacks rights in the database",
    "57P": "the server is stopping or starting",
    "57": "the server ended the command",
    "08": "the connection broke",
}
