"""Actions are carried out once, and in time, while the clock is set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import NotSent, Unsure
from tests.worker.bench import Clock, root

if TYPE_CHECKING:
    from tests.worker.bench import Bench


async def test_a_limit_ends_when_it_would_have_whatever_becomes_of_the_clock(bench: Bench) -> None:
    bench.steady = steady = Clock()
    bench.restart()
    bench.chat.fail("react", NotSent("limited", code="ratelimited", retry_after=30.0))
    first = await root(bench)
    for _ in range(2):
        await bench.plan(verb="react", emoji="eyes", root=first.id)
    await bench.send()
    for hours in (3, -3):
        bench.clock.move(hours=hours)
        await bench.store.move_waits(timedelta(hours=hours), who="bench", now=bench.clock.at)
        await bench.send()
        assert len(await bench.items("todo")) == 2
    for clock in (bench.clock, steady):
        clock.move(seconds=30)
    await bench.send()
    assert await bench.items("todo") == ()


async def test_an_outcome_that_is_kept_after_a_step_back_waits_no_longer(bench: Bench) -> None:
    await bench.plan("once")
    bench.chat.fail("post", NotSent("limited", code="ratelimited", retry_after=30.0))
    claimed = await bench.claim()
    assert claimed is not None
    ended = await bench.deliverer.handle(claimed)
    assert ended is not None
    bench.clock.move(hours=-5)
    await bench.store.move_waits(timedelta(hours=-5), who="bench", now=bench.clock.at)
    await bench.deliverer.turn([ended], limit=0)
    bench.clock.move(seconds=30)
    await bench.send()
    assert bench.said() == ["once"]


@pytest.mark.parametrize(("hours", "moved"), [(-3, False), (-3, True), (3, False)])
async def test_what_may_have_been_posted_is_found_whenever_the_clock_is_set(
    bench: Bench, hours: int, moved: bool
) -> None:
    """Before or after what waits was moved along; the chat has a clock of its own."""
    bench.steady = Clock()
    bench.restart()
    await bench.plan("once")
    bench.chat.fail("post", Unsure("no answer"), after=True)
    await bench.send()
    bench.clock.move(minutes=5)
    bench.steady.move(minutes=5)
    step = timedelta(hours=hours)
    if moved:
        await bench.store.move_waits(step, who="bench", now=bench.clock.at)
    claimed = await bench.claim()
    assert claimed is not None
    bench.clock.at += step
    bench.chat.posts = [replace(post, at=post.at + step) for post in bench.chat.posts]
    await bench.handle(claimed)
    assert bench.said() == ["once"]
    assert len(await bench.items("done")) == 1


async def test_a_clock_set_on_while_a_call_fails_gives_nothing_up(bench: Bench) -> None:
    bench.steady = Clock()
    bench.restart()
    await bench.plan("once")
    bench.chat.fail("post", NotSent("down", code="unreachable"))
    claimed = await bench.claim()
    assert claimed is not None
    bench.clock.move(days=400)
    await bench.handle(claimed)
    [item] = await bench.items("todo")
    assert item.attempts == 1
