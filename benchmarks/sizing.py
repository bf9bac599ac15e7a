"""What one delivery costs of processor, disk and memory, and from it what a day of many needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import asyncpg

from benchmarks import load, stage
from benchmarks.deliveries import Requests
from benchmarks.flow import reach, with_slack
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from benchmarks.table import Repeats

COUNT: Final = 3_000
_WARM: Final = 300
_DAYS: Final = 30
#: Of a day's deliveries in its busiest hour.
_BUSIEST: Final = 0.15
_A_DAY: Final = (1_000, 10_000, 100_000, 1_000_000)


async def sqlite(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    async for figure in _measured(folder, "SQLite", None):
        yield figure


async def postgres(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    with stage.postgres() as uri:
        async for figure in _measured(
            folder, "PostgreSQL", await stage.fresh_database(uri, "sizing")
        ):
            yield figure


async def _measured(folder: Path, engine: str, database: str | None) -> AsyncIterator[Figure]:
    async with with_slack() as slack, stage.bot(folder, slack=slack, database=database) as bot:
        yield Figure(f"{engine}: memory after a first start", bot.memory_mb(), "MB")
        requests = Requests(bot.host)
        await load.closed(bot.host, bot.port, requests.next, connections=8, count=_WARM)
        await reach(slack, _WARM)
        cpu, disk = bot.cpu_s(), await _size(folder, database)
        await load.closed(bot.host, bot.port, requests.next, connections=8, count=COUNT)
        await reach(slack, _WARM + COUNT)
        each_s = (bot.cpu_s() - cpu) / COUNT
        each_bytes = (await _size(folder, database) - disk) / COUNT
        yield Figure(f"{engine}: processor for a push of 12 kB that is posted", each_s * 1000, "ms")
        yield Figure(f"{engine}: disk for it, kept", each_bytes, "bytes")
        yield Figure(f"{engine}: memory afterwards", bot.memory_mb(), "MB")
        for count in _A_DAY:
            gigabytes = count * _DAYS * each_bytes / 1e9
            cores = count * _BUSIEST / 3600 * each_s
            yield Figure(f"{engine}: {count:,} a day, {_DAYS} days on disk", gigabytes, "GB")
            yield Figure(f"{engine}: {count:,} a day, cores in the busiest hour", cores, "")


async def _size(folder: Path, database: str | None) -> float:
    if database is not None:
        conn = await asyncpg.connect(database)
        try:
            return float(await conn.fetchval("SELECT pg_database_size(current_database())"))
        finally:
            await conn.close()
    with closing(sqlite3.connect(folder / "var" / "bot.db")) as raw:
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        spare = raw.execute("PRAGMA freelist_count").fetchone()[0]
        return float((pages - spare) * raw.execute("PRAGMA page_size").fetchone()[0])
