"""Kills processes under load, again and again, as the kernel does it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.e2e.load import Load
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from random import Random

    from tests.e2e.running import Place, Process

#: The longest time from a moment of progress to a kill.
_BEYOND_S: Final = 0.03
_CALLS: Final = 20
_ROLES: Final = ("web", "worker", "worker")


@dataclass
class Killing:
    """`kills` so far; `accepting_s`: from each start to the first delivery acknowledged."""

    place: Place
    load: Load
    chance: Random
    told: Callable[[str], None] = lambda _line: None
    kills: int = 0
    accepting_s: list[float] = field(default_factory=list)

    async def of_one_process(self, kills: int) -> None:
        """On SQLite: the file is looked at after each kill."""
        async with self._loaded():
            for _ in range(kills):
                async with self.place.bot() as bot:
                    await self._accepting(bot)
                    await self._moment()
                    await self._kill(bot)
                await asyncio.to_thread(_check, self.place)
            self.load.end()
            async with self.place.bot() as bot:
                self.load.url = bot.url
                await self.load.arrive()
                assert await bot.terminate() == 0

    async def of_several(self, kills: int) -> None:
        """On PostgreSQL: a web process and two workers, of which one is killed at a time."""
        async with AsyncExitStack() as stack:
            running = [await stack.enter_async_context(self._place(role)) for role in _ROLES]
            self.load.url = running[0].url
            async with self._loaded():
                for _ in range(kills):
                    await self._moment()
                    which = self.chance.randrange(len(_ROLES))
                    await self._kill(running[which])
                    await self.place.expire_leases()
                    running[which] = await stack.enter_async_context(self._place(_ROLES[which]))
                    if which == 0:
                        await self._accepting(running[0])
            await self.load.arrive()
            for process in running:
                assert await process.terminate() == 0

    def _place(self, role: str) -> AbstractAsyncContextManager[Process]:
        return self.place.bot(role)

    @asynccontextmanager
    async def _loaded(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.load.run())
            try:
                yield
            finally:
                self.load.end()

    async def _accepting(self, bot: Process) -> None:
        """It takes deliveries again."""
        self.load.url = bot.url
        key = f"after {self.kills} kills"
        await until(lambda: self.load.probe(key), "it accepts")
        self.accepting_s.append(time.monotonic() - bot.began)

    async def _moment(self) -> None:
        """Any moment in the middle of the work: after a few calls, and a little later."""
        slack = self.load.slack
        wanted = len(slack.calls) + self.chance.randint(0, _CALLS)
        await until(lambda: len(slack.calls) >= wanted, "progress")
        await asyncio.sleep(self.chance.uniform(0, _BEYOND_S))

    async def _kill(self, process: Process) -> None:
        await process.kill()
        self.kills += 1
        self.told(f"kill {self.kills}: {len(self.load.acknowledged)} acknowledged")


def _check(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
