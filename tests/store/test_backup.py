"""A backup taken while the bot writes is whole, and a bot that starts on it finds everything."""

from __future__ import annotations

import asyncio
import shutil
import stat
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store import copy, open_store
from bot.store.sqlite import path_of
from tests.store.make import delivery, delivery_id


async def test_what_was_stored_before_a_backup_is_there_after_restoring_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    to = tmp_path / "copy.db"
    writing = asyncio.Event()
    async with open_store(sqlite_url, secret_key=None) as store:
        for number in range(50):
            await store.append(delivery(number))

        async def load() -> int:
            number = 1_000
            while not to.exists():
                await asyncio.gather(*(store.append(delivery(number + n)) for n in range(20)))
                number += 20
                writing.set()
            return number

        async with asyncio.TaskGroup() as group:
            loading = group.create_task(load())
            await writing.wait()
            group.create_task(copy(sqlite_url, to))
        assert loading.result() > 1_000
    path = path_of(sqlite_url)
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    shutil.copy(to, path)
    shutil.copy(f"{to}.key", f"{path}.key")
    async with open_store(sqlite_url, secret_key=None) as store:
        for number in range(50):
            assert await store.delivery(delivery_id(number)) is not None
        await store.append(delivery(9_999))
        assert (await store.backlog()).deliveries > 50


async def test_a_backup_is_for_its_owner_only(sqlite_url: str, tmp_path: Path) -> None:
    async with open_store(sqlite_url, secret_key=None):
        await copy(sqlite_url, tmp_path / "copy.db")
    for name in ("copy.db", "copy.db.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_a_backup_replaces_nothing(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    async with open_store(sqlite_url, secret_key=None):
        with pytest.raises(ConfigError, match="is there already"):
            await copy(sqlite_url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


async def test_a_server_is_backed_up_by_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pg_dump"):
        await copy("postgresql://localhost/bot", tmp_path / "copy.db")
