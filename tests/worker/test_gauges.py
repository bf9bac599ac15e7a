"""The gauges of `/metrics` say what waits, and since when."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from bot.errors import StoreError
from bot.metrics import Metrics
from bot.waiting import Backlog
from bot.worker import gauges
from tests.worker.bench import START

EMPTY = Backlog(deliveries=0, deliveries_since=None, outbox=0, outbox_since=None, dead=0, jobs=0)


def shown(backlog: Backlog, *, minutes: float = 0) -> dict[str, float | None]:
    metrics = Metrics(CollectorRegistry())
    gauges.show(backlog, metrics, now=START + timedelta(minutes=minutes))
    names = ("bot_lanes_waiting", "bot_dead_letters", "bot_oldest_age_seconds")
    return {name: metrics.registry.get_sample_value(name) for name in names}


def test_nothing_waits() -> None:
    assert set(shown(EMPTY).values()) == {0.0}


def test_what_has_waited_longest_counts() -> None:
    backlog = replace(
        EMPTY,
        deliveries=2,
        deliveries_since=START + timedelta(minutes=1),
        outbox=3,
        outbox_since=START,
        dead=1,
    )
    found = shown(backlog, minutes=5)
    assert found["bot_oldest_age_seconds"] == 300
    assert found["bot_dead_letters"] == 1
    assert found["bot_lanes_waiting"] == 5


def test_clocks_that_differ_give_no_negative_age() -> None:
    backlog = replace(EMPTY, outbox=1, outbox_since=START + timedelta(minutes=1))
    assert shown(backlog)["bot_oldest_age_seconds"] == 0


async def test_a_store_that_does_not_answer_leaves_the_age_unknown() -> None:
    stop = asyncio.Event()
    metrics = Metrics(CollectorRegistry())

    class Down:
        async def backlog(self) -> Backlog:
            stop.set()
            raise StoreError("down")

    await gauges.run(Down(), metrics, stop)
    age = metrics.registry.get_sample_value("bot_oldest_age_seconds")
    assert age is not None
    assert math.isnan(age)
