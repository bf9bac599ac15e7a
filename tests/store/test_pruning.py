"""What is forgotten gives its room back, a little at a time, and nobody waits for it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import zlib
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.store import migrate, open_store
from bot.store.pace import Pace
from bot.store.sqlite import path_of
from tests.store.make import KEY, NOW, claim, decided, delivery, delivery_id, settle_deliveries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.store import Store

COUNT = 60


def noise(number: int) -> bytes:
    """A body that does not pack."""
    dice = random.Random(number)
    return b'{"x": "%b"}' % dice.randbytes(40_000).hex().encode()


async def fill(store: Store) -> None:
    for number in range(COUNT):
        await store.append(delivery(number, body=noise(number)))
    while (await store.backlog()).deliveries:
        claimed = await claim(store)
        settled = [decided(int(one.id.lstrip("D") or 0)) for one in claimed.deliveries]
        await settle_deliveries(store, claimed.claim, settled, now=NOW)


def spare_pages(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("PRAGMA freelist_count").fetchone()[0])


def used_pages(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("PRAGMA page_count").fetchone()[0]) - spare_pages(path)


async def test_the_room_of_what_was_forgotten_goes_back_to_the_system(sqlite_url: str) -> None:
    path = path_of(sqlite_url)
    async with open_store(sqlite_url, secret_key=KEY) as store:
        await fill(store)
    before = path.stat().st_size
    told: list[tuple[str, int]] = []
    async with open_store(sqlite_url, secret_key=KEY) as store:
        gone = await store.prune(
            before=NOW + timedelta(days=1), forgotten=lambda table, rows: told.append((table, rows))
        )
    assert gone >= COUNT
    assert sum(rows for table, rows in told if table == "deliveries") == COUNT
    assert (spare_pages(path), path.stat().st_size < before / 2) == (0, True)


async def test_a_body_takes_little_room(sqlite_url: str) -> None:
    body = b'{"x": "%b"}' % (b"the same again and again " * 480)
    await migrate(sqlite_url)
    empty = used_pages(path_of(sqlite_url))
    async with open_store(sqlite_url, secret_key=KEY) as store:
        for number in range(COUNT):
            await store.append(delivery(number, body=body))
        kept = await store.delivery(delivery_id(3))
    assert kept == (delivery(3, body=body), "new")
    # As it came, each would take a page.
    assert used_pages(path_of(sqlite_url)) - empty < COUNT / 3


async def test_a_body_that_an_older_version_kept_as_it_came_is_read(sqlite_url: str) -> None:
    body = b'{"x": "%b"}' % (b"the same again and again " * 480)
    async with open_store(sqlite_url, secret_key=KEY) as store:
        await store.append(delivery(1, body=body))
        for letter, kept in ((b"r", body), (b"z", zlib.compress(body))):
            with closing(sqlite3.connect(path_of(sqlite_url))) as raw:
                raw.execute("UPDATE deliveries SET body = ?", (letter + kept,))
                raw.commit()
            assert await store.delivery(delivery_id(1)) == (delivery(1, body=body), "new")


async def test_deliveries_come_in_while_room_is_given_back(sqlite_url: str) -> None:
    async with open_store(sqlite_url, secret_key=KEY) as store:
        await fill(store)
        async with asyncio.TaskGroup() as group:
            group.create_task(store.prune(before=NOW + timedelta(days=1)))
            for number in range(COUNT, 2 * COUNT):
                assert await store.append(delivery(number))
        assert (await store.backlog()).deliveries == COUNT


class Watch:
    """A clock that a step moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)

    def pace(self) -> Pace:
        return Pace(first=100, least=10, most=1000, clock=lambda: self.now, rest=self.rest)

    async def step(self, pace: Pace, seconds: float, *, waiting: float = 0) -> None:
        """One that works so long, after waiting for its turn."""

        def do(_conn: object) -> None:
            self.now += seconds

        async def write(do: Callable[[Any], None]) -> None:
            self.now += waiting
            do(None)

        await pace.take(write, do)


async def test_a_step_that_takes_long_makes_the_next_one_smaller() -> None:
    watch = Watch()
    pace = watch.pace()
    await watch.step(pace, 0.04)
    assert pace.step == 50
    await watch.step(pace, 9)
    assert pace.step == 10


async def test_quick_steps_grow_to_a_bound() -> None:
    watch = Watch()
    pace = watch.pace()
    sizes = []
    for _ in range(5):
        await watch.step(pace, 0.001)
        sizes.append(pace.step)
    assert sizes == [200, 400, 800, 1000, 1000]


async def test_waiting_for_a_turn_makes_no_step_smaller() -> None:
    watch = Watch()
    pace = watch.pace()
    await watch.step(pace, 0.02, waiting=5)
    assert pace.step == 100


async def test_after_each_step_others_have_as_long_a_turn() -> None:
    watch = Watch()
    pace = watch.pace()
    await watch.step(pace, 0.5)
    await watch.step(pace, 0.25, waiting=0.25)
    assert watch.rests == [0.5, 0.5]
