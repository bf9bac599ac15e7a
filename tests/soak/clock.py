"""Clocks that are set, ahead and back, by seconds and by years, under load and while it is down."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tests.e2e.load import RULES
from tests.e2e.steering import Hands
from tests.fakes.slack_messages import Channel
from tests.fakes.slack_weather import POST, Weather
from tests.soak.stage import Options, Report, Stage, stage, tell_load
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.e2e.running import Process

#: Beside the load: what the clock itself starts.
_RULES: Final = (
    RULES
    + """\
  - name: ticks
    every: {cron: "* * * * *"}
    list: open_mrs
    post: {to: "#ticks", text: "{{ count }} open"}
  - name: batches
    on: mr.opened
    batch: {quiet: 5s, max_wait: 20s}
    post: {to: "#batches", text: "{{ count }} opened"}
"""
)
_ODDS: Final = {POST: 0.15, "conversations.history": 0.1}
_BETWEEN: Final = 16
_YEAR_S: Final = 365 * 86_400.0
#: Steps between two kills; what is killed may post twice.
_A_RUN: Final = 5
#: Longer than any wait that the program makes by itself: the longest backoff is two and a half
#: minutes. A step is mostly longer by far.
_STALL_S: Final = 180.0


async def clock(report: Report, options: Options) -> None:
    """One process on SQLite."""
    async with stage(None, _RULES) as on:
        for name in ("ticks", "batches"):
            on.slack.workspace.channels[f"C0{name.upper()}"] = Channel(f"C0{name.upper()}", name)
        trial = _Trial(report, options, on, Hands(on.place))
        await trial.play()
        trial.tell()
        await asyncio.to_thread(trial.tell_own)


@dataclass
class _Trial:
    report: Report
    options: Options
    on: Stage
    hands: Hands
    steps: list[timedelta] = field(default_factory=list)
    kills: int = 0
    #: From each step until all that waited then was posted.
    posted_s: list[float] = field(default_factory=list)
    opened: int = 0

    async def play(self) -> None:
        end, load = time.monotonic() + 60 * self.options.minutes, self.on.load
        self.on.slack.weather = weather = Weather(self.options.chance, _ODDS)
        steps = _steps(self.options.chance)
        while time.monotonic() < end:
            async with self.on.place.bot() as bot, asyncio.TaskGroup() as group:
                load.url = bot.url
                group.create_task(load.run(patience_s=300))
                for number in range(1, _A_RUN + 1):
                    await load.more(_BETWEEN)
                    await self._open(bot)
                    await self._step(bot, next(steps), number)
                load.end()
                await bot.kill()
            self.kills += 1
            self._set(next(steps))
        weather.odds = {}
        async with self.on.place.bot() as bot:
            await load.arrive()
            await self._all_told()
            assert await bot.terminate() == 0

    async def _step(self, bot: Process, step: timedelta, number: int) -> None:
        load = self.on.load
        waiting = set(load.lost())
        self._set(step)
        began = time.monotonic()
        await until(lambda: len(bot.events("clock was stepped")) >= number, "it is noticed")
        await until(lambda: not waiting & set(load.lost()), "what waited goes on", patience_s=300)
        self.posted_s.append(time.monotonic() - began)
        self.report.progress(
            f"step by {step}: posted after {self.posted_s[-1]:.2f} s;"
            f" {len(load.acknowledged)} acknowledged"
        )

    def _set(self, step: timedelta) -> None:
        self.steps.append(step)
        self.hands.move(step)

    async def _open(self, bot: Process) -> None:
        self.opened += 1
        key = f"mr {self.opened}"
        assert await self.on.load.forge.send(bot.url, "mr.opened", key=key, iid=self.opened) == 202

    async def _all_told(self) -> None:
        """Batches of whatever clock, and one tick more of the one that is now."""
        await until(lambda: self._batched() >= self.opened, "every batch is told")
        ticks = len(self.on.slack.texts("ticks"))
        enough = lambda: len(self.on.slack.texts("ticks")) > ticks  # noqa: E731 - said twice else
        await until(enough, "another tick", patience_s=90)

    def _batched(self) -> int:
        return sum(int(text.split()[0]) for text in self.on.slack.texts("batches"))

    def tell(self) -> None:
        report, trial = self.report, "clock"
        report.figure(trial, "steps", len(self.steps))
        report.figure(trial, "of them back", sum(one < timedelta() for one in self.steps))
        report.figure(trial, "the longest, days", max(abs(one.days) for one in self.steps))
        report.figure(trial, "kills", self.kills)
        slowest = max(self.posted_s)
        report.figure(trial, "posted after, most s", slowest, good=slowest < _STALL_S)
        told = self._batched()
        report.figure(trial, "in batches", f"{told} of {self.opened}", good=told >= self.opened)
        tell_load(report, trial, self.on.load, doubles=self.kills)

    def tell_own(self) -> None:
        """What the clock started was told once for each time that it decided so."""
        with closing(sqlite3.connect(self.on.place.database)) as database:
            query = "SELECT rule, count(*) FROM outbox WHERE state = 'done' GROUP BY rule"
            done = dict(database.execute(query).fetchall())
        for rule in ("ticks", "batches"):
            told, decided = len(self.on.slack.texts(rule)), done.get(rule, 0)
            good = decided <= told <= decided + self.kills
            self.report.figure(
                "clock", f"{rule}, told of decided", f"{told} of {decided}", good=good
            )


async def clock_postgres(report: Report, options: Options) -> None:
    """A web process and two workers whose machines disagree, each with steps of its own."""
    assert options.server is not None
    async with stage(options.server) as on, AsyncExitStack() as stack:
        load, chance, steps = on.load, options.chance, _steps(options.chance)
        on.slack.weather = weather = Weather(chance, _ODDS)
        hands = [Hands(on.place, name) for name in ("web", "one", "two")]
        running = [
            await stack.enter_async_context(on.place.bot(role, **hand.settings))
            for role, hand in zip(("web", "worker", "worker"), hands, strict=True)
        ]
        load.url = running[0].url
        end, slowest, count = time.monotonic() + 60 * options.minutes, 0.0, 0
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            while time.monotonic() < end:
                await load.more(_BETWEEN)
                waiting, began = set(load.lost()), time.monotonic()
                step = next(steps)
                chance.choice(hands).move(step)
                count += 1
                await until(
                    lambda seen=waiting: not seen & set(load.lost()),  # type: ignore[misc]  # lambda's default
                    "what waited goes on",
                    patience_s=300,
                )
                slowest = max(slowest, time.monotonic() - began)
                report.progress(f"step by {step}; {len(load.acknowledged)} acknowledged")
            load.end()
            weather.odds = {}
            await load.arrive()
        ends = [await each.terminate() for each in running]
        name = "clock-postgres"
        report.figure(name, "steps", count)
        report.figure(name, "posted after, most s", slowest, good=slowest < _STALL_S)
        report.figure(name, "ends", f"{ends}", good=ends == [0, 0, 0])
        tell_load(report, name, load, doubles=0)


def _steps(chance: Random) -> Iterator[timedelta]:
    """Seconds to a year, on and back, so that the clock does not go away for good."""
    away_s = 0.0
    while True:
        size_s = math.exp(chance.uniform(math.log(5), math.log(_YEAR_S)))
        if abs(away_s) > 86_400 and chance.random() < 0.4:
            step_s = -away_s
        else:
            step_s = size_s if chance.random() < 0.5 else -size_s
        away_s += step_s
        yield timedelta(seconds=step_s)
