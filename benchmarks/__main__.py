"""`python -m benchmarks [NAME …]`: measures what is named, or all of it, and prints tables."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import uvloop

from benchmarks import core, flow, intake, million, sizing, stage, starting
from benchmarks.table import Figure, Repeats, show

Measure = Callable[[Path, Repeats], AsyncIterator[Figure]]

#: By name: what it measures, in order.
ALL: Final[dict[str, tuple[Measure, ...]]] = {
    "core": (core.core,),
    "intake": (intake.sqlite, intake.postgres),
    "flow": (flow.paced, flow.burst),
    "folding": (flow.folding,),
    "workers": (flow.two_workers,),
    "starting": (starting.starts,),
    "history": (million.history,),
    "sizing": (sizing.sqlite, sizing.postgres),
}

NAMES: Final = ("rules", *ALL)


async def measure(name: str, repeats: Repeats) -> None:
    figures: list[Figure] = []
    for one in ALL[name]:
        with stage.folder() as folder:
            async for figure in one(folder, repeats):
                figures.append(figure)
                print(f"{figure.name}: {figure.value:,.4g} {figure.unit}", file=sys.stderr)  # noqa: T201
    show(figures, into=name)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    repeats = Repeats(rounds=given.rounds, seconds=given.seconds)
    if "rules" in (names := given.names or NAMES):
        subprocess.run([sys.executable, "-m", "benchmarks.rules"], check=True)
    stage.pin_sender()
    for name in (name for name in names if name in ALL):
        uvloop.run(measure(name, repeats))


if __name__ == "__main__":
    assert Path("bot").is_dir(), "run it in the repository"  # noqa: S101 - bad use
    main()
