"""Forgets by the hour what is older than the history is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Clock

log = structlog.get_logger()

_EVERY_S: Final = 3600.0
#: After a start: what people wait for comes first.
_FIRST_S: Final = 300.0


class Forgetful(Protocol):
    async def prune(self, *, before: datetime) -> int: ...


async def run(
    store: Forgetful,
    clock: Clock,
    stop: asyncio.Event,
    *,
    keep: timedelta,
    first_s: float = _FIRST_S,
    every_s: float = _EVERY_S,
) -> None:
    """`keep`: how long the history is kept; nothing is forgotten when it is zero."""
    pause = first_s
    while keep and not await _stopped(stop, pause):
        pause = every_s
        try:
            gone = await store.prune(before=clock.now() - keep)
        except StoreError as error:
            log.warning("history not pruned", error=str(error))
            continue
        if gone:
            log.info("history pruned", rows=gone)


async def _stopped(stop: asyncio.Event, pause_s: float) -> bool:
    try:
        async with asyncio.timeout(pause_s):
            await stop.wait()
    except TimeoutError:
        return False
    return True
