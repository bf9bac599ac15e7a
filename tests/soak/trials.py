"""The trials, one after the other."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.e2e.harm import under_load
from tests.e2e.killing import Killing
from tests.e2e.load import median
from tests.e2e.storms import Storm
from tests.soak.stage import Options, Report, Stage, stage, tell_load

if TYPE_CHECKING:
    from tests.postgres import Server


async def kills(report: Report, options: Options) -> None:
    """kill -9 at random moments, one process on SQLite."""
    async with stage(None) as on:
        killing = _killing(report, options, on)
        await killing.of_one_process(options.kills)
        _tell(report, "kills", killing)


async def kills_postgres(report: Report, options: Options) -> None:
    """The same of a web process and two workers on PostgreSQL."""
    async with stage(_server(options)) as on:
        killing = _killing(report, options, on)
        await killing.of_several(options.kills)
        _tell(report, "kills-postgres", killing)


async def postgres(report: Report, options: Options) -> None:
    """Connections that are cut and a server that crashes, by turns."""
    server = _server(options)
    end, harms = time.monotonic() + 60 * options.minutes, Counter[str]()
    async with stage(server) as on:
        database = urlsplit(on.place.settings["DATABASE_URL"]).path.lstrip("/")

        async def harm() -> None:
            name = options.chance.choice(["cut", "cut", "crash"])
            harms[name] += 1
            await (server.cut(database) if name == "cut" else server.restart())
            report.progress(f"{name}: {len(on.load.acknowledged)} acknowledged")

        while time.monotonic() < end:
            await under_load(on.place, on.load, harm, times=5)
        report.figure("postgres", "harms", f"{harms['cut']} cuts, {harms['crash']} crashes")
        report.figure("postgres", "refused with 503", on.load.refusals.count(503))
        tell_load(report, "postgres", on.load, doubles=0)


async def slack(report: Report, options: Options) -> None:
    """Every fault of Slack's, then minutes without it, again and again."""
    end = time.monotonic() + 60 * options.minutes
    async with stage(None) as on:
        storm = Storm(on.place, on.load, options.chance)
        early, met = 0, Counter[str]()
        while time.monotonic() < end:
            away_s = min(600.0, 60 * options.minutes / 4)
            weather = await storm.rage(messages=100, down_s=away_s, patience_s=900)
            early, met = early + len(weather.early), met + weather.met
            for line in weather.early:
                report.progress(f"EARLY {line}")
            report.progress(f"{len(on.load.acknowledged)} acknowledged, {met.total()} faults")
        report.figure("slack", "faults met", met.total(), good=bool(met))
        report.figure("slack", "kinds of them", len(met))
        report.figure("slack", "calls before their time", early, good=not early)
        report.figure("slack", "refused", len(on.load.refusals), good=not on.load.refusals)
        tell_load(report, "slack", on.load, doubles=0)


async def stops(report: Report, options: Options) -> None:
    """SIGTERM under load."""
    end, took = time.monotonic() + 60 * options.minutes, list[float]()
    async with stage(None) as on, asyncio.TaskGroup() as group:
        group.create_task(on.load.run())
        while time.monotonic() < end:
            async with on.place.bot() as bot:
                on.load.url = bot.url
                await asyncio.sleep(options.chance.uniform(0, 2))
                began = time.monotonic()
                code = await bot.terminate()
                took.append(time.monotonic() - began)
                if code:
                    report.figure("stops", "exit code", code, good=False)
            report.progress(f"stop {len(took)}: {took[-1]:.2f} s")
        on.load.end()
        async with on.place.bot() as bot:
            await on.load.arrive()
        report.figure("stops", "stops", len(took))
        report.figure("stops", "SIGTERM to the end, most s", max(took), good=max(took) <= _STOP_S)
        tell_load(report, "stops", on.load, doubles=0)


_STOP_S: Final = 10.0


def _killing(report: Report, options: Options, on: Stage) -> Killing:
    return Killing(on.place, on.load, options.chance, told=report.progress)


def _tell(report: Report, trial: str, killing: Killing) -> None:
    report.figure(trial, "kills", killing.kills)
    tell_load(report, trial, killing.load, doubles=killing.kills)
    report.figure(trial, "start to first 202, median s", median(killing.accepting_s))
    report.figure(trial, "start to first 202, most s", max(killing.accepting_s, default=0.0))


def _server(options: Options) -> Server:
    assert options.server is not None
    return options.server
