"""From the request to Slack: latency, bursts, throughput, folding, two workers."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import AsyncExitStack, closing
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from benchmarks import load, stage
from benchmarks.deliveries import Requests, rules
from benchmarks.quick_slack import QuickSlack
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from benchmarks.table import Repeats

BURST: Final = 10_000
PACE: Final = 800
#: As `Requests` has it.
PROJECTS: Final = 40
_PATIENCE_S: Final = 600.0


async def paced(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    async with with_slack() as slack, stage.bot(folder, slack=slack) as bot:
        requests = Requests(bot.host)
        await load.closed(bot.host, bot.port, requests.next, connections=8, count=200)
        await reach(slack, 200)
        p95 = await _unloaded(bot, slack, requests)
        yield Figure("unloaded, from the request to Slack, 95 of 100", p95 * 1000, "ms", 300)
        for name, wanted in ((f"{PACE} a second, p99", 15), ("the same, while it works off", 30)):
            answers = await load.paced(
                bot.host, bot.port, requests.next, connections=64, per_s=PACE, seconds=30
            )
            yield Figure(name, answers.percentile(0.99) * 1000, "ms", wanted)


async def _unloaded(bot: stage.Server, slack: QuickSlack, requests: Requests) -> float:
    took = []
    for _ in range(100):
        before, began = slack.count, perf_counter()
        await load.closed(bot.host, bot.port, requests.next, connections=1, count=1)
        await reach(slack, before + 1)
        took.append(perf_counter() - began)
        await asyncio.sleep(0.02)
    return sorted(took)[94]


async def burst(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    async with with_slack() as slack, stage.bot(folder, slack=slack) as bot:
        requests = Requests(bot.host)
        await load.closed(bot.host, bot.port, requests.next, connections=8, count=200)
        await reach(slack, 200)
        before, spent = bot.memory_mb(), bot.cpu_s()
        answers = await load.closed(bot.host, bot.port, requests.next, connections=64, count=BURST)
        assert answers.statuses == {202: BURST}, answers.statuses  # noqa: S101 - or it is no figure
        yield Figure(f"burst of {BURST:,} answered", answers.seconds, "s", 10)
        began, cpu, done = perf_counter(), bot.cpu_s(), slack.count
        await reach(slack, BURST + 200)
        per_core = (slack.count - done) / (bot.cpu_s() - cpu)
        whole = BURST / (bot.cpu_s() - spent)
        yield Figure("more memory at its most", bot.memory_mb("VmHWM") - before, "MB", 60)
        yield Figure("decided and posted, by the clock", BURST / (perf_counter() - began), "/s")
        yield Figure("decided and posted, per second of one core", per_core, "/s")
        yield Figure("received, decided and posted, per core", whole, "/s", 800, least=True)
        with closing(sqlite3.connect(folder / "var" / "bot.db")) as conn:
            rows = conn.execute(_STORED).fetchall()
        yield Figure("posted in another order", float(_disorder(slack, rows, PROJECTS)), "", 0)


_STORED: Final = "SELECT seq, key FROM deliveries"


def _disorder(slack: QuickSlack, rows: Iterable[Sequence[Any]], projects: int) -> int:
    """Messages of a project before one that was stored before them. Requests on several
    connections have no order but the one in which they were stored."""
    stored = {int(key.rpartition("-")[2]): seq for seq, key in rows}
    wrong = 0
    for channel in slack.posted:
        last: dict[int, int] = {}
        for number in slack.numbers(channel):
            project = number % projects
            wrong += last.get(project, -1) > stored[number]
            last[project] = stored[number]
    return wrong


async def folding(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    """All for one channel, at Slack's own pace; twenty for others meanwhile."""
    async with (
        with_slack(gap_s=1.0) as slack,
        stage.bot(folder, slack=slack, CHANNEL_GAP_S="1.0") as bot,
    ):
        requests = Requests(bot.host)
        began = perf_counter()
        await load.closed(
            bot.host, bot.port, partial(requests.next, 0), connections=64, count=BURST
        )
        took = []
        for number in range(20):
            project, began_one, before = 1 + number % 19, perf_counter(), slack.elsewhere("C00000")
            one = partial(requests.next, project)
            await load.closed(bot.host, bot.port, one, connections=1, count=1)
            while slack.elsewhere("C00000") <= before:  # noqa: ASYNC110 - as `_reach`
                await asyncio.sleep(0.002)
            took.append(perf_counter() - began_one)
            await asyncio.sleep(1)
        yield Figure("others meanwhile, 95 of 100", sorted(took)[int(len(took) * 0.95)], "s", 2)
        while _waiting(folder):  # noqa: ASYNC110 - another process says when
            await asyncio.sleep(0.1)
        seen = len(set(slack.numbers("C00000")))
        yield Figure(f"{BURST:,} for one channel said", perf_counter() - began, "s", 600)
        yield Figure("of them by name", float(seen), "")
        yield Figure("in messages", float(len(slack.posted["C00000"])), "")


def _waiting(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "var" / "bot.db")) as conn:
        return int(conn.execute("SELECT coalesce(sum(pending), 0) FROM lanes").fetchone()[0])


async def two_workers(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    """How much faster two work off what waits when each call to Slack takes 150 ms."""
    rates, wrong = [], 0
    with stage.postgres() as uri:
        for workers in (1, 2):
            url = await stage.fresh_database(uri, f"workers_{workers}")
            rate, disorder = await _worked_off(folder, url, workers)
            rates.append(rate)
            wrong += disorder
    yield Figure("one worker, Slack answering in 150 ms", rates[0], "/s")
    yield Figure("two workers over one", rates[1] / rates[0], "x", 1.7, least=True)
    yield Figure("posted in another order by workers", float(wrong), "", 0)


async def _worked_off(folder: Path, url: str, workers: int) -> tuple[float, int]:
    # As many channels as two workers have senders, and more: what one channel takes is no matter of
    # how many there are.
    count, projects = 3000, 80
    (folder / "rules.yaml").write_text(rules(projects, channels=projects))
    cpus = set(range(os.cpu_count() or 1))
    async with with_slack(delay_s=0.15) as slack, AsyncExitStack() as stack:
        async with stage.bot(folder, word="web", slack=slack, database=url, cpus=cpus) as web:
            requests = Requests(web.host, projects=projects)
            await load.closed(web.host, web.port, requests.next, connections=32, count=count)
        workers_ = [
            stage.bot(folder, word="worker", slack=slack, database=url, cpus=cpus)
            for _ in range(workers)
        ]
        await asyncio.gather(*(stack.enter_async_context(worker) for worker in workers_))
        # Starting is measured elsewhere.
        began, done = perf_counter(), slack.count
        await reach(slack, count)
        rate = (count - done) / (perf_counter() - began)
        conn = await asyncpg.connect(url)
        try:
            rows = await conn.fetch(_STORED)
        finally:
            await conn.close()
        return rate, _disorder(slack, rows, projects)


class with_slack:
    def __init__(self, *, delay_s: float = 0.0, gap_s: float = 0.0) -> None:
        self._slack = QuickSlack(delay_s=delay_s, gap_s=gap_s)

    async def __aenter__(self) -> QuickSlack:
        await self._slack.start()
        return self._slack

    async def __aexit__(self, *_: object) -> None:
        await self._slack.stop()


async def reach(slack: QuickSlack, count: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while slack.count < count:  # noqa: ASYNC110 - looked at as often as it matters
            await asyncio.sleep(0.002)
