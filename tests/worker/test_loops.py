"""The loops turn until told to stop, survive a store that is away, and finish what they began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from bot.errors import NotSent, StoreAway, StoreError
from bot.worker import loops
from tests.worker.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.message import Message
    from bot.model import Place
    from bot.ports import Carried, Turned, Wakeups


class Never:
    """No wake-up ever comes."""

    async def wait(self, topic: str, timeout_s: float) -> None:
        await asyncio.Event().wait()


class Steps:
    """A step that does what the list says."""

    def __init__(self, *does: Callable[[], Awaitable[bool]]) -> None:
        self.does = list(does)
        self.done = 0

    async def step(self) -> bool:
        self.done += 1
        return await self.does.pop(0)() if self.does else False


def sending(bench: Bench, wakeups: Wakeups, stop: asyncio.Event) -> Awaitable[None]:
    return loops.pump(
        bench.deliverer, "outbox", width=16, clock=bench.clock, wakeups=wakeups, stop=stop
    )


async def within(work: Awaitable[Any]) -> None:
    async with asyncio.timeout(30):
        await work


async def test_steps_follow_each_other_while_there_is_work() -> None:
    stop = asyncio.Event()

    async def busy() -> bool:
        return True

    async def last() -> bool:
        stop.set()
        return True

    steps = Steps(busy, busy, last)
    await within(loops.turn(steps, "deliveries", Never(), stop))
    assert steps.done == 3


async def test_a_stop_ends_a_wait() -> None:
    stop = asyncio.Event()

    async def idle() -> bool:
        asyncio.get_running_loop().call_soon(stop.set)
        return False

    await within(loops.turn(Steps(idle), "deliveries", Never(), stop))


async def test_a_store_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_STORE_DOWN_S", 0.001)
    stop = asyncio.Event()

    async def down() -> bool:
        raise StoreError("down")

    async def back() -> bool:
        stop.set()
        return True

    steps = Steps(down, down, back)
    await within(loops.turn(steps, "deliveries", Never(), stop))
    assert steps.done == 3


async def test_a_fault_of_ours_is_not_swallowed() -> None:
    async def fault() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await within(loops.turn(Steps(fault), "deliveries", Never(), asyncio.Event()))


async def test_the_sender_carries_out_what_waits_and_stops(bench: Bench) -> None:
    stop = asyncio.Event()
    for number in range(3):
        await bench.plan(f"{number}")
        await bench.plan(f"{number}", channel="C0CI")

    class Enough:
        """Nothing is ready any more: everything was sent."""

        async def wait(self, topic: str, timeout_s: float) -> None:
            if len(bench.chat.posts) == 6:
                stop.set()
            await asyncio.sleep(0)

    await within(sending(bench, Enough(), stop))
    assert bench.said("dev") == ["0", "1", "2"]
    assert bench.said("ci") == ["0", "1", "2"]


async def test_lanes_are_carried_out_beside_each_other(bench: Bench) -> None:
    stop = asyncio.Event()
    both = asyncio.Barrier(2)
    post = bench.chat.post

    async def meet(*args: Any, **kwargs: Any) -> Place:
        await both.wait()
        place = await post(*args, **kwargs)
        if len(bench.chat.posts) == 2:
            stop.set()
        return place

    bench.chat.post = meet  # type: ignore[method-assign]  # a chat that answers late
    await bench.plan("a")
    await bench.plan("b", channel="C0CI")
    await within(sending(bench, bench.store, stop))
    assert len(await bench.items("done")) == 2


async def test_what_ends_together_is_kept_together(bench: Bench) -> None:
    stop = asyncio.Event()
    both = asyncio.Barrier(2)
    post, turn = bench.chat.post, bench.store.settle_and_claim
    kept: list[int] = []

    async def meet(*args: Any, **kwargs: Any) -> Place:
        await both.wait()
        return await post(*args, **kwargs)

    async def counted(carried: Sequence[Carried], **kwargs: Any) -> Turned:
        kept.append(len(carried))
        if carried:
            stop.set()
        return await turn(carried, **kwargs)

    bench.chat.post = meet  # type: ignore[method-assign]  # a chat that answers late
    bench.store.settle_and_claim = counted  # type: ignore[method-assign]  # the same, counted
    await bench.plan("a")
    await bench.plan("b", channel="C0CI")
    await within(sending(bench, bench.store, stop))
    assert kept == [0, 2]


async def test_an_outcome_that_breaks_the_transaction_stops_no_other(bench: Bench) -> None:
    turn = bench.store.settle_and_claim

    async def broken(carried: Sequence[Carried], **kwargs: Any) -> Turned:
        if any(one.claimed.item.action.channel == "C0CI" for one in carried):
            raise StoreError("no")
        return await turn(carried, **kwargs)

    await bench.plan("a")
    await bench.plan("b", channel="C0CI")
    claimed = (await bench.deliverer.turn((), limit=2)).claimed
    bench.store.settle_and_claim = broken  # type: ignore[method-assign]  # one row is refused
    ended = [one for one in [await bench.deliverer.handle(one) for one in claimed] if one]
    await bench.deliverer.turn(ended, limit=0)
    assert [item.action.channel for item in await bench.items("done")] == ["C0DEV"]
    assert [item.state for item in await bench.items()] == ["sending"]


async def test_a_stop_waits_for_the_call_under_way(bench: Bench) -> None:
    stop, begun, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    post = bench.chat.post

    async def slow(channel: str, message: Message, **kwargs: Any) -> Place:
        begun.set()
        await go_on.wait()
        return await post(channel, message, **kwargs)

    bench.chat.post = slow  # type: ignore[method-assign]  # a chat that answers late
    await bench.plan("first")
    await bench.plan("second")
    under_way = asyncio.ensure_future(sending(bench, bench.store, stop))
    await within(begun.wait())
    stop.set()
    go_on.set()
    await within(under_way)
    assert bench.said() == ["first"]
    assert [item.attempts for item in await bench.items("todo")] == [0]


async def test_an_outcome_that_cannot_be_stored_is_looked_for_later(bench: Bench) -> None:
    stop = asyncio.Event()
    settle = bench.store.settle_and_claim

    async def down(carried: Sequence[Carried], **kwargs: Any) -> Turned:
        if not carried:
            return await settle(carried, **kwargs)
        stop.set()
        raise StoreError("down")

    bench.store.settle_and_claim = down  # type: ignore[method-assign]  # away for outcomes
    await bench.plan("once")
    await within(sending(bench, bench.store, stop))
    assert bench.said() == ["once"]
    bench.store.settle_and_claim = settle  # type: ignore[method-assign]  # up again
    bench.clock.move(minutes=1)
    await bench.send()
    assert bench.said() == ["once"]
    assert len(await bench.items("done")) == 1


async def test_outcomes_are_kept_until_a_store_that_is_down_takes_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their lanes go on at once: not after the end of their leases, nor by a look."""
    monkeypatch.setattr(loops, "_STORE_DOWN_S", 0.001)
    stop = asyncio.Event()
    settle = bench.store.settle_and_claim
    tries = 0

    async def down(carried: Sequence[Carried], **kwargs: Any) -> Turned:
        nonlocal tries
        tries += bool(carried)
        if carried and tries < 4:
            raise StoreAway("the disk is full")
        if len(bench.said()) == 3:
            stop.set()
        return await settle(carried, **kwargs)

    bench.store.settle_and_claim = down  # type: ignore[method-assign]  # away for a while
    for number in range(3):
        await bench.plan(f"{number}")
    await within(sending(bench, bench.store, stop))
    assert bench.said() == ["0", "1", "2"]
    assert [item.attempts for item in await bench.items("done")] == [1, 1, 1]


async def test_the_sender_waits_no_longer_than_until_the_next_lane_is_ready(
    bench: Bench,
) -> None:
    stop = asyncio.Event()
    waited: list[float] = []

    class Asked:
        async def wait(self, topic: str, timeout_s: float) -> None:
            waited.append(timeout_s)
            stop.set()

    await bench.plan("later")
    bench.chat.fail("post", NotSent("slow down", retry_after=0.5))
    await bench.send()
    await within(sending(bench, Asked(), stop))
    assert waited == [0.5]


async def test_the_first_wait_that_is_over_ends_the_others() -> None:
    dropped = asyncio.Event()

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            dropped.set()

    await within(loops.first(other(), asyncio.sleep(0)))
    await within(dropped.wait())
