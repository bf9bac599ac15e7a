"""Load while Slack is in bad weather."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.fakes.slack_weather import POST, Weather
from tests.waiting import until

if TYPE_CHECKING:
    from random import Random

    from tests.e2e.load import Load
    from tests.e2e.running import Place

_ODDS: Final = {POST: 0.3, "conversations.history": 0.15}
_CALM: Final[dict[str, float]] = {}


@dataclass
class Storm:
    place: Place
    load: Load
    chance: Random

    async def rage(
        self, *, messages: int, down_s: float = 0.0, patience_s: float = 60.0
    ) -> Weather:
        """Until so many more are acknowledged; then Slack is away for a while, and then well.

        While it is away, deliveries go on being acknowledged.
        """
        weather = Weather(self.chance, _ODDS)
        self.load.slack.weather = weather
        async with self.place.bot() as bot, asyncio.TaskGroup() as group:
            self.load.url = bot.url
            group.create_task(self.load.run(patience_s=patience_s + 2 * down_s))
            await self.load.more(messages, patience_s=patience_s)
            if down_s:
                weather.down_until = time.monotonic() + down_s
                self.load.ahead += messages
                await self.load.more(messages, patience_s=patience_s)
                await until(
                    lambda: time.monotonic() > weather.down_until,
                    "it is back",
                    patience_s=2 * down_s,
                )
                self.load.ahead -= messages
            self.load.end()
            weather.odds = _CALM
            await self.load.arrive(patience_s=patience_s)
            assert await bot.terminate() == 0
        return weather
