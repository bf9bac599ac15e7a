"""Deliveries that come at one moment share a transaction, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from bot.errors import StoreAway, StoreError
from bot.store.appending import Appender

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")


@dataclass
class Backend:
    """Keeps the rows it was handed; a row whose id is `bad` breaks its transaction."""

    written: list[list[str]] = field(default_factory=list)
    asked: int = 0
    away: bool = False

    async def append(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise StoreAway("the database does not answer")
        if any(row["id"] == "bad" for row in rows):
            raise StoreError("the disk is full")
        self.written.append([row["id"] for row in rows])
        return [row["id"] != "known" for row in rows]

    async def write(self, do: Callable[[Connection], T], *topics: str) -> T:
        raise NotImplementedError

    async def read(self, do: Callable[[Connection], T]) -> T:
        raise NotImplementedError

    async def wait(self, topic: str, timeout_s: float) -> None:
        raise NotImplementedError

    async def time(self) -> None:
        raise NotImplementedError

    async def shrink(self) -> None:
        raise NotImplementedError


def _row(name: str, size: int = 10) -> dict[str, Any]:
    return {"id": name, "lane": "decide:gitlab:1", "body": b"x" * size, "received_at": 0}


async def test_what_waits_at_one_moment_is_written_together_and_in_order() -> None:
    backend = Backend()
    appender = Appender(backend)
    names = [f"{number}" for number in range(300)]
    stored = await asyncio.gather(*(appender.append(_row(name)) for name in names))
    assert stored == [True] * 300
    assert len(backend.written) == 3
    assert [name for group in backend.written for name in group] == names


async def test_large_bodies_are_not_piled_up() -> None:
    backend = Backend()
    appender = Appender(backend)
    await asyncio.gather(*(appender.append(_row(f"{n}", 10 << 20)) for n in range(3)))
    assert backend.written == [["0"], ["1"], ["2"]]


async def test_each_learns_whether_its_own_was_new() -> None:
    appender = Appender(Backend())
    names = ("one", "known", "two")
    assert await asyncio.gather(*(appender.append(_row(n)) for n in names)) == [True, False, True]


async def test_one_that_cannot_be_stored_stops_no_other() -> None:
    backend = Backend()
    appender = Appender(backend)
    names = ("one", "bad", "two")
    made = await asyncio.gather(*(appender.append(_row(n)) for n in names), return_exceptions=True)
    assert made[0] is True
    assert isinstance(made[1], StoreError)
    assert made[2] is True
    assert backend.written == [["one"], ["two"]]
    assert await appender.append(_row("later"))


async def test_with_the_database_away_all_are_told_after_one_try() -> None:
    backend = Backend(away=True)
    appender = Appender(backend)
    names = [f"{number}" for number in range(300)]
    made = await asyncio.gather(*(appender.append(_row(n)) for n in names), return_exceptions=True)
    assert {type(one) for one in made} == {StoreAway}
    assert backend.asked == 1
    backend.away = False
    assert await appender.append(_row("later"))


async def test_one_whose_caller_went_away_before_it_was_written_is_left_out() -> None:
    backend = Backend()
    appender = Appender(backend)
    gone, kept = appender.append(_row("gone")), appender.append(_row("kept"))
    gone.cancel()
    assert await kept
    assert backend.written == [["kept"]]
    with pytest.raises(asyncio.CancelledError):
        gone.result()
