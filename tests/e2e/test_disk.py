"""A disk that fails under a running bot: refused, told, and over when the disk is well again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest

from tests.e2e import traced
from tests.e2e.load import RULES, Load
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running import Place, Process, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)

_WRITES: Final = "pwrite64,pwritev,write,ftruncate"
#: What the kernel answers for every such call on the database's files.
FAULTS: Final = {
    "full": f"{_WRITES}:error=ENOSPC",
    "read-only": f"{_WRITES}:error=EROFS",
    "broken while writing": f"{_WRITES}:error=EIO",
    "broken while syncing": "fdatasync,fsync:error=EIO",
}


@pytest.mark.skipif(traced.impossible() is not None, reason=traced.impossible() or "")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_what_cannot_be_written_is_refused_and_told_until_it_can(
    place: Place, slack: FakeSlack, forge: Sender, fault: str
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    async with place.bot() as bot:
        load.url = bot.url
        await _send(load, 0, 4)
        await load.arrive()
        async with traced.injected(bot.pid, fault, place.database, _log_of(place)):
            assert [await _status(load, number) for number in range(4, 8)] == [503] * 4
            assert await _told(bot)
        await _send(load, 4, 8)
        await load.arrive()
        assert await _get(bot, "/readyz") == 200
    assert [load.posted(name) for name in ("dev", "ci")] == [[0, 4], [1, 5]]
    assert (load.lost(), load.doubled()) == ([], 0)
    await asyncio.to_thread(_check, place)


async def test_a_database_that_another_process_locks_is_waited_for_and_then_refused(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    async with place.bot() as bot:
        load.url = bot.url
        await _send(load, 0, 4)
        await load.arrive()
        with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await _status(load, 4) == 503
            other.rollback()
        await _send(load, 4, 8)
        await load.arrive()
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)


async def _send(load: Load, first: int, end: int) -> None:
    for number in range(first, end):
        await until(lambda n=number: load.send(n), f"number {number} is acknowledged")  # type: ignore[misc]  # lambda's default
        load.note(number)


async def _status(load: Load, number: int) -> int:
    assert not await load.send(number)
    return load.refusals[-1]


async def _told(bot: Process) -> bool:
    """By the page that load balancers ask, by a metric and by the log."""
    return (
        await _get(bot, "/readyz") == 503
        and await _get(bot, "/healthz") == 200
        and 'outcome="503"} 4.0' in await _text(bot, "/metrics")
        and bool(bot.events("delivery not stored"))
    )


async def _get(bot: Process, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}{path}") as answer:
        return answer.status


async def _text(bot: Process, path: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}{path}") as answer:
        return await answer.text()


def _log_of(place: Place) -> Path:
    return place.database.with_name(f"{place.database.name}-wal")


def _check(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
