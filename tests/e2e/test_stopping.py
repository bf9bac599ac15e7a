"""Under load processes stop as they are told and rules change: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.load import RULES, Load
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.running import Place, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)

TAKEN = "rules loaded"
STALE = "rules do not load; the last good ones stay"
EDITS = (TAKEN, TAKEN, STALE, TAKEN)


@pytest.fixture
def load(place: Place, slack: FakeSlack, forge: Sender) -> Load:
    place.rules.write_text(RULES)
    return Load(forge, slack)


@asynccontextmanager
async def loaded(load: Load) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        try:
            yield
        finally:
            load.end()


async def more(load: Load, count: int) -> None:
    """That many further deliveries were acknowledged."""
    wanted = len(load.acknowledged) + count
    await until(lambda: len(load.acknowledged) >= wanted, "the load goes on")


async def test_a_process_that_is_told_to_stop_does_so_in_order(place: Place, load: Load) -> None:
    async with loaded(load):
        for _ in range(2):
            async with place.bot() as bot:
                load.url = bot.url
                await more(load, 12)
                assert await bot.terminate() == 0
        load.end()
        async with place.bot() as bot:
            load.url = bot.url
            await load.arrive()
            assert await bot.terminate() == 0
    assert (load.lost(), load.strayed(), load.inversions(), load.doubled()) == ([], [], 0, 0)


async def test_rules_that_change_under_load_change_nothing_else(place: Place, load: Load) -> None:
    async with loaded(load), place.bot() as bot:
        load.url = bot.url
        for edit, event in enumerate(EDITS):
            await more(load, 8)
            before = len(bot.events(event))
            place.rules.write_text(f"{RULES}# edit {edit}\n{'- {' if event == STALE else ''}")
            await until(lambda e=event, n=before: len(bot.events(e)) > n, event)  # type: ignore[misc]  # lambda's default
        load.end()
        await load.arrive()
        assert await bot.terminate() == 0
    assert (load.lost(), load.strayed(), load.inversions(), load.doubled()) == ([], [], 0, 0)
    assert load.refusals == []
