"""How fast deliveries are taken in, beside a bare handler that only reads and answers."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from benchmarks import load, stage
from benchmarks.deliveries import Requests
from benchmarks.flow import reach, with_slack
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from benchmarks.quick_slack import QuickSlack
    from benchmarks.stage import Server
    from benchmarks.table import Repeats

CONNECTIONS: Final = 32


async def sqlite(folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    async with with_slack() as slack, stage.bot(folder, slack=slack) as bot:
        async for figure in _beside(folder, bot, slack, "SQLite", wanted=0.33, repeats=repeats):
            yield figure


async def postgres(folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    with stage.postgres() as uri:
        url = await stage.fresh_database(uri, "intake")
        async with with_slack() as slack, stage.bot(folder, slack=slack, database=url) as bot:
            async for figure in _beside(
                folder, bot, slack, "PostgreSQL", wanted=0.2, repeats=repeats
            ):
                yield figure


async def _beside(
    folder: Path,
    bot: Server,
    slack: QuickSlack,
    name: str,
    *,
    wanted: float,
    repeats: Repeats,
) -> AsyncIterator[Figure]:
    async with stage.bare(folder) as bare, stage.bare(folder, "--json") as reading:
        servers = {"bare": bare, "reading": reading, "bot": bot}
        requests = {which: Requests("127.0.0.1", run=which) for which in servers}
        rates: dict[str, list[float]] = {which: [] for which in servers}
        costs: dict[str, list[float]] = {which: [] for which in servers}
        for number in range(repeats.rounds + 1):
            for which, server in servers.items():
                before = server.cpu_s()
                answers = await load.closed(
                    server.host,
                    server.port,
                    requests[which].next,
                    connections=CONNECTIONS,
                    seconds=repeats.seconds,
                )
                assert set(answers.statuses) == {202}, answers.statuses  # noqa: S101 - or it is no figure
                if number:  # the first round warms up
                    rates[which].append(answers.per_s)
                    costs[which].append((server.cpu_s() - before) / answers.statuses[202])
            # So that the next round finds the bot as it is when nothing waits, and what it has not
            # decided yet slows nobody down.
            await reach(slack, requests["bot"].made)

    def ratio(figures: dict[str, list[float]], one: str, other: str) -> float:
        pairs = zip(figures[one], figures[other], strict=True)
        return statistics.median([first / second for first, second in pairs])

    median = statistics.median
    yield Figure(f"bare handler, {CONNECTIONS} connections", median(rates["bare"]), "/s")
    yield Figure("bare handler that reads the JSON", median(rates["reading"]), "/s")
    yield Figure(f"intake on {name}", median(rates["bot"]), "/s")
    over = f"intake on {name} over the bare handler"
    yield Figure(over, ratio(rates, "bot", "bare"), "x", wanted, least=True)
    yield Figure("the same by processor time", ratio(costs, "bare", "bot"), "x")
    over = f"intake on {name} over the one that reads the JSON"
    yield Figure(over, ratio(rates, "bot", "reading"), "x")
    yield Figure("the same by processor time", ratio(costs, "reading", "bot"), "x")
