"""The gauges of `/metrics` say what waits, and since when."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from bot.errors import StoreError
from bot.metrics import MAX_RULES, Metrics
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
        lanes={"decide": 1, "send": 2},
    )
    found = shown(backlog, minutes=5)
    assert found["bot_oldest_age_seconds"] == 300
    assert found["bot_dead_letters"] == 1
    assert found["bot_lanes_waiting"] == 3


def test_each_stage_tells_how_much_waits_and_since_when() -> None:
    metrics = Metrics(CollectorRegistry())
    value = metrics.registry.get_sample_value
    backlog = replace(
        EMPTY,
        deliveries=2,
        deliveries_since=START,
        outbox=3,
        outbox_since=START + timedelta(seconds=40),
        jobs=1,
        jobs_since=START + timedelta(seconds=50),
        deepest=(("send:slack:#dev", 3, START),),
        hooks={"active": 4},
    )
    gauges.show(backlog, metrics, now=START + timedelta(minutes=1))
    for stage, waiting, age in (("decide", 2, 60), ("send", 3, 20), ("command", 1, 10)):
        assert value("bot_items_waiting", {"stage": stage}) == waiting
        assert value("bot_stage_oldest_age_seconds", {"stage": stage}) == age
    assert value("bot_channel_items_waiting", {"lane": "send:slack:#dev"}) == 3
    assert value("bot_channel_oldest_age_seconds", {"lane": "send:slack:#dev"}) == 60
    assert value("bot_hooks", {"status": "active"}) == 4
    gauges.show(EMPTY, metrics, now=START + timedelta(minutes=2))
    assert value("bot_channel_items_waiting", {"lane": "send:slack:#dev"}) is None


def test_rules_without_end_share_one_label() -> None:
    metrics = Metrics(CollectorRegistry())
    for number in range(MAX_RULES + 10):
        metrics.matched(f"rule {number}")
    value = metrics.registry.get_sample_value
    assert value("bot_rule_matches_total", {"rule": "rule 0"}) == 1
    assert value("bot_rule_matches_total", {"rule": "other"}) == 10


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
