"""The disk under the database: full, read-only, locked, again and again under load."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.e2e import disks, traced
from tests.soak.stage import Options, Report, Stage, stage, tell_load
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.disks import SmallDisk
    from tests.e2e.running import Process

_MEGABYTES: Final = 256
#: Of the database itself, beyond which the disk is full by what was asked of it.
_MOST_MEGABYTES: Final = 180
_BETWEEN: Final = 12
#: A harm lasts up to so long after it was noticed.
_LASTS_S: Final = 4.0
#: Harms between two starts, the second of them on a disk that cannot be written.
_A_RUN: Final = 6
#: What the end of a start says, of a disk that is full (or not).
_SAYS: Final = {True: ("full", "No space left"), False: ("Read-only file system",)}
_FULL: Final = f"{disks.WRITES}:error=ENOSPC"
_READ_ONLY: Final = f"{disks.WRITES}:error=EROFS"


async def disk(report: Report, options: Options) -> None:
    async with AsyncExitStack() as stack:
        on = await stack.enter_async_context(stage(None))
        small = None
        if (reason := disks.unmountable()) is None:
            folder = on.place.database.parent
            small = stack.enter_context(disks.small_disk(folder, megabytes=_MEGABYTES))
        report.figure("disk", "a disk of its own", reason or f"tmpfs, {_MEGABYTES} MB")
        report.figure("disk", "faults by strace", traced.impossible() or "yes")
        trial = _Trial(report, options, on, small)
        await trial.play()
        trial.tell()
        await asyncio.to_thread(disks.check, on.place)


@dataclass
class _Trial:
    report: Report
    options: Options
    on: Stage
    small: SmallDisk | None
    harms: Counter[str] = field(default_factory=Counter)
    #: From the end of each harm to the next delivery acknowledged, and until all is posted.
    well_s: list[float] = field(default_factory=list)
    posted_s: list[float] = field(default_factory=list)
    untold: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)

    @property
    def possible(self) -> list[str]:
        """A disk that is not really full, and one that turns read-only, take strace."""
        injected = traced.impossible() is None
        full = ["full"] if injected or self.small is not None else []
        return ["locked", *full, *(["read-only"] if injected else [])]

    async def play(self) -> None:
        end = time.monotonic() + 60 * self.options.minutes
        load = self.on.load
        while time.monotonic() < end and self._room():
            async with self.on.place.bot() as bot, asyncio.TaskGroup() as group:
                load.url = bot.url
                group.create_task(load.run())
                for _ in range(_A_RUN):
                    await load.more(_BETWEEN)
                    await self._harm(bot)
                load.end()
                await load.arrive(patience_s=180)
                self.stopped[f"{await bot.terminate()}"] += 1
            if self.small is not None:
                await self._starts(self.small)

    async def _harm(self, bot: Process) -> None:
        load, name = self.on.load, self.options.chance.choice(self.possible)
        self.harms[name] += 1
        async with self._harmed(name, bot):
            # The room that it has already it may go on using for a while.
            await until(load.refused, f"it is refused: {name}")
            try:
                await until(lambda: disks.told(bot), "it is told", patience_s=20)
            except AssertionError:
                self.untold[name] += 1
            await asyncio.sleep(self.options.chance.uniform(0, _LASTS_S))
        over = time.monotonic()
        await load.more(1)
        self.well_s.append(time.monotonic() - over)
        waiting = set(load.lost())
        await until(lambda: not waiting & set(load.lost()), "what waited is posted", patience_s=180)
        self.posted_s.append(time.monotonic() - over)
        await until(lambda: _ready(bot), "it says that it is well")
        told = f"well after {self.well_s[-1]:.2f} s, posted after {self.posted_s[-1]:.2f} s"
        self.report.progress(f"{name}: {told}; {len(load.acknowledged)} acknowledged")

    @asynccontextmanager
    async def _harmed(self, name: str, bot: Process) -> AsyncIterator[None]:
        place = self.on.place
        if name == "locked":
            with disks.locked(place):
                yield
        elif name == "full" and self.small is not None:
            async with self.small.full():
                yield
        else:
            # No disk can be made read-only while a file of it is open for writing.
            fault = _FULL if name == "full" else _READ_ONLY
            async with traced.injected(bot.pid, fault, place.database, disks.log_of(place)):
                yield

    async def _starts(self, small: SmallDisk) -> None:
        """On a disk that is really read-only, or really full: it may refuse, and says why."""
        full = self.options.chance.random() < 0.5
        self.harms["start on a full disk" if full else "start on a read-only disk"] += 1
        async with small.full() if full else nullcontext():
            with nullcontext() if full else small.read_only():
                await self._started(full=full)

    async def _started(self, *, full: bool) -> None:
        try:
            async with self.on.place.bot() as bot:
                if not full or await disks.status_of(bot, "/readyz") == 200:
                    self.untold["start"] += not full
                await bot.terminate()
        except AssertionError as ended:
            said = str(ended)
            if "Traceback" in said or not any(word in said for word in _SAYS[full]):
                self.untold["start"] += 1
                self.report.progress(f"its start did not say why it ended: {ended}")

    def _room(self) -> bool:
        size = sum(file.stat().st_size for file in self.on.place.database.parent.glob("bot.db*"))
        return size < _MOST_MEGABYTES << 20

    def tell(self) -> None:
        report, load = self.report, self.on.load
        for name, times in sorted(self.harms.items()):
            report.figure("disk", name, times)
        others = [status for status in load.refusals if status != 503]
        report.figure("disk", "refused with 503", load.refusals.count(503))
        report.figure("disk", "other answers", f"{others}", good=not others)
        report.figure("disk", "not told", f"{dict(self.untold)}", good=not self.untold)
        report.figure("disk", "ends", f"{dict(self.stopped)}", good=set(self.stopped) <= {"0"})
        report.figure("disk", "well again after, most s", max(self.well_s, default=0.0))
        report.figure("disk", "posted after, most s", max(self.posted_s, default=0.0))
        tell_load(report, "disk", load, doubles=0)


async def _ready(bot: Process) -> bool:
    return await disks.status_of(bot, "/readyz") == 200
