"""How soon a bot takes its first delivery, and what it weighs while nothing happens."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
from time import perf_counter
from typing import TYPE_CHECKING, Final

from benchmarks import load, stage
from benchmarks.deliveries import Requests, rules
from benchmarks.mix import rules_text
from benchmarks.quick_slack import QuickSlack
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from benchmarks.table import Repeats

WAITING: Final = 100_000
_IDLE_S: Final = 3.0


async def starts(folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    """An idle one, then one that died with much to do."""
    slack = QuickSlack()
    await slack.start()
    (folder / "rules.yaml").write_text(rules())
    took, sizes = [], []
    for number in range(repeats.rounds + 1):
        began = perf_counter()
        async with stage.bot(folder, slack=slack) as bot:
            await _first(bot, f"first {number}")
            took.append(perf_counter() - began)
            await asyncio.sleep(_IDLE_S)
            sizes.append(bot.memory_mb())
    median = statistics.median
    yield Figure("the very first start, which makes the tables", took.pop(0), "s", 1.0)
    yield Figure("memory while idle after it", sizes.pop(0), "MB", 80)
    yield Figure("start to the first delivery taken", median(took), "s", 1.0)
    yield Figure("memory while idle", median(sizes), "MB", 80)
    _pile_up(folder)
    (folder / "rules.yaml").write_text(rules_text(500))
    took = []
    for number in range(repeats.rounds):
        began = perf_counter()
        async with stage.bot(folder, slack=slack) as bot:
            await _first(bot, f"again {number}")
            took.append(perf_counter() - began)
    yield Figure(f"the same with {WAITING:,} waiting and 500 rules", median(took), "s", 1.5)
    await slack.stop()


async def _first(bot: stage.Server, run: str) -> None:
    requests = Requests(bot.host, run=run.replace(" ", "-"))
    answers = await load.closed(bot.host, bot.port, requests.next, connections=1, count=1)
    assert answers.statuses == {202: 1}, answers.statuses  # noqa: S101 - or it is no figure


def _pile_up(folder: Path) -> None:
    """Copies of a delivery that wait, in the lanes of 400 projects."""
    with sqlite3.connect(folder / "var" / "bot.db") as conn:
        names = "forge, instance, hook, event, project, headers, body, received_at"
        conn.execute(
            f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {WAITING})
            INSERT INTO deliveries (id, key, lane, status, {names})
            SELECT 'W' || i, 'w' || i, 'decide:gitlab:w' || (i % 400), 'new', {names}
            FROM n, (SELECT {names} FROM deliveries LIMIT 1)"""  # noqa: S608 - fixed words
        )
        conn.execute(
            """INSERT INTO lanes (key, kind, pending, ready_at)
            SELECT lane, 'decide', count(*), min(received_at) FROM deliveries
            WHERE status = 'new' AND id LIKE 'W%' GROUP BY lane"""
        )
    conn.close()
