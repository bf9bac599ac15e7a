"""SQLite: one process, one writer, a few readers, checkpoints off the request path."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import inspect, make_url

from bot.errors import ConfigError, StoreError
from bot.store import deliveries, holding, jobs, lanes, migrate
from bot.store.checkpoints import Checkpoints
from bot.store.columns import moment
from bot.store.engine import Topics, translated
from bot.store.pace import Pace
from bot.store.writer import Writer, alchemy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

T = TypeVar("T")

_READERS: Final = 4
#: How long a writer waits for another process (`bot` on the command line) to finish its row.
_BUSY_S: Final = 5.0
#: Small enough that a row that changes costs little log, large enough for two deliveries or three.
_PAGE: Final = 8 * 1024
#: Kept ready by a connection: those of many rows are one for each number of rows.
_STATEMENTS: Final = 256
#: Pages given back to the system in one go, at most.
_SHRINK: Final = 100


def path_of(database_url: str) -> Path:
    database = make_url(database_url).database
    if not database or database == ":memory:":
        raise ConfigError(["DATABASE_URL: names no file; use `sqlite:///path/to/bot.db`"])
    return Path(database)


class Sqlite:
    """The backend on a file."""

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        self._path = path
        self._topics = Topics()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._checkpoints = Checkpoints(partial(connect, path, mode="rw")) if exclusive else None
        self._writer = Writer(self._connect, committed=self._committed)

    async def write(self, do: Callable[[Connection], T], *topics: str) -> T:
        result = await self._writer.run(do)
        for topic in topics:
            self._topics.touch(topic)
        return result

    async def append(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        received_at = moment(rows[0]["received_at"])
        return await self.write(
            partial(deliveries.append, rows=rows, received_at=received_at), "deliveries"
        )

    async def read(self, do: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, do)

    async def wait(self, topic: str, timeout_s: float) -> None:
        await self._topics.wait(topic, timeout_s)

    async def time(self) -> datetime | None:
        return None

    async def shrink(self) -> None:
        # By the writer, like all that is written: beside it, a lock that is taken again at once
        # would leave it none for seconds.
        pace = Pace(first=20, least=5, most=_SHRINK)
        spare = await self.read(_spare)
        while spare:
            await pace.take(self.write, partial(_shrink, pages=pace.step))
            left = await self.read(_spare)
            if left >= spare:
                return  # Somebody frees more, or this file was made otherwise.
            spare = left

    async def close(self) -> None:
        await asyncio.to_thread(self._close)
        # Last, because the last connection tidies the log away, and a reader cannot.
        await self._writer.close()

    def _close(self) -> None:
        self._readers.shutdown(wait=True)
        for raw in self._opened:
            raw.close()
        if self._checkpoints is not None:
            self._checkpoints.close()

    def _connect(self) -> sqlite3.Connection:
        raw = connect(self._path)
        if self._checkpoints is not None:
            raw.execute("PRAGMA wal_autocheckpoint=0")
        return raw

    def _committed(self, rows: int) -> None:
        if self._checkpoints is not None:
            self._checkpoints.written(rows)

    def _read(self, do: Callable[[Connection], T]) -> T:
        with translated():
            raw, conn = self._reader()
            raw.execute("BEGIN")
            try:
                return do(conn)
            finally:
                raw.rollback()

    def _reader(self) -> tuple[sqlite3.Connection, Connection]:
        found: tuple[sqlite3.Connection, Connection] | None = getattr(self._local, "pair", None)
        if found is None:
            raw = connect(self._path, mode="ro")
            self._opened.append(raw)
            found = self._local.pair = (raw, alchemy(raw))
        return found


def _spare(conn: Connection) -> int:
    return int(conn.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def _shrink(conn: Connection, *, pages: int) -> None:
    for _ in range(pages):
        # One page at a time: Python takes one step of the statement, whatever number it says.
        conn.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def connect(path: Path, *, mode: str = "rwc", busy_s: float = _BUSY_S) -> sqlite3.Connection:
    """Transactions are begun and ended by hand. `mode`: `ro`, `rw`, `rwc`."""
    address = f"file:{quote(str(path))}?mode={mode}"
    raw = sqlite3.connect(
        address,
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    # FULL: a commit is on disk when it returns, also after a power cut.
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA temp_store=MEMORY")
    return raw


@contextlib.asynccontextmanager
async def open_sqlite(path: Path, *, exclusive: bool) -> AsyncIterator[Sqlite]:
    """`exclusive`: this process runs the lanes; a second one gets a ConfigError."""
    with _locked(path) if exclusive else contextlib.nullcontext():
        await asyncio.to_thread(_prepare, path, exclusive=exclusive)
        backend = Sqlite(path, exclusive=exclusive)
        try:
            if exclusive:
                await backend.write(_clear_leases)
            yield backend
        finally:
            await backend.close()


def _clear_leases(conn: Connection) -> None:
    lanes.clear_leases(conn)
    jobs.clear_leases(conn)
    holding.clear_leases(conn)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds `<file>.lock`, with our process id in it, until the end; the system frees it when
    the process dies."""
    _make_directory(path)
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError([f"DATABASE_URL: cannot write {lock}: {error.strerror}"]) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise ConfigError(
                [
                    f"DATABASE_URL: {path} is in use by process {holder}: stop that one first, or"
                    " use PostgreSQL, which serves several processes"
                ]
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _make_directory(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"DATABASE_URL: cannot make {path.parent}: {error.strerror}"
        raise ConfigError([text]) from error


def _prepare(path: Path, *, exclusive: bool) -> None:
    """The file with its tables: made when missing, brought up to date when old."""
    _make_directory(path)
    with contextlib.suppress(OSError):  # SQLite says better what is wrong
        # Payloads are nobody else's business; the log gets the same rights from it.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with translated(), contextlib.closing(connect(path)) as raw:
        # Both hold only when they are set before the first table is made.
        raw.execute(f"PRAGMA page_size={_PAGE}")
        raw.execute("PRAGMA auto_vacuum=INCREMENTAL")
        mode = raw.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise StoreError(f"SQLite: {path} cannot keep a log beside it; use a local disk")
        with alchemy(raw) as conn:
            if migrate.is_current(conn):
                return
            with contextlib.nullcontext() if exclusive else _locked(path):
                _upgrade(raw, conn)


def _upgrade(raw: sqlite3.Connection, conn: Connection) -> None:
    raw.execute("BEGIN IMMEDIATE")
    try:
        if inspect(conn).get_table_names():
            migrate.upgrade(conn)
        else:
            migrate.make(conn)
    except BaseException:
        raw.rollback()
        raise
    raw.execute("COMMIT")


def upgrade_file(path: Path) -> None:
    """For `bot migrate`: the same as at the start, with nobody else on the file."""
    with _locked(path):
        _prepare(path, exclusive=True)


def copy_file(path: Path, to: Path, draft: Path) -> None:
    """A whole copy of the database and of its key, while a bot may be writing. Both are readable by
    their owner only, and neither replaces a file. It grows as `draft`."""
    key, key_copy = path.with_name(f"{path.name}.key"), to.with_name(f"{to.name}.key")
    if not path.exists():
        raise ConfigError([f"DATABASE_URL: there is no {path}"])
    for made in (to, key_copy):
        if made.exists():
            raise ConfigError([f"{made} is there already: name another file"])
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            translated(),
            contextlib.closing(connect(path, mode="ro")) as source,
            contextlib.closing(sqlite3.connect(draft)) as copy,
        ):
            # In one step: in several, each write of the bot would begin it anew.
            source.backup(copy)
            # One file alone is the copy: without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        if key.exists():
            _write_key(key_copy, key.read_bytes())
        draft.rename(to)
    except OSError as error:
        raise ConfigError([f"cannot write {to}: {error.strerror}"]) from error
    finally:
        draft.unlink(missing_ok=True)


def _write_key(file: Path, key: bytes) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        stream.write(key)


def roll_back_file(path: Path, *, to: str) -> None:
    """For `bot migrate --to`, with nobody else on the file."""
    if not path.exists():
        raise ConfigError([f"DATABASE_URL: there is no {path}"])
    opened = contextlib.closing(connect(path, mode="rw"))
    with _locked(path), translated(), opened as raw, alchemy(raw) as conn:
        raw.execute("BEGIN IMMEDIATE")
        try:
            migrate.downgrade(conn, to)
        except BaseException:
            raw.rollback()
            raise
        raw.execute("COMMIT")


def kept_key(path: Path) -> str:
    """The key beside the database, made when there is none; readable by its owner only."""
    file = path.with_name(f"{path.name}.key")
    if not file.exists():
        try:
            _make_key(file)
        except OSError as error:
            raise ConfigError([f"SECRET_KEY: cannot write {file}: {error.strerror}"]) from error
    return _read_key(file)


def _make_key(file: Path) -> None:
    """Whole or not at all: half a key would lock every secret up."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(32))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):  # another process was faster: its key counts
            os.link(draft, file)
    finally:
        draft.unlink()


def existing_key(path: Path) -> str | None:
    file = path.with_name(f"{path.name}.key")
    return _read_key(file) if file.exists() else None


def _read_key(file: Path) -> str:
    try:
        key = file.read_text().strip()
    except OSError as error:
        raise ConfigError([f"SECRET_KEY: cannot read {file}: {error.strerror}"]) from error
    if not key:
        raise ConfigError([f"SECRET_KEY: {file} is empty; restore it or set SECRET_KEY"])
    return key
