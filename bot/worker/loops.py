"""Keeps the loops turning until told to stop, and lets what is under way finish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from bot.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Clock, Wakeups, Way
    from bot.worker.delivering import Deliverer

log = structlog.get_logger()

_POLL_S: Final = 2.0
_STORE_DOWN_S: Final = 1.0
#: Lanes carried out at once by one process; each waits mostly for Slack.
SENDERS: Final = 16


class Step(Protocol):
    async def step(self) -> bool:
        """Whether there was something to do."""


async def turn(step: Step, topic: str, wakeups: Wakeups, stop: asyncio.Event) -> None:
    """One step after the other; with nothing to do it waits for the topic or the poll."""
    while not stop.is_set():
        try:
            busy = await step.step()
        except StoreError as error:
            log.error("store unavailable", topic=topic, error=str(error))
            await _pause(stop, _STORE_DOWN_S)
            continue
        if not busy:
            await first(stop.wait(), wakeups.wait(topic, _POLL_S))


async def send(
    deliverer: Deliverer,
    clock: Clock,
    wakeups: Wakeups,
    stop: asyncio.Event,
    *,
    way: Way | None = None,
) -> None:
    """Claims items while a sender is free; on stop waits for those under way."""
    free = asyncio.Semaphore(SENDERS)
    #: A sender ended: its lane may have more.
    settled = asyncio.Event()

    async with asyncio.TaskGroup() as group:
        while not stop.is_set():
            await free.acquire()
            settled.clear()
            if way is not None:
                await way.give_way()
            claimed = None
            try:
                claimed = await deliverer.claim()
                if claimed is not None:
                    group.create_task(_one(deliverer.handle(claimed), free, settled))
                    continue
                ready = await deliverer.next_ready()
            except StoreError as error:
                log.error("store unavailable", topic="outbox", error=str(error))
                await _pause(stop, _STORE_DOWN_S)
                continue
            finally:
                if claimed is None:
                    free.release()
            await first(stop.wait(), settled.wait(), wakeups.wait("outbox", _until(ready, clock)))


async def _one(work: Awaitable[None], free: asyncio.Semaphore, settled: asyncio.Event) -> None:
    try:
        await work
    except StoreError as error:
        log.error("outcome not stored; it will be looked for", error=str(error))
    finally:
        free.release()
        settled.set()


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
