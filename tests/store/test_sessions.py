"""Sessions that were ended, on each engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.store import Store


async def test_an_ended_session_is_known_until_it_would_have_ended_by_itself(store: Store) -> None:
    assert not await store.session_ended("one")
    await store.end_session("one", until=100, now=50)
    await store.end_session("two", until=200, now=99)
    assert await store.session_ended("one")
    await store.end_session("two", until=200, now=100)
    assert not await store.session_ended("one")
    assert await store.session_ended("two")
