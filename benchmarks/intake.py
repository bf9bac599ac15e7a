"""How fast deliveries are taken in, beside a bare handler that only reads and answers."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from benchmarks import load, stage
from benchmarks.deliveries import Requests
from benchmarks.quick_slack import QuickSlack
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from benchmarks.stage import Server
    from benchmarks.table import Repeats

CONNECTIONS: Final = 32


async def sqlite(folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    slack = QuickSlack()
    await slack.start()
    async with stage.bare(folder) as bare, stage.bot(folder, slack=slack) as bot:
        async for figure in _beside(bare, bot, "SQLite", wanted=0.33, repeats=repeats):
            yield figure
    await slack.stop()


async def postgres(folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    slack = QuickSlack()
    await slack.start()
    with stage.postgres() as uri:
        url = await stage.fresh_database(uri, "intake")
        async with (
            stage.bare(folder) as bare,
            stage.bot(folder, slack=slack, database=url) as bot,
        ):
            async for figure in _beside(bare, bot, "PostgreSQL", wanted=0.2, repeats=repeats):
                yield figure
    await slack.stop()


async def _beside(
    bare: Server, bot: Server, name: str, *, wanted: float, repeats: Repeats
) -> AsyncIterator[Figure]:
    rates: dict[str, list[float]] = {"bare": [], "bot": []}
    costs: dict[str, list[float]] = {"bare": [], "bot": []}
    makers = {"bare": Requests("127.0.0.1"), "bot": Requests("127.0.0.1", run="bot")}
    for number in range(repeats.rounds + 1):
        for which, server in (("bare", bare), ("bot", bot)):
            # What the bot has not decided yet must not slow down the other.
            (bot.freeze if server is bare else bot.wake)()
            before = server.cpu_s()
            made = makers[which].next
            answers = await load.closed(
                server.host, server.port, made, connections=CONNECTIONS, seconds=repeats.seconds
            )
            assert set(answers.statuses) == {202}, answers.statuses  # noqa: S101 - or it is no figure
            if number:  # the first round warms up
                rates[which].append(answers.per_s)
                costs[which].append((server.cpu_s() - before) / answers.statuses[202])
    ratios = [bot / bare for bot, bare in zip(rates["bot"], rates["bare"], strict=True)]
    costly = [bare / bot for bot, bare in zip(costs["bot"], costs["bare"], strict=True)]
    median = statistics.median
    yield Figure(f"bare handler, {CONNECTIONS} connections", median(rates["bare"]), "/s")
    yield Figure(f"intake on {name}", median(rates["bot"]), "/s")
    yield Figure(f"intake on {name} over the bare handler", median(ratios), "x", wanted, least=True)
    yield Figure(f"the same by processor time, {name}", median(costly), "x")
