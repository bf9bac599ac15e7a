"""Figures as a table on the terminal and as JSON in `results/`."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str = ""
    wanted: float | None = None
    #: `wanted` is the least, not the most.
    least: bool = False

    @property
    def good(self) -> bool | None:
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.least else self.value <= self.wanted

    @property
    def aim(self) -> str:
        if self.wanted is None:
            return ""
        return f"{'≥' if self.least else '≤'} {self.wanted:,.4g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How often what is compared is measured, and how long each time."""

    rounds: int
    seconds: float


def show(figures: Sequence[Figure], *, into: str) -> None:
    table = Table("", "measured", "wanted", "")
    for one in figures:
        mark = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[one.good]
        table.add_row(one.name, f"{one.value:,.4g} {one.unit}", one.aim, mark)
    Console(width=110).print(table)
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            "plain_loop_ms": plain_loop_ms(),
        },
        "figures": [
            {"name": one.name, "value": one.value, "unit": one.unit, "aim": one.aim}
            for one in figures
        ],
    }
    (RESULTS / f"{into}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


def plain_loop_ms() -> float:
    """300,000 turns of plain Python: how busy the machine is at this moment."""

    def once() -> float:
        started = perf_counter()
        for _ in range(300_000):
            pass
        return (perf_counter() - started) * 1000

    return min(once() for _ in range(5))
