"""The fifth loop: visits every hook once in a while, sooner when something is wrong with it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import BotError, CallError, CommandError, StoreError
from bot.worker.loops import first
from bot.worker.silent_hooks import Notes, SilentHooks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from bot.message import Text
    from bot.model import HookRecord
    from bot.ports import Clock

log = structlog.get_logger()

#: Between two looks at what is due.
_LOOK_S: Final = 5.0
#: While something is to be fetched, or was just found wrong.
_SOON: Final = timedelta(minutes=1)
#: What the forge remembers of its deliveries is looked at every so many visits of a hook that
#: brings some.
_THOROUGH: Final = 6
_KEYS_EVERY: Final = timedelta(hours=1)
#: A process that dies is followed by another soon; two at once do no harm.
_TURN: Final = timedelta(seconds=15)
_LONGEST_S: Final = 110.0
#: Keys of what cannot be had, of one hook.
_REMEMBERED: Final = 1000


class Records(Notes, Protocol):
    async def hooks(self, *, project: str | None = None) -> tuple[HookRecord, ...]: ...

    async def take_turn(self, name: str, who: str, *, now: datetime, until: datetime) -> bool:
        """True when it is this process's turn until then: one of several does it."""


class Visited(Protocol):
    @property
    def told(self) -> tuple[Text, ...]: ...

    @property
    def left(self) -> int: ...

    @property
    def lost(self) -> tuple[str, ...]: ...

    @property
    def was_off(self) -> bool: ...

    @property
    def is_off(self) -> bool: ...

    @property
    def past(self) -> tuple[str, ...]: ...


class Nurse(Protocol):
    """Looks after one hook, and after keys."""

    async def tend(
        self, record: HookRecord, *, thorough: bool, given_up: Collection[str]
    ) -> Visited: ...

    async def tend_keys(self) -> tuple[Text, ...]: ...


@dataclass
class _Chart:
    """What is known of one hook."""

    due: datetime
    visits: int = 0
    visited_at: datetime | None = None
    #: What was told of it last: the same is not told again.
    told: tuple[Text, ...] = ()
    given_up: dict[str, None] = field(default_factory=dict)


class Tender:
    """Visits one hook at a time; the first time soon after the start."""

    def __init__(
        self,
        *,
        store: Records,
        nurse: Nurse,
        tell: Callable[[Text], None],
        clock: Clock,
        every: timedelta,
        jitter: Callable[[], float],
        who: str,
        found_off: Callable[[bool], None] = lambda _mended: None,
    ) -> None:
        self._store = store
        self._silent = SilentHooks(store, found_off)
        self._nurse = nurse
        self._tell = tell
        self._clock = clock
        self._every = every
        self._jitter = jitter
        self._who = who
        self._charts: dict[str, _Chart] = {}
        self._keys_due: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        while self._every and not stop.is_set():
            try:
                await self.step()
            except StoreError as error:
                log.error("store unavailable", topic="tending", error=str(error))
            await first(stop.wait(), asyncio.sleep(_LOOK_S))
        await self._leave()

    async def _leave(self) -> None:
        now = self._clock.now()
        with suppress(StoreError):
            await self._store.take_turn("tending", self._who, now=now, until=now)

    async def step(self) -> None:
        """Visits every hook that is due."""
        now = self._clock.now()
        if not await self._store.take_turn("tending", self._who, now=now, until=now + _TURN):
            return
        for record in await self._due():
            await self._visit(record)
            now = self._clock.now()
            await self._store.take_turn("tending", self._who, now=now, until=now + _TURN)
        # Later than ever planned: the clock was set back since.
        if self._keys_due is None or not now < self._keys_due <= now + _KEYS_EVERY:
            self._keys_due = now + _KEYS_EVERY
            for line in await self._nurse.tend_keys():
                self._tell(line)

    async def _due(self) -> list[HookRecord]:
        now = self._clock.now()
        records = [one for one in await self._store.hooks() if one.status in _TENDED]
        ids = {one.id for one in records}
        self._charts = {id_: chart for id_, chart in self._charts.items() if id_ in ids}
        await self._silent.forget_others(ids)
        for one in records:
            # Spread out, so that a start does not ask a forge about a thousand hooks at once.
            first_ = now + self._every * self._jitter() * min(1.0, len(records) / 60)
            self._charts.setdefault(one.id, _Chart(due=first_))
        latest = now + 2 * self._every
        return [one for one in records if not now < self._charts[one.id].due <= latest]

    async def _visit(self, record: HookRecord) -> None:
        chart = self._charts[record.id]
        thorough = chart.visits % _THOROUGH == 0 or _fell_silent(record, chart.visited_at)
        chart.visits += 1
        chart.visited_at = self._clock.now()
        try:
            async with asyncio.timeout(_LONGEST_S):
                visit = await self._nurse.tend(
                    record, thorough=thorough, given_up=chart.given_up.keys()
                )
        except StoreError:
            raise
        except (CallError, CommandError, TimeoutError) as error:
            log.warning("hook not looked at", project=record.project, error=str(error) or "timeout")
            chart.visits -= 1
            chart.due = self._clock.now() + self._every
            return
        except BotError:
            log.exception("looking after a hook failed", project=record.project)
            chart.due = self._clock.now() + self._every
            return
        self._note(chart, visit)
        await self._silent.note(record.id, was_off=visit.was_off, is_off=visit.is_off)

    def _note(self, chart: _Chart, visit: Visited) -> None:
        now = self._clock.now()
        if visit.told != chart.told:
            for line in visit.told:
                self._tell(line)
        chart.told = visit.told
        chart.given_up |= dict.fromkeys((*visit.lost, *visit.past))
        while len(chart.given_up) > _REMEMBERED:
            del chart.given_up[next(iter(chart.given_up))]
        if visit.left:
            chart.visits = 0  # Thorough again: there is more to fetch.
        wait = self._every * (0.8 + 0.4 * self._jitter())
        chart.due = now + (min(_SOON, wait) if visit.left or visit.told else wait)


_TENDED: Final = frozenset({"active", "paused"})


def _fell_silent(record: HookRecord, since: datetime | None) -> bool:
    """It brought something once, and nothing since it was looked at before: what it should have
    brought may have been lost."""
    seen = record.last_seen_at
    return seen is not None and since is not None and seen < since
