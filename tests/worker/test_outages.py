"""A chat that is away for minutes, by a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bot.errors import NotSent, Unsure
from tests.fakes.chat import FakeChat
from tests.worker.bench import START, Bench

if TYPE_CHECKING:
    from bot.message import Message
    from bot.model import Place
    from bot.store import Store

BACK = START + timedelta(minutes=10)
CHANNELS = ("C0DEV", "C0CI", "C0GENERAL")


@dataclass
class AwayChat(FakeChat):
    """Answers nothing until then; it may have carried out what it does not answer."""

    back: datetime = BACK
    records: bool = False
    refusals: int = 0

    @override
    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None, broadcast: bool
    ) -> Place:
        away = self.now() < self.back
        self.refusals += away
        if away and not self.records:
            raise NotSent("503")
        place = await super().post(channel, message, key=key, thread=thread, broadcast=broadcast)
        if away:
            raise Unsure("503")
        return place

    @override
    async def find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        if self.now() < self.back:
            raise NotSent("503")
        return await super().find(channel, key=key, since=since, thread=thread)


@pytest.mark.parametrize("records", [False, True])
async def test_after_ten_minutes_away_everything_comes_once_in_order_and_soon(
    store: Store, records: bool
) -> None:
    bench = Bench(store)
    bench.chat = AwayChat(now=bench.clock.now, records=records)
    bench.restart()
    for number in range(15):
        # Apart: else what waited so long would be told in one message.
        await bench.plan(f"{number}", channel=CHANNELS[number % 3], apart=True)
    await bench.send_all()
    for index, name in enumerate(("dev", "ci", "general")):
        assert bench.said(name) == [f"{number}" for number in range(index, 15, 3)]
    assert bench.clock.now() <= BACK + timedelta(minutes=2.5)
    # It is asked now and then, not hammered, meanwhile.
    assert len(CHANNELS) <= bench.chat.refusals <= 12 * len(CHANNELS)
    assert bench.given_up == []
