"""What a stranger's delivery costs the processor beside one that is accepted."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.e2e.running import SECRET
from tests.soak.stage import Options, Report, stage

if TYPE_CHECKING:
    from tests.e2e.load import Load

_ROUNDS: Final = 5
_EACH: Final = 400
_AIM: Final = 0.7
_RULES: Final = "version: 1\nrules: []\n"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


async def strangers(report: Report, options: Options) -> None:
    """In turns; the median of the rounds' ratios."""
    async with stage(None, _RULES) as on, on.place.bot() as bot:
        on.load.url = bot.url
        await _send(on.load, SECRET, "warm")
        ratios = []
        for round_ in range(_ROUNDS):
            spent = []
            for secret in (SECRET, "wrong"):
                before = _processor_s(bot.pid)
                await _send(on.load, secret, f"{round_} {secret}")
                spent.append(_processor_s(bot.pid) - before)
            ratios.append(spent[1] / spent[0])
            report.progress(f"round {round_}: {spent[0]:.2f} s accepted, {spent[1]:.2f} s refused")
    ratio = sorted(ratios)[_ROUNDS // 2]
    report.figure("strangers", "refused : accepted", ratio, good=ratio <= _AIM)


async def _send(load: Load, secret: str, round_: str) -> None:
    for number in range(_EACH):
        await load.forge.send(load.url, key=f"{round_} {number}", secret=secret)
    # What was accepted is decided too before the next is measured.
    await asyncio.sleep(1)


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
