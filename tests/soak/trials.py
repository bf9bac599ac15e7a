"""The trials, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.killing import Killing
from tests.e2e.load import median
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
