"""A backup as an operator takes it, from a bot under load, and a bot that starts on it."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from bot.model import HookRecord
from bot.store import open_store
from tests.e2e.running import RULES, Place, Sender, numbers
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)

HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="15",
    project="shop/api",
    remote_id="77",
    secrets=("a-secret-of-this-hook-alone",),
)


async def test_a_copy_under_load_starts_elsewhere_with_its_secrets(
    place: Place, slack: FakeSlack, forge: Sender, tmp_path: Path
) -> None:
    async with open_store(place.settings["DATABASE_URL"], secret_key=None) as store:
        await store.save_hook(HOOK)
    stop = asyncio.Event()

    async def load(url: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            assert await forge.number(url, number)

    async with place.bot() as bot, asyncio.TaskGroup() as group:
        group.create_task(load(bot.url))
        await until(lambda: len(forge.acknowledged) >= 20, "the load")
        before = len(forge.acknowledged)
        taken = await place.command("backup", f"{tmp_path}/copy.db")
        stop.set()
        assert (taken.code, "keep both" in taken.out) == (0, True)

    elsewhere = Place(tmp_path / "elsewhere", dict(place.settings))
    (elsewhere.folder / "var").mkdir(parents=True)
    elsewhere.rules.write_text(RULES)
    shutil.copy(tmp_path / "copy.db", elsewhere.database)
    shutil.copy(tmp_path / "copy.db.key", f"{elsewhere.database}.key")
    elsewhere.settings["DATABASE_URL"] = f"sqlite:///{elsewhere.database}"
    async with elsewhere.bot() as restored:
        for secret, status in (("wrong", 401), (HOOK.secrets[0], 202)):
            answer = await forge.send(
                restored.url, key="own", hook="h1", secret=secret, branch="number-9999-"
            )
            assert answer == status
        await until(lambda: 9999 in numbers(slack), "a message of the restored bot")

        async def settled() -> bool:
            listed = await elsewhere.command("outbox", "list", "--json")
            return listed.code == 0 and not listed.out

        await until(settled, "what waited at the time of the copy")
    assert set(range(1, before + 1)) <= set(numbers(slack))
