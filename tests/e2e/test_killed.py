"""Processes that die at any moment, or are told to stop, lose nothing and double nothing."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import Place, Sender, numbers
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)

_LOAD = 40


async def _deliver_all(forge: Sender, url: list[str], total: int) -> None:
    """Each number until it is acknowledged, in order, wherever the bot listens just then."""
    for number in range(total):
        await until(lambda n=number: forge.number(url[0], n), f"number {number} is acknowledged")  # type: ignore[misc]  # lambda's default


async def _random_progress(slack: FakeSlack, chance: random.Random, steps: int) -> None:
    """Waits until a few more calls reached Slack: a moment in the middle of the work."""
    wanted = len(slack.calls) + chance.randint(1, steps)
    await until(lambda: len(slack.calls) >= wanted or len(numbers(slack)) == _LOAD, "progress")


async def test_kills_under_load_lose_and_double_nothing(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    chance = random.Random(1)
    url = ["http://127.0.0.1:9"]
    async with asyncio.TaskGroup() as group:
        group.create_task(_deliver_all(forge, url, _LOAD))
        for _ in range(5):
            async with place.bot() as bot:
                url[0] = bot.url
                await _random_progress(slack, chance, 12)
                await bot.kill()
        async with place.bot() as bot:
            url[0] = bot.url
            await until(lambda: len(set(numbers(slack))) == _LOAD, "everything is posted")
    assert numbers(slack) == list(range(_LOAD))


async def test_killed_workers_on_postgresql_lose_and_double_nothing(
    on_postgres: Place, slack: FakeSlack, forge: Sender
) -> None:
    chance = random.Random(7)
    async with on_postgres.bot("web") as web, asyncio.TaskGroup() as group:
        loading = group.create_task(_deliver_all(forge, [web.url], _LOAD))
        for _ in range(3):
            async with on_postgres.bot("worker") as worker:
                await _random_progress(slack, chance, 10)
                await worker.kill()
            await on_postgres.expire_leases()
        async with on_postgres.bot("worker"), on_postgres.bot("worker"):
            await loading
            await until(lambda: len(set(numbers(slack))) == _LOAD, "everything is posted")
    assert numbers(slack) == list(range(_LOAD))


async def test_a_message_recorded_just_before_the_kill_is_found_again(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    slack.fail("chat.postMessage", slack_faults.hang(record=True))
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        await until(lambda: numbers(slack) == [1], "Slack has it")
        await bot.kill()
    async with place.bot() as bot:
        assert await forge.number(bot.url, 2)
        await until(lambda: 2 in numbers(slack), "the next one")
    assert numbers(slack) == [1, 2]


async def test_a_stop_under_load_is_orderly_and_the_rest_follows_after_the_restart(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with place.bot() as bot:
        for number in range(_LOAD):
            assert await forge.number(bot.url, number)
        await until(lambda: len(numbers(slack)) >= 3, "some are posted")
        assert await bot.terminate() == 0
    async with place.bot() as bot:
        await until(lambda: len(numbers(slack)) >= _LOAD, "the rest")
        assert await bot.terminate() == 0
    assert numbers(slack) == list(range(_LOAD))
