"""The history is forgotten by the hour."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.errors import StoreError
from bot.worker import upkeep

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Still:
    def now(self) -> datetime:
        return NOW


class Shelf:
    """Stops the loop after some turns; fails on the first."""

    def __init__(self, stop: asyncio.Event, turns: int) -> None:
        self.asked: list[datetime] = []
        self._stop = stop
        self._turns = turns

    async def prune(self, *, before: datetime) -> int:
        self.asked.append(before)
        if len(self.asked) == self._turns:
            self._stop.set()
        if len(self.asked) == 1:
            raise StoreError("away")
        return 3


async def test_what_is_older_than_the_history_is_kept_goes_again_and_again() -> None:
    stop = asyncio.Event()
    shelf = Shelf(stop, 3)
    keep = timedelta(days=30)
    await upkeep.run(shelf, Still(), stop, keep=keep, first_s=0, every_s=0)
    assert shelf.asked == [NOW - keep] * 3


async def test_nothing_is_forgotten_when_all_is_kept() -> None:
    stop = asyncio.Event()
    shelf = Shelf(stop, 1)
    await upkeep.run(shelf, Still(), stop, keep=timedelta(), first_s=0)
    assert shelf.asked == []


async def test_a_stop_ends_it_at_once() -> None:
    stop = asyncio.Event()
    stop.set()
    shelf = Shelf(stop, 1)
    await upkeep.run(shelf, Still(), stop, keep=timedelta(days=1))
    assert shelf.asked == []
