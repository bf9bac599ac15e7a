"""`make fuzz`: the long form. Ends with 1 when something broke or is always slow."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz.mutations import Seed, invented, mutated, seeds
from tests.fuzz.through import LIMIT_MS, Way

#: A body is slow when the fastest of so many goes is.
_TRIES: Final = 5
#: Broken bodies that are shown; the rest are counted.
_SHOWN: Final = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=None, help="the same run again")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="for broken bodies")
    options = parser.parse_args()
    started_with = options.seed if options.seed is not None else time.time_ns() % 2**32
    run = Run(started_with, options.keep)
    run.until(time.monotonic() + 60 * options.minutes)
    print(run.told())  # noqa: T201 - its user reads it
    sys.exit(1 if run.broken or run.slow else 0)


class Run:
    def __init__(self, started_with: int, keep: Path) -> None:
        self.seed = started_with
        self.random = Random(started_with)
        self.seeds = seeds()
        self.way = Way()
        self.keep = keep
        self.broken: Counter[str] = Counter()
        #: Milliseconds of bodies that are slow however often they are tried, by their seed's name.
        self.slow: dict[str, float] = {}
        self.times: list[float] = []

    def until(self, end: float) -> None:
        while time.monotonic() < end:
            self._one(self._next())

    def _next(self) -> Seed:
        if self.random.random() < 0.1:
            return invented(self.random, self.seeds)
        return mutated(self.random.choice(self.seeds), self.random, self.seeds)

    def _one(self, seed: Seed) -> None:
        try:
            took = self.way.go(seed)
            self.way.looks(seed)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            self._break(seed, error)
            return
        self.times.append(took)
        if took > LIMIT_MS and (least := self._least(seed)) > LIMIT_MS:
            self.slow[seed.name] = max(least, self.slow.get(seed.name, 0.0))
            self._write(seed, f"slow-{len(self.slow)}")

    def _least(self, seed: Seed) -> float:
        """Of several goes without what was remembered: the first may have compiled something."""
        return min(Way().go(seed) for _ in range(_TRIES))

    def _break(self, seed: Seed, error: Exception) -> None:
        *_, last = traceback.extract_tb(error.__traceback__)
        where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"[:300]
        self.broken[where] += 1
        if self.broken[where] == 1 and len(self.broken) <= _SHOWN:
            kept = self._write(seed, f"broken-{len(self.broken)}")
            print(f"BROKEN by a change of {seed.name}, {kept}: {where}")  # noqa: T201 - at once

    def _write(self, seed: Seed, name: str) -> Path:
        self.keep.mkdir(parents=True, exist_ok=True)
        path = self.keep / f"{name}.json"
        kept = {"forge": seed.forge, "header": seed.header, "body": seed.body}
        path.write_text(json.dumps(kept), encoding="utf-8")
        return path

    def told(self) -> str:
        times = sorted(self.times) or [0.0]
        middle, late = times[len(times) // 2], times[int(len(times) * 0.999)]
        lines = [
            f"{len(times):,} bodies from {len(self.seeds)} payloads, --seed {self.seed}",
            f"processor time: {middle:.1f} ms half, {late:.1f} ms 99.9 %, {times[-1]:.1f} ms most",
            f"broken: {sum(self.broken.values())}, always over {LIMIT_MS:.0f} ms: {len(self.slow)}",
        ]
        lines += [f"  {count} x {where}" for where, count in self.broken.most_common()]
        lines += [f"  {took:.0f} ms: a change of {name}" for name, took in self.slow.items()]
        return "\n".join(lines)


if __name__ == "__main__":
    main()
