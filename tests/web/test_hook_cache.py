"""What the web process remembers of hooks, and what strangers can make it read."""

from __future__ import annotations

import pytest

from bot.errors import StoreError
from bot.web.hook_cache import BURST, HookCache
from tests.web.fakes import ManualClock, MemoryHooks


@pytest.fixture
def hooks() -> MemoryHooks:
    return MemoryHooks()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cache(hooks: MemoryHooks, clock: ManualClock) -> HookCache:
    return HookCache(hooks, clock)


async def test_a_known_hook_is_read_once(hooks: MemoryHooks, cache: HookCache) -> None:
    hooks.add("h1")
    assert await cache.get("h1") == await cache.get("h1") == hooks.records["h1"]
    assert hooks.reads == ["h1"]


async def test_a_known_hook_is_read_again_after_ten_seconds(
    hooks: MemoryHooks, clock: ManualClock, cache: HookCache
) -> None:
    hooks.add("h1")
    await cache.get("h1")
    hooks.add("h1", status="removed")
    clock.move(seconds=10)
    assert await cache.get("h1") is None


async def test_a_proving_hook_is_always_read(hooks: MemoryHooks, cache: HookCache) -> None:
    hooks.add("h1", status="proving")
    await cache.get("h1")
    active = hooks.add("h1")
    assert await cache.get("h1") == active


async def test_a_hook_made_a_moment_ago_is_found(hooks: MemoryHooks, cache: HookCache) -> None:
    assert await cache.get("h1") is None
    record = hooks.add("h1")
    assert await cache.get("h1") == record


async def test_strangers_cannot_make_it_read_without_end(
    hooks: MemoryHooks, clock: ManualClock, cache: HookCache
) -> None:
    for number in range(BURST):
        assert await cache.get(f"stranger-{number}") is None
    with pytest.raises(StoreError):
        await cache.get("stranger")
    assert len(hooks.reads) == BURST
    clock.move(seconds=1)
    assert await cache.get("stranger") is None


async def test_strangers_do_not_keep_known_hooks_from_being_served(
    hooks: MemoryHooks, clock: ManualClock, cache: HookCache
) -> None:
    record = hooks.add("h1")
    await cache.get("h1")
    for number in range(BURST - 1):
        await cache.get(f"stranger-{number}")
    clock.at = clock.at.replace(microsecond=1)
    assert await cache.get("h1") == record


async def test_nonsense_for_a_known_hook_makes_it_read_once_a_second(
    hooks: MemoryHooks, clock: ManualClock, cache: HookCache
) -> None:
    hooks.add("h1")
    await cache.get("h1")
    for _ in range(BURST * 2):
        await cache.reread("h1")
    assert hooks.reads == ["h1"]
    clock.move(seconds=1)
    await cache.reread("h1")
    assert hooks.reads == ["h1", "h1"]
