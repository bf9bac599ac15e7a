"""Clocks of running processes that are set, ahead and back: nothing stalls, nothing comes twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e.load import RULES, Load
from tests.e2e.steering import Hands, noticed
from tests.fakes.slack_weather import POST, Weather

if TYPE_CHECKING:
    from tests.e2e.running import Place, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(240)

STEPS: Final = [timedelta(hours=hours) for hours in (1, -1, -1, 30, -29)]
#: Enough that at a step some lane waits; more, and one of many in a row waits for minutes.
_ODDS: Final = {POST: 0.12, "conversations.history": 0.1}


async def test_steps_of_the_clock_under_load_hold_nothing_up_and_double_nothing(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load, hands = Load(forge, slack), Hands(place)
    slack.weather = weather = Weather(Random(11), _ODDS)
    async with place.bot() as bot, asyncio.TaskGroup() as group:
        load.url = bot.url
        group.create_task(load.run())
        for number, step in enumerate(STEPS, start=1):
            await load.more(12)
            hands.move(step)
            await noticed(bot, number)
        await load.more(12)
        load.end()
        weather.odds = {}
        await load.arrive()
        assert await bot.terminate() == 0
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)


async def test_a_bot_that_was_down_while_its_clock_was_set_back_goes_on_at_once(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load, hands = Load(forge, slack), Hands(place)
    slack.weather = weather = Weather(Random(12), {POST: 1.0})
    hands.move(timedelta(hours=3))
    async with place.bot() as bot, asyncio.TaskGroup() as group:
        load.url = bot.url
        group.create_task(load.run())
        await load.more(12)
        load.end()
        await bot.kill()
    assert load.waiting
    hands.move(timedelta(hours=-3))
    weather.odds = {}
    async with place.bot() as bot:
        await load.arrive()
        assert bot.events("clock was set back")
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)


async def test_workers_whose_machines_disagree_go_by_the_servers_clock(
    on_postgres: Place, slack: FakeSlack, forge: Sender
) -> None:
    on_postgres.rules.write_text(RULES)
    load = Load(forge, slack)
    slack.weather = weather = Weather(Random(13), _ODDS)
    hands = [Hands(on_postgres, name) for name in ("web", "one", "two")]
    for hand, hours in zip(hands, (3, -2, 30), strict=True):
        hand.move(timedelta(hours=hours))
    async with (
        on_postgres.bot("web", **hands[0].settings) as web,
        on_postgres.bot("worker", **hands[1].settings),
        on_postgres.bot("worker", **hands[2].settings),
        asyncio.TaskGroup() as group,
    ):
        load.url = web.url
        group.create_task(load.run())
        for _ in range(3):
            await load.more(12)
            hands[1].move(timedelta(hours=5))
            hands[2].move(timedelta(hours=-20))
        load.end()
        weather.odds = {}
        await load.arrive()
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)
