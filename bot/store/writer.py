"""SQLite's one writer: a thread that runs all waiting writes in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from bot.errors import StoreError
from bot.store.engine import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

T = TypeVar("T")

#: Writes of one commit: enough to share a flush, few enough to answer soon.
_GROUP: Final = 512


def alchemy(raw: sqlite3.Connection) -> Connection:
    """SQLAlchemy's view of a connection whose transactions somebody else begins and ends."""
    return create_engine(
        "sqlite://", creator=lambda: raw, poolclass=StaticPool, pool_reset_on_return=None
    ).connect()


@dataclass(slots=True, eq=False)
class _Write:
    do: Callable[[Connection], Any]  # each caller knows what its own returns
    done: asyncio.Future[Any]
    result: Any = field(default=None, init=False)
    error: BaseException | None = field(default=None, init=False)


class Writer:
    """Takes writes from the event loop; each fails by itself, and all when the commit fails."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], *, committed: Callable[[int], None]
    ) -> None:
        """`committed`: told after each commit, in the thread, about how many rows it wrote."""
        self._connect = connect
        self._committed = committed
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._raw: sqlite3.Connection | None = None
        self._conn: Connection | None = None
        self._rows = 0
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def run(self, do: Callable[[Connection], T]) -> T:
        if self._closed:
            raise StoreError("the store is closed")
        write = _Write(do, self._loop.create_future())
        self._queue.put(write)
        result: T = await write.done
        return result

    async def close(self) -> None:
        """What was handed over before is still written."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- the thread --------------------------------------------------------------------------

    def _work(self) -> None:
        more = True
        while more:
            group, more = self._take()
            if group:
                self._commit(group)
                with contextlib.suppress(RuntimeError):  # the loop is gone, and its waiters too
                    self._loop.call_soon_threadsafe(_answer, group)
        self._drop()

    def _take(self) -> tuple[list[_Write], bool]:
        """All that waits, at least one; and whether there may be more."""
        group: list[_Write] = []
        write = self._queue.get()
        while write is not None:
            # A caller that went away was not answered, so it counts on nothing.
            if not write.done.cancelled():
                group.append(write)
            if len(group) >= _GROUP:
                return group, True
            try:
                write = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _commit(self, group: Sequence[_Write]) -> None:
        try:
            if self._together(group):
                return
            # SQLite rolled everything back by itself (a full disk, most likely): what one write
            # broke must not stop the others.
            for write in group:
                self._together([write])
        finally:
            self._count()

    def _count(self) -> None:
        """Tells how many rows were written since it was last told, one at least."""
        before, self._rows = self._rows, self._raw.total_changes if self._raw is not None else 0
        self._committed(max(self._rows - before, 1))

    def _together(self, group: Sequence[_Write]) -> bool:
        """One transaction. False when SQLite ended it before its commit."""
        try:
            raw, conn = self._open()
            raw.execute("BEGIN IMMEDIATE")
            attempt = _attempt if len(group) > 1 else _attempt_alone
            for write in group:
                attempt(raw, conn, write)
                if not raw.in_transaction:
                    return len(group) == 1
            raw.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            for write in group:
                write.result, write.error = None, _told(error)
            self._recover()
        return True

    def _open(self) -> tuple[sqlite3.Connection, Connection]:
        if self._raw is None or self._conn is None:
            self._raw = self._connect()
            self._conn = alchemy(self._raw)
        return self._raw, self._conn

    def _recover(self) -> None:
        """Ready for the next group, with a new connection when this one cannot roll back."""
        if self._raw is None:
            return
        try:
            self._raw.rollback()
        except sqlite3.Error:
            self._drop()

    def _drop(self) -> None:
        if self._raw is not None:
            with contextlib.suppress(sqlite3.Error):
                self._raw.close()
        self._raw = self._conn = None


def _attempt(raw: sqlite3.Connection, conn: Connection, write: _Write) -> None:
    write.result = write.error = None
    raw.execute("SAVEPOINT one")
    try:
        write.result = write.do(conn)
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for this write
        write.error = _told(error)
        if raw.in_transaction:
            raw.execute("ROLLBACK TO one")
    if raw.in_transaction:
        raw.execute("RELEASE one")


def _attempt_alone(raw: sqlite3.Connection, conn: Connection, write: _Write) -> None:
    """As `_attempt`, when there is nothing else in the transaction to be kept."""
    write.result = write.error = None
    try:
        write.result = write.do(conn)
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for this write
        write.error = _told(error)
        raw.rollback()


def _told(error: BaseException) -> BaseException:
    told = translate(error)
    if told is not error:
        told.__cause__ = error
    return told


def _answer(group: Sequence[_Write]) -> None:
    for write in group:
        if write.done.done():
            continue
        if write.error is not None:
            write.done.set_exception(write.error)
        else:
            write.done.set_result(write.result)
