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
    metrics.lanes_waiting.set(sum(backlog.lanes.values()))
    metrics.dead_letters.set(backlog.dead)
    stages = {
        "decide": (backlog.deliveries, backlog.deliveries_since),
        "send": (backlog.outbox, backlog.outbox_since),
        "command": (backlog.jobs, backlog.jobs_since),
    }
    ages = []
    for stage, (waiting, since) in stages.items():
        age = _age_s(since, now)
        metrics.items_waiting.labels(stage=stage).set(waiting)
        metrics.oldest_s.labels(stage=stage).set(age)
        if stage != "command":
            ages.append(age)
    metrics.oldest_age_s.set(max(ages))
    # Those that are deep no more are no longer named.
    metrics.channel_items.clear()
    metrics.channel_oldest_s.clear()
    for lane, depth, since in backlog.deepest:
        metrics.channel_items.labels(lane=lane).set(depth)
        metrics.channel_oldest_s.labels(lane=lane).set(_age_s(since, now))
    metrics.hooks.clear()
    for status, count in backlog.hooks.items():
        metrics.hooks.labels(status=status).set(count)
    metrics.hooks_off.set(backlog.hooks_off)


def _age_s(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0) if since is not None else 0.0
