"""After a change of the key everything is encrypted anew, and the old key opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store import open_store
from bot.store.key_file import changing
from tests.store.make import HOOK, JOB, PAGE

OLD, NEW = "the old key of this test", "the new key of this test"


async def filled(url: str, key: str | None) -> str:
    """The token of a page."""
    async with open_store(url, secret_key=key) as store:
        await store.save_hook(HOOK)
        await store.add_job(JOB)
        return await store.put_once(PAGE)


async def assert_all_there(url: str, key: str | None, token: str) -> None:
    async with open_store(url, secret_key=key) as store:
        assert await store.hook("h1") == HOOK
        job = await store.job("j1")
        assert job is not None
        assert job.reply_to == JOB.reply_to
        assert await store.take_once(token) == PAGE


async def test_the_new_key_alone_opens_everything_afterwards(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    token = await filled(url, OLD)
    async with open_store(url, secret_key=f"{NEW},{OLD}") as store:
        done = await store.reseal()
    assert done == {"hooks": 1, "commands": 1, "one-time pages": 1}
    await assert_all_there(url, NEW, token)
    with pytest.raises(ConfigError, match="another key"):
        async with open_store(url, secret_key=OLD):
            pass


async def test_the_key_beside_the_file_is_changed(tmp_path: Path) -> None:
    url, path = f"sqlite:///{tmp_path}/bot.db", tmp_path / "bot.db"
    token = await filled(url, None)
    key = (tmp_path / "bot.db.key").read_text()
    with changing(path):
        assert (tmp_path / "bot.db.key").read_text().endswith(f",{key}")
        async with open_store(url, secret_key=None) as store:
            await store.reseal()
    now = (tmp_path / "bot.db.key").read_text()
    assert key not in now
    assert "," not in now
    assert (tmp_path / "bot.db.key").stat().st_mode & 0o077 == 0
    await assert_all_there(url, None, token)


async def test_cut_off_in_the_middle_the_file_holds_every_key(tmp_path: Path) -> None:
    url, path = f"sqlite:///{tmp_path}/bot.db", tmp_path / "bot.db"
    token = await filled(url, None)
    with pytest.raises(KeyboardInterrupt), changing(path):
        raise KeyboardInterrupt
    await assert_all_there(url, None, token)


async def test_a_file_that_a_bot_is_using_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    async with open_store(url, secret_key=OLD):
        with pytest.raises(ConfigError):
            async with open_store(url, secret_key=f"{NEW},{OLD}"):
                pass
