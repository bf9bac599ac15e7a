"""Keeps the loops turning until told to stop, and lets what is under way finish."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import structlog

from bot.errors import StoreAway, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.ports import Clock, Wakeups, Way

log = structlog.get_logger()

#: What is claimed, and what became of it.
C = TypeVar("C")
D = TypeVar("D")

_POLL_S: Final = 2.0
_STORE_DOWN_S: Final = 1.0
#: So long a transaction waits for more outcomes; little beside any call.
_GATHER_S: Final = 0.002
#: Lanes carried out at once by one process; each waits mostly for Slack.
SENDERS: Final = 32
#: Projects decided at once: one that waits for a forge's answer must not hold others back.
DECIDERS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Generic[C]):
    claimed: Sequence[C]
    #: When more is ready; None when nothing waits, or as much was claimed as was wanted.
    next_at: datetime | None


class Step(Protocol):
    async def step(self) -> bool:
        """Whether there was something to do."""


async def turn(step: Step, topic: str, wakeups: Wakeups, stop: asyncio.Event) -> None:
    """One step after the other; with nothing to do it waits for the topic or the poll."""
    while not stop.is_set():
        try:
            busy = await step.step()
        except StoreError as error:
            _unavailable(topic, error)
            await _pause(stop, _STORE_DOWN_S)
            continue
        if not busy:
            await first(stop.wait(), wakeups.wait(topic, _POLL_S))


class Stage(Protocol[C, D]):
    """One of the two: deliveries to decide, actions to carry out."""

    async def turn(self, done: Sequence[D], *, limit: int) -> Turn[C]:
        """Keeps what was done and claims up to `limit` more, in one transaction."""

    async def handle(self, claimed: C) -> D | None:
        """None when its lease was lost meanwhile."""


async def pump(
    stage: Stage[C, D],
    topic: str,
    *,
    width: int,
    clock: Clock,
    wakeups: Wakeups,
    stop: asyncio.Event,
    way: Way | None = None,
) -> None:
    """Has up to `width` lanes handled at once; what ends meanwhile is kept together, in the
    transaction that claims what is next. On stop waits for those under way."""
    async with asyncio.TaskGroup() as group:
        await _Pump(stage, width=width, group=group).run(
            topic, clock=clock, wakeups=wakeups, stop=stop, way=way
        )


class _Pump(Generic[C, D]):
    def __init__(self, stage: Stage[C, D], *, width: int, group: asyncio.TaskGroup) -> None:
        self._stage = stage
        self._width = width
        self._group = group
        self._under_way = 0
        self._done: list[D] = []
        self._ended = asyncio.Event()

    async def run(
        self,
        topic: str,
        *,
        clock: Clock,
        wakeups: Wakeups,
        stop: asyncio.Event,
        way: Way | None,
    ) -> None:
        while not stop.is_set():
            if way is not None and not self._done:
                await way.give_way()
            busy = way is not None and way.busy and bool(self._done)
            try:
                next_at = await self._turn(0 if busy else self._width - self._under_way)
            except StoreError as error:
                _unavailable(topic, error)
                await _pause(stop, _STORE_DOWN_S)
                continue
            if self._done or busy:
                continue
            more = wakeups.wait(topic, _until(next_at, clock))
            await first(stop.wait(), self._ended.wait(), more)
        while self._under_way or self._done:
            if not self._done:
                await self._ended.wait()
            try:
                await self._turn(0)
            except StoreError as error:
                _unavailable(topic, error)
                self._done.clear()

    async def _turn(self, limit: int) -> datetime | None:
        # What ends in this turn of the loop shares the transaction; where much is under way, also
        # what ends a moment later.
        await asyncio.sleep(_GATHER_S if self._under_way > self._width // 2 else 0)
        done, self._done = self._done, []
        self._ended.clear()
        try:
            turn = await self._stage.turn(done, limit=limit)
        except StoreAway:
            # What was done is not forgotten: else its lanes would wait for the end of their leases.
            self._done = [*done, *self._done]
            raise
        for claimed in turn.claimed:
            self._under_way += 1
            self._group.create_task(self._handle(claimed))
        return turn.next_at

    async def _handle(self, claimed: C) -> None:
        try:
            ended = await self._stage.handle(claimed)
            if ended is not None:
                self._done.append(ended)
        except StoreError as error:
            log.error("not handled; its lease will end", error=str(error))
        finally:
            self._under_way -= 1
            self._ended.set()


def _unavailable(topic: str, error: StoreError) -> None:
    log.error("store unavailable", topic=topic, error=str(error))


def _until(ready: datetime | None, clock: Clock) -> float:
    if ready is None:
        return _POLL_S
    return min(max((ready - clock.now()).total_seconds(), 0.001), _POLL_S)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    await first(stop.wait(), asyncio.sleep(seconds))


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Returns when one of the waits is over; the others are dropped."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
