"""Many hostile connections at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.events.samples import sample
from tests.e2e.dawdling import dawdle, served
from tests.soak.stage import Options, Report, stage

if TYPE_CHECKING:
    from tests.e2e.running import Process

_CONNECTIONS: Final = 500
_DROPPED_S: Final = 15.0


async def slow(report: Report, options: Options) -> None:
    """500 connections with slow headers and slow bodies; others are served meanwhile."""
    async with stage(None) as on, on.place.bot() as bot:
        memory = _memory_mb(bot)
        taken: list[bool] = []

        def others() -> None:
            taken.extend(served(bot.url, f"other {n}", sample("push")[1]) for n in range(100))

        found = await asyncio.to_thread(dawdle, bot.url, _CONNECTIONS, others)
        late = found.took_s > _DROPPED_S
        report.figure("slow", "connections", _CONNECTIONS)
        report.figure("slow", "dropped after, most s", found.took_s, good=not late)
        report.figure("slow", "others served", sum(taken), good=all(taken))
        report.figure("slow", "memory more, MB", _memory_mb(bot) - memory)


def _memory_mb(bot: Process) -> float:
    lines = Path(f"/proc/{bot.pid}/status").read_text().splitlines()
    [resident] = [line for line in lines if line.startswith("VmRSS:")]
    return int(resident.split()[1]) / 1024
