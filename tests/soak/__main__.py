"""`make soak`: the long form of the tests of faults. Ends with 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from contextlib import nullcontext
from random import Random
from typing import TYPE_CHECKING, Final

from tests.postgres import serving
from tests.soak import clock, costs, disk, floods, forge, trials
from tests.soak.stage import Options, Report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: By name; those on PostgreSQL start a server of their own.
ALL: Final[dict[str, Callable[[Report, Options], Awaitable[None]]]] = {
    "kills": trials.kills,
    "kills-postgres": trials.kills_postgres,
    "slack": trials.slack,
    "stops": trials.stops,
    "postgres": trials.postgres,
    "slow": floods.slow,
    "strangers": costs.strangers,
    "disk": disk.disk,
    "forge": forge.forge,
    "clock": clock.clock,
    "clock-postgres": clock.clock_postgres,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--kills", type=int, default=100, help="on each engine")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each other trial")
    parser.add_argument("--limit", type=float, default=90.0, help="minutes that one trial may take")
    parser.add_argument("--seed", type=int, default=None, help="the same run again")
    given = parser.parse_args()
    if unknown := set(given.names) - set(ALL):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    seed = given.seed if given.seed is not None else time.time_ns() % 2**32
    report = Report()
    names = given.names or list(ALL)
    report.progress(f"{', '.join(names)}; --seed {seed}")
    needed = any("postgres" in name for name in names)
    with serving() if needed else nullcontext() as server:
        for name in names:
            options = Options(given.kills, given.minutes, Random(f"{seed} {name}"), server)
            asyncio.run(_one(name, report, options, limit_s=60 * given.limit))
    report.show()
    sys.exit(0 if report.good else 1)


async def _one(name: str, report: Report, options: Options, *, limit_s: float) -> None:
    """One trial; whatever breaks it is told, and the next one is begun."""
    try:
        async with asyncio.timeout(limit_s):
            await ALL[name](report, options)
    except Exception as error:  # noqa: BLE001 - a broken trial is a figure too
        traceback.print_exc()
        report.figure(name, "broken", f"{type(error).__name__}: {error}"[:80], good=False)


if __name__ == "__main__":
    main()
