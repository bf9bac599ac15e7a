"""The loops of a bench, that of the clock included, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bot.store import open_store
from bot.worker.schedules import Scheduler
from tests.postgres import empty_postgres_url, postgres_server, postgres_url
from tests.worker.bench import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store import Store

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]

HEAD = """\
channels: {dev: "#dev", ci: "#ci"}
people: {alice: U0ALICE01}
hours:
  work: {days: mon-fri, from: "09:00", to: "18:00"}
"""
FOLDED = """\
rules:
- name: folded
  on: push
  batch: {quiet: 5m, max_wait: 30m}
  post: {to: dev, text: "{{ count }} pushes to {{ project }} by {{ actors | join(', ') }}"}
"""
THROTTLED = """\
rules:
- {name: t, on: push, throttle: {every: 15m, by: branch}, post: {to: dev, text: "{{ branch }}"}}
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, secret_key="a key for tests") as one:
        yield one


class Timed(Bench):
    """The two loops and the one of the clock."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.scheduler = self.another()

    def another(self) -> Scheduler:
        """A further process."""
        return Scheduler(
            store=self.store, book=self.book, channels=self.directory.ids, clock=self.clock
        )

    @override
    def restart(self) -> None:
        super().restart()
        self.scheduler = self.another()

    def rules(self, text: str) -> None:
        self.use(HEAD + text)

    async def at(self, clock: str) -> list[str]:
        """What is said when the clock next shows that; the bot only looks then."""
        hour, minute = (int(part) for part in clock.split(":"))
        then = self.clock.at.replace(hour=hour, minute=minute, second=0)
        self.clock.at = then if then > self.clock.at else then + timedelta(days=1)
        return await self.tick()

    async def set_clock(self, by: timedelta) -> None:
        """Somebody sets it, and the process notices."""
        self.clock.at += by
        await self.store.move_waits(by, who="bench", now=self.clock.at)

    async def tick(self) -> list[str]:
        before = len(self.said())
        while await self.scheduler.step():
            pass
        await self.send()
        return self.said()[before:]


@pytest.fixture
def bench(store: Store) -> Timed:
    return Timed(store)
