"""The time by which the program goes: it runs steadily, and a step of the clock is noticed here."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import StoreError
from bot.worker.loops import first

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.ports import Clock

log = structlog.get_logger()

#: What a clock differs by beyond it is a step; less is followed and nothing more.
TOLERANCE: Final = timedelta(seconds=3)
#: Between two looks at this machine's clock, and at that of a server.
_LOOK_S: Final = 1.0
_ASK_S: Final = 5.0
#: An answer of the server that took longer tells no time.
_SLOW_S: Final = 1.0
#: What was under way when the clock was set back may be written so much later.
_WARY_S: Final = 60.0


class Waits(Protocol):
    """What waits for moments, wherever it is kept."""

    async def time(self) -> datetime | None:
        """By the clock that several processes share; None when this is the only one."""

    async def ahead(self, *, now: datetime) -> timedelta:
        """How far a clock that was set back since had been ahead, as far as what waits tells."""

    async def move_waits(self, by: timedelta, *, who: str, now: datetime) -> None:
        """The clock was set on (or back) to `now`. Of several processes that say so one counts."""

    async def forgive_absence(self, *, now: datetime) -> None:
        """At a start: time in which nobody worked is no time in which something was tried."""

    async def free_untried(self, *, now: datetime) -> None:
        """What was written by the old time just when the clock was set back is ready at once."""


class Steady:
    """Never steps, and is nobody's wall clock: for how long ago something was, in this process."""

    def __init__(self, start: datetime) -> None:
        self._start = start - timedelta(seconds=time.monotonic())

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic())


class Timekeeper:
    """The wall clock as of the last look, and steadily on from there."""

    def __init__(
        self, waits: Waits, wall: Clock, *, steady: Callable[[], float] | None = None
    ) -> None:
        self._waits = waits
        self._wall = wall
        self._who = secrets.token_hex(4)
        self._alone = True
        self._given = steady
        self._steady: Callable[[], float] = steady or time.monotonic
        self._at, self._since = wall.now(), self._steady()
        #: By how much what waits is still to be moved.
        self._owed = timedelta()
        self._wary_until = self._since

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self._steady() - self._since)

    async def start(self) -> None:
        """Before anything is claimed: finds the shared clock, and a step while nobody looked."""
        seen = await self._waits.time()
        self._alone = seen is None
        self._who = "alone" if self._alone else self._who
        if not self._alone:
            # Where others go on while this machine sleeps, its sleep is time.
            self._steady = self._given or _awake_or_not
        self._follow(seen or self._wall.now(), self._steady())
        ahead = await self._waits.ahead(now=self.now())
        if ahead > TOLERANCE:
            log.warning("clock was set back", seconds=round(ahead.total_seconds(), 1))
            self._owe(-ahead)
            await self._settle()
        await self._waits.forgive_absence(now=self.now())

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await first(stop.wait(), asyncio.sleep(_LOOK_S if self._alone else _ASK_S))
            try:
                await self.look()
            except StoreError as error:
                log.warning("time not read or kept", error=str(error))

    async def look(self) -> None:
        """Follows the clock. After a step what waits is moved before anything is claimed by the
        new time: both are handed over in one breath. Raises StoreError."""
        asked = self._steady()
        seen = None if self._alone else await self._waits.time()
        answered = self._steady()
        if answered - asked < _SLOW_S:
            before, at = self.now(), (asked + answered) / 2
            self._follow(seen or self._wall.now(), at)
            by = self.now() - before
            if abs(by) > TOLERANCE:
                log.warning("clock was stepped", seconds=round(by.total_seconds(), 1))
                self._owe(by)
        await self._settle()

    def _follow(self, seen: datetime, at: float) -> None:
        self._at, self._since = seen, at

    def _owe(self, by: timedelta) -> None:
        self._owed += by
        if by < timedelta():
            self._wary_until = self._steady() + _WARY_S

    async def _settle(self) -> None:
        if self._owed:
            by, self._owed = self._owed, timedelta()
            try:
                await self._waits.move_waits(by, who=self._who, now=self.now())
            except StoreError:
                self._owed += by
                raise
        elif self._steady() < self._wary_until:
            await self._waits.free_untried(now=self.now())


def _awake_or_not() -> float:
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()
