"""A clock that was set: what waits goes on waiting for as long as it would have."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.model import Job, Lane
from bot.ports import Done, Retry
from tests.store.make import (
    DEV,
    LEASE,
    NOW,
    SECOND,
    action,
    delivery,
    next_deliveries,
    next_item,
    settle_item,
)

if TYPE_CHECKING:
    from bot.store import Store

HOUR = timedelta(hours=1)
STEPS = [HOUR, -HOUR, timedelta(days=-400)]


async def postponed(store: Store, *, wait: timedelta, limited: bool = False) -> None:
    """One item of the lane, tried once, that waits from now on."""
    await store.enqueue([(action(1), DEV)], now=NOW)
    claimed = await next_item(store)
    assert claimed is not None
    retry = Retry(at=NOW + wait, error="limited", code="ratelimited", limited=limited)
    await settle_item(store, claimed, retry, now=NOW, ready_at=NOW + wait)


@pytest.mark.parametrize("step", STEPS)
async def test_a_lane_that_waits_is_ready_when_it_would_have_been(
    store: Store, step: timedelta
) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    now = NOW + step
    await store.move_waits(step, who="one", now=now)
    assert await next_item(store, now=now + timedelta(seconds=39)) is None
    again = await next_item(store, now=now + timedelta(seconds=40))
    assert again is not None
    # When it was made and first tried moved too: its age is what it was.
    assert again.item.created_at == now
    assert again.item.tried_since == now


@pytest.mark.parametrize("step", STEPS)
async def test_a_lease_ends_when_it_would_have(store: Store, step: timedelta) -> None:
    await store.enqueue([(action(1), DEV)], now=NOW)
    await store.append(delivery(2))
    await store.add_job(Job(id="J1", command="hook", args=(), who="U1", channel="", reply_to=""))
    held = await next_item(store)
    assert held is not None
    await next_deliveries(store)
    await store.claim_job(now=NOW, lease=LEASE)
    now = NOW + step
    await store.move_waits(step, who="one", now=now)
    for at, free in ((now + LEASE / 2, False), (now + LEASE, True)):
        assert (await next_item(store, now=at) is not None) is free
        assert (await store.claim_job(now=at, lease=LEASE) is not None) is free
        assert (await next_deliveries(store, now=at) is not None) is free


async def test_whoever_holds_a_lane_over_a_step_settles_it(store: Store) -> None:
    await store.enqueue([(action(1), DEV)], now=NOW)
    held = await next_item(store)
    assert held is not None
    now = NOW + HOUR
    await store.move_waits(HOUR, who="one", now=now)
    assert await next_item(store, now=now) is None
    await settle_item(store, held, Done(), now=now, ready_at=now)


async def test_a_step_that_several_processes_notice_moves_what_waits_once(store: Store) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    now = NOW - HOUR
    for who in ("one", "another", "a third"):
        await store.move_waits(-HOUR, who=who, now=now)
    assert await next_item(store, now=now + timedelta(seconds=39)) is None
    assert await next_item(store, now=now + timedelta(seconds=40)) is not None


async def test_the_next_step_is_another_one_also_when_it_goes_far_back(store: Store) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    await store.move_waits(HOUR, who="one", now=NOW + HOUR)
    await store.move_waits(-HOUR, who="another", now=NOW)
    assert await next_item(store, now=NOW + timedelta(seconds=39)) is None
    assert await next_item(store, now=NOW + timedelta(seconds=40)) is not None


async def test_what_waits_tells_of_a_clock_that_was_set_back(store: Store) -> None:
    assert await store.ahead(now=NOW) == timedelta()
    await postponed(store, wait=timedelta(hours=20))
    # A long wait tells nothing, however long: a server may ask for it.
    assert await store.ahead(now=NOW) == timedelta()
    assert await store.ahead(now=NOW - HOUR) == HOUR
    await store.move_waits(-HOUR, who="one", now=NOW - HOUR)
    assert await store.ahead(now=NOW - HOUR) == timedelta()


async def test_a_delivery_that_waits_tells_of_it_too(store: Store) -> None:
    await store.append(delivery(2))
    assert await store.ahead(now=NOW - HOUR) == HOUR
    assert await next_deliveries(store, now=NOW - HOUR) is None
    await store.move_waits(-HOUR, who="one", now=NOW - HOUR)
    assert await next_deliveries(store, now=NOW - HOUR) is not None


@pytest.mark.parametrize("limited", [False, True])
async def test_what_the_old_time_wrote_after_a_step_back_is_ready_and_waits_stay(
    store: Store, limited: bool
) -> None:
    await postponed(store, wait=timedelta(seconds=40), limited=limited)
    late = Lane("send:slack:C0LNOWE")
    await store.enqueue([(action(3), late)], now=NOW + HOUR)
    await store.append(delivery(2, received_at=NOW + HOUR))
    await store.free_untried(now=NOW)
    assert await next_deliveries(store, now=NOW) is not None
    claimed = await next_item(store, now=NOW)
    assert claimed is not None
    assert claimed.item.lane == late
    assert await next_item(store, now=NOW + timedelta(seconds=39)) is None


async def test_a_turn_taken_by_a_clock_that_was_set_back_is_over(store: Store) -> None:
    span = timedelta(seconds=15)
    assert await store.take_turn("tending", "one", now=NOW + HOUR, until=NOW + HOUR + span)
    assert await store.take_turn("tending", "another", now=NOW, until=NOW + span)
    # Who leaves ends its own turn and nobody else's.
    assert not await store.take_turn("tending", "one", now=NOW, until=NOW)


async def test_time_in_which_nobody_worked_is_no_time_of_trying(store: Store) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    await store.enqueue([(action(3), DEV)], now=NOW + SECOND)
    back = NOW + timedelta(days=3)
    await store.forgive_absence(now=back)
    waiting = await store.list_outbox(state="todo")
    # Each had been tried, or had waited, until its lane was to be ready.
    assert [back - (one.tried_since or NOW) for one in waiting] == [40 * SECOND, 39 * SECOND]
    assert [one.created_at for one in waiting] == [NOW, NOW + SECOND]


async def test_what_was_tried_until_a_moment_ago_is_as_old_as_it_was(store: Store) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    soon = NOW + timedelta(minutes=10)
    await store.forgive_absence(now=soon)
    claimed = await next_item(store, now=soon)
    assert claimed is not None
    assert claimed.item.tried_since == NOW


async def test_what_somebody_holds_or_is_forgiven_twice_is_not_of_the_future(store: Store) -> None:
    await postponed(store, wait=timedelta(seconds=40))
    back = NOW + timedelta(days=3)
    for _ in range(2):
        await store.forgive_absence(now=back)
    claimed = await next_item(store, now=back)
    assert claimed is not None
    assert claimed.item.tried_since == back
    await store.forgive_absence(now=back + LEASE - SECOND)
    (held,) = await store.list_outbox(state="sending")
    assert held.tried_since == back
