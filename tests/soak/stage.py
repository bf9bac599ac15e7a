"""Where a long trial plays: a folder, a Slack, a sender, and a database of either kind."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.e2e.load import RULES, Load
from tests.e2e.running import KEY, Place, sender, slack_settings
from tests.fakes.slack_server import FakeSlack
from tests.postgres import Server, database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random


@dataclass
class Report:
    """What was seen, told as it comes and as a table at the end."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def progress(self, line: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {line}", flush=True)  # noqa: T201

    def figure(self, trial: str, name: str, value: object, *, good: bool = True) -> None:
        shown = f"{value:.3g}" if isinstance(value, float) else f"{value}"
        self.rows.append((trial, name, shown, good))
        self.progress(f"{'' if good else 'FAILED '}{trial}: {name}: {shown}")

    @property
    def good(self) -> bool:
        return all(good for *_, good in self.rows)

    def show(self) -> None:
        table = Table("trial", "figure", "seen", "")
        for trial, name, value, good in self.rows:
            table.add_row(trial, name, value, "" if good else "FAILED")
        Console(width=100).print(table)


@dataclass(frozen=True)
class Options:
    kills: int
    #: For each trial that has no number of its own.
    minutes: float
    chance: Random
    server: Server | None


@dataclass(frozen=True)
class Stage:
    place: Place
    slack: FakeSlack
    load: Load


@asynccontextmanager
async def stage(server: Server | None, rules: str = RULES) -> AsyncIterator[Stage]:
    """On PostgreSQL when there is a server."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bot-soak-")))
        slack = await stack.enter_async_context(FakeSlack())
        forge = await stack.enter_async_context(sender())
        place = Place(folder, {"DATABASE_URL": f"sqlite:///{folder}/var/bot.db"}, fresh=True)
        place.settings |= slack_settings(slack)
        if server is not None:
            url = await stack.enter_async_context(database(server))
            place.settings |= {"DATABASE_URL": url, "SECRET_KEY": KEY}
        place.rules.write_text(rules)
        yield Stage(place, slack, Load(forge, slack))


def tell_load(report: Report, trial: str, load: Load, *, doubles: int) -> None:
    """What must hold after every trial; `doubles`: as many messages may have come twice."""
    report.figure(trial, "acknowledged", len(load.acknowledged), good=bool(load.acknowledged))
    report.figure(trial, "lost", len(load.lost()), good=not load.lost())
    report.figure(trial, "in another's channel", len(load.strayed()), good=not load.strayed())
    report.figure(trial, "inversions", load.inversions(), good=not load.inversions())
    report.figure(trial, "doubled", load.doubled(), good=load.doubled() <= doubles)
