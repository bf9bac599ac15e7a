"""Keeps the gauges of `/metrics` near the truth: what waits, how long, what was given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.waiting import Backlog

_EVERY_S: Final = 15.0


class Backlogs(Protocol):
    async def backlog(self) -> Backlog: ...


async def run(store: Backlogs, metrics: Metrics, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            show(await store.backlog(), metrics, now=datetime.now(UTC))
        except StoreError:
            metrics.oldest_age_s.set(float("nan"))
        try:
            async with asyncio.timeout(_EVERY_S):
                await stop.wait()
        except TimeoutError:
            continue


def show(backlog: Backlog, metrics: Metrics, *, now: datetime) -> None:
    metrics.lanes_waiting.set(backlog.deliveries + backlog.outbox)
    metrics.dead_letters.set(backlog.dead)
    since = [at for at in (backlog.deliveries_since, backlog.outbox_since) if at is not None]
    metrics.oldest_age_s.set(max((now - min(since)).total_seconds(), 0) if since else 0)
