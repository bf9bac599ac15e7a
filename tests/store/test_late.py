"""Missed deliveries are announced, and the inbox tells which of them it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.store.make import delivery

if TYPE_CHECKING:
    from bot.store import Store

AT = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)


async def test_the_inbox_tells_which_keys_it_holds(store: Store) -> None:
    one = delivery(1)
    await store.append(replace(one, hook="h1", key="k1"))
    await store.append(replace(delivery(2), hook="h2", key="k2"))
    keys = ["k1", "k2", *(f"other{n}" for n in range(1200))]
    assert await store.received_keys("h1", keys) == {"k1"}
    assert await store.received_keys("h1", []) == frozenset()


async def test_announcements_add_up_and_the_newest_time_counts(store: Store) -> None:
    assert await store.late() == {}
    await store.announce_late("h1", {"k1": AT})
    await store.announce_late("h2", {"k1": AT})
    later = AT.replace(hour=5)
    await store.announce_late("h1", {"k1": later, "k2": AT})
    assert await store.late() == {("h1", "k1"): later, ("h2", "k1"): AT, ("h1", "k2"): AT}


async def test_one_of_several_processes_has_the_turn_until_it_is_over(store: Store) -> None:
    later = AT.replace(hour=4)
    assert await store.take_turn("tending", "p1", now=AT, until=later)
    assert await store.take_turn("tending", "p1", now=AT, until=later)
    assert not await store.take_turn("tending", "p2", now=AT, until=later)
    assert await store.take_turn("other", "p2", now=AT, until=later)
    assert await store.take_turn("tending", "p2", now=later, until=later.replace(hour=5))
