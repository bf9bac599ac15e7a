"""SQLite: one process, its file, a killed process, and disks that fail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.errors import ConfigError, StoreError
from bot.model import HookRecord
from bot.store import migrate, open_store
from bot.store.sqlite import Sqlite, connect, open_sqlite
from bot.store.writer import Writer
from tests.store.make import (
    action,
    claim,
    claim_item,
    delivery,
    delivery_id,
    next_deliveries,
    plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

SECRET = "the secret of a hook"
HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="15",
    project="shop/web",
    remote_id="77",
    secrets=(SECRET,),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "bot.db"


@pytest.fixture
def file(path: Path) -> Path:
    """The same, in a directory that is there."""
    path.parent.mkdir()
    return path


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@contextlib.contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def test_the_file_is_made_with_pages_of_its_own_size_and_a_log(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    with raw(path) as connection:
        told = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "auto_vacuum", "journal_mode", "integrity_check")
        ]
    assert told == [8192, 2, "wal", "ok"]


async def test_a_relative_url_is_a_relative_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_store("sqlite:///var/bot.db", secret_key=None):
        pass
    assert (tmp_path / "var" / "bot.db").exists()


async def test_a_store_in_memory_is_refused() -> None:
    with pytest.raises(ConfigError, match="names no file"):
        async with open_store("sqlite:///:memory:", secret_key=None):
            pass


async def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    async with open_store(url, secret_key=None) as store:
        await store.append(delivery(1))
        await store.save_hook(HOOK)
    async with open_store(url, secret_key=None) as store:
        assert (await claim(store)).deliveries == (delivery(1),)
        assert await store.hook("h1") == HOOK


async def test_a_start_frees_what_the_process_before_held(url: str) -> None:
    async with open_store(url, secret_key=None) as store:
        await plan(store, 1, action(1))
        await claim_item(store)
        await store.append(delivery(2))
        await claim(store)
    async with open_store(url, secret_key=None) as store:
        assert (await claim_item(store)).item.maybe_sent
        assert len((await claim(store)).deliveries) == 1


async def test_a_second_process_is_refused_and_told_which_one_is_there(url: str) -> None:
    async with open_store(url, secret_key=None):
        with pytest.raises(ConfigError, match=f"in use by process {os.getpid()}:"):
            async with open_store(url, secret_key=None):
                pass
        with pytest.raises(ConfigError, match="in use by process"):
            await migrate(url)
    async with open_store(url, secret_key=None):
        pass


async def test_a_command_beside_the_bot_reads_and_writes(url: str) -> None:
    async with open_store(url, secret_key=None) as bot:
        await bot.append(delivery(1))
        async with open_store(url, secret_key=None, exclusive=False) as command:
            assert len(await command.list_deliveries()) == 1
            await command.append(delivery(2))
        assert len((await claim(bot)).deliveries) == 2


async def test_a_command_beside_the_bot_frees_no_lease(url: str) -> None:
    async with open_store(url, secret_key=None) as bot:
        await bot.append(delivery(1))
        await claim(bot)
        async with open_store(url, secret_key=None, exclusive=False):
            pass
        assert await next_deliveries(bot) is None


async def test_a_killed_process_loses_nothing_that_it_acknowledged(path: Path, url: str) -> None:
    script = (
        "import asyncio, os, signal\n"
        "from bot.store import open_store\n"
        "from tests.store.make import delivery, claim\n"
        "async def main():\n"
        f"    async with open_store({url!r}, secret_key=None) as store:\n"
        "        await asyncio.gather(*(store.append(delivery(n)) for n in range(200)))\n"
        "        await claim(store)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], cwd=root, check=False
    )
    assert ended.returncode == -9
    async with open_store(url, secret_key=None) as store:
        found = (await claim(store, limit=1000)).deliveries
    assert {one.id for one in found} == {delivery_id(number) for number in range(200)}


# -- secrets ---------------------------------------------------------------------------------


async def test_no_secret_is_readable_in_the_files(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None) as store:
        await store.save_hook(HOOK)
        kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    kept += b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"shop/web" in kept
    assert SECRET.encode() not in kept


async def test_the_files_are_their_owners_only(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"bot.db": 0o600, "bot.db.key": 0o600, "bot.db.lock": 0o600}


async def test_a_wrong_key_is_told_at_the_start(path: Path, url: str) -> None:
    async with open_store(url, secret_key="the first key"):
        pass
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        async with open_store(url, secret_key="another key"):
            pass
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        async with open_store(url, secret_key=None):
            pass


async def test_a_changed_key_reads_what_the_old_one_wrote(url: str) -> None:
    async with open_store(url, secret_key="the old key") as store:
        await store.save_hook(HOOK)
    async with open_store(url, secret_key="the new key,the old key") as store:
        assert await store.hook("h1") == HOOK


async def test_a_key_that_is_set_later_still_reads_what_the_kept_one_wrote(url: str) -> None:
    async with open_store(url, secret_key=None) as store:
        await store.save_hook(HOOK)
    async with open_store(url, secret_key="now there is one") as store:
        assert await store.hook("h1") == HOOK


# -- faults ----------------------------------------------------------------------------------


async def test_an_empty_file_is_used(file: Path, url: str) -> None:
    file.write_bytes(b"")  # noqa: ASYNC240 - nothing else runs
    async with open_store(url, secret_key=None) as store:
        assert await store.append(delivery(1))


async def test_a_file_that_is_no_database_is_refused(file: Path, url: str) -> None:
    file.write_bytes(b"some text that is as long as a page " * 50)  # noqa: ASYNC240 - as above
    with pytest.raises(StoreError, match="not a database; see DATABASE_URL"):
        async with open_store(url, secret_key=None):
            pass


async def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="DATABASE_URL: cannot make"):
        async with open_store(f"sqlite:///{tmp_path}/file/bot.db", secret_key=None):
            pass


async def test_tables_of_a_newer_bot_are_refused(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    with raw(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match=r"newer bot \(9999,"):
        async with open_store(url, secret_key=None):
            pass


def _limit(conn: Connection, pages: int) -> None:
    conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    async with open_sqlite(path, exclusive=True) as backend:
        await backend.write(_make_table)
        await backend.write(partial(_limit, pages=1))
        big, *small = await asyncio.gather(
            backend.write(partial(_put, size=4_000_000)),
            *(backend.write(partial(_put, size=1)) for _ in range(5)),
            return_exceptions=True,
        )
        assert isinstance(big, StoreError)
        assert "disk is full" in str(big)
        assert small == [None] * 5
        await backend.write(partial(_limit, pages=1_000_000))
        await backend.write(partial(_put, size=4_000_000))
        assert await backend.read(_count) == 6


async def test_a_locked_database_fails_the_write_and_the_next_one_works(
    url: str, path: Path
) -> None:
    async with open_store(url, secret_key=None) as store:
        await store._backend.write(_be_impatient)
        with raw(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another program holds the database"):
                await store.append(delivery(1))
            other.execute("ROLLBACK")
        assert await store.append(delivery(1))


async def test_a_failing_write_spoils_no_other_of_its_group(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    async with open_sqlite(path, exclusive=True) as backend:
        await backend.write(_make_table)
        results = await asyncio.gather(
            *(backend.write(_put if n % 3 else _put_and_fail) for n in range(30)),
            return_exceptions=True,
        )
        failed = [result for result in results if isinstance(result, ZeroDivisionError)]
        assert len(failed) == 10
        assert await backend.read(_count) == 20


async def test_a_commit_that_fails_fails_all_its_writes_and_the_next_group_works(
    tmp_path: Path,
) -> None:
    def strict() -> sqlite3.Connection:
        connection = connect(tmp_path / "any.db")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    writer = Writer(strict, committed=lambda _rows: None)
    await writer.run(_make_table)
    await writer.run(_make_children)
    held = threading.Event()
    holding = asyncio.ensure_future(writer.run(lambda _conn: held.wait()))
    both = [asyncio.ensure_future(writer.run(do)) for do in (_put, _add_orphan)]
    await asyncio.sleep(0)  # they are handed over
    held.set()
    results = await asyncio.gather(*both, return_exceptions=True)
    assert {type(result) for result in results} == {StoreError}
    await asyncio.gather(holding, return_exceptions=True)
    assert await writer.run(_count) == 0
    await writer.run(_put)
    assert await writer.run(_count) == 1
    await writer.close()


async def test_a_reader_cannot_write(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    async with open_sqlite(path, exclusive=False) as backend:
        await backend.write(_make_table)
        with pytest.raises(StoreError, match="may not be written"):
            await backend.read(_put)


async def test_a_closed_store_says_so(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None) as store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await store.append(delivery(1))


async def test_a_caller_that_went_away_before_its_turn_is_not_served(path: Path, url: str) -> None:
    async with open_store(url, secret_key=None):
        pass
    backend = Sqlite(path, exclusive=False)
    await backend.write(_make_table)
    async with asyncio.TaskGroup() as group:
        gone = [group.create_task(backend.write(_put)) for _ in range(3)]
        await asyncio.sleep(0)
        gone[1].cancel()
    assert [task.cancelled() for task in gone] == [False, True, False]
    assert await backend.read(_count) in {2, 3}
    await backend.close()


def _make_table(conn: Connection) -> None:
    conn.exec_driver_sql("CREATE TABLE t (x BLOB)")


def _make_children(conn: Connection) -> None:
    conn.exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    conn.exec_driver_sql(
        "CREATE TABLE children (id REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
    )


def _add_orphan(conn: Connection) -> None:
    """Breaks a rule that is looked at only by the commit."""
    conn.exec_driver_sql("INSERT INTO children VALUES (5)")


def _put(conn: Connection, size: int = 1) -> None:
    conn.exec_driver_sql("INSERT INTO t VALUES (zeroblob(?))", (size,))


def _put_and_fail(conn: Connection) -> None:
    _put(conn)
    raise ZeroDivisionError


def _count(conn: Connection) -> int:
    return int(conn.exec_driver_sql("SELECT count(*) FROM t").scalar_one())


def _be_impatient(conn: Connection) -> None:
    conn.exec_driver_sql("PRAGMA busy_timeout=0")
