"""Deliveries: kept once, claimed lane by lane in order, decided once."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot.errors import LeaseLost, StoreError
from bot.model import DeliveryId, Lane
from bot.ports import Decided, Settled
from bot.store import deliveries
from tests.store.make import (
    LEASE,
    MR,
    NOW,
    SECOND,
    action,
    claim,
    decided,
    delivery,
    delivery_id,
    next_deliveries,
    plan,
    settle_deliveries,
)

if TYPE_CHECKING:
    from bot.store import Store


async def test_a_delivery_comes_back_as_it_was_received(store: Store) -> None:
    body = bytes(range(256)) * 200
    sent = delivery(1, body=body, headers={"x-gitlab-event": "Push Hook", "user-agent": "é ☃"})
    await store.append(sent)
    assert (await claim(store)).deliveries == (sent,)
    assert await store.delivery(sent.id) == (sent, "new")


async def test_what_a_text_may_hold_comes_back_as_it_is(store: Store) -> None:
    odd = ('"', "\\", "{a,b}", "NULL", "", " , ", '\\"', "'", "\n", "$1", "é ☃")
    headers = {"user-agent": " ".join(odd), "x-gitlab-event": '"\\'}
    sent = [
        delivery(number, key=text, event=text, lane=Lane(f"decide:gitlab:{text}"), headers=headers)
        for number, text in enumerate(odd)
    ]
    assert await asyncio.gather(*(store.append(one) for one in sent)) == [True] * len(odd)
    assert [await store.delivery(one.id) for one in sent] == [(one, "new") for one in sent]


async def test_a_body_of_many_megabytes_is_kept(store: Store) -> None:
    sent = delivery(1, body=b'{"x": "' + b"abcdefgh" * 400_000 + b'"}')
    await store.append(sent)
    assert (await claim(store)).deliveries == (sent,)


async def test_the_same_key_of_the_same_hook_is_stored_once(store: Store) -> None:
    assert await store.append(delivery(1, key="same"))
    assert not await store.append(delivery(2, key="same"))
    claimed = await claim(store)
    assert [found.id for found in claimed.deliveries] == [delivery_id(1)]
    await settle_deliveries(store, claimed.claim, [decided(1)], now=NOW)
    assert await store.next_ready(now=NOW) is None


async def test_of_those_that_come_at_one_moment_the_first_with_a_key_is_kept(
    store: Store,
) -> None:
    await store.append(delivery(0, key="known"))
    keys = ("same", "known", "other", "same", "last")
    made = (store.append(delivery(number, key=key)) for number, key in enumerate(keys, 1))
    assert await asyncio.gather(*made) == [True, False, True, False, True]
    claimed = await claim(store)
    assert [found.id for found in claimed.deliveries] == [delivery_id(n) for n in (0, 1, 3, 5)]
    await settle_deliveries(store, claimed.claim, [decided(n) for n in (0, 1, 3, 5)], now=NOW)
    assert await store.next_ready(now=NOW) is None


async def test_the_same_key_of_another_hook_is_another_delivery(store: Store) -> None:
    assert await store.append(delivery(1, key="same", hook="one"))
    assert await store.append(delivery(2, key="same", hook="two"))


async def test_keys_that_differ_only_far_behind_are_told_apart(store: Store) -> None:
    assert await store.append(delivery(1, key="k" * 9000 + "1"))
    assert await store.append(delivery(2, key="k" * 9000 + "2"))
    assert not await store.append(delivery(3, key="k" * 9000 + "2"))


async def test_names_that_no_column_can_hold_are_stored_all_the_same(store: Store) -> None:
    lane = Lane("decide:gitlab:\udc80\0" + "x" * 4000)
    await store.append(delivery(1, lane=lane, event="\0\ud800"))
    claimed = await claim(store)
    memory = {"\ud800\0key": {"\ud800": "\0", "big": 1 << 80}}
    await settle_deliveries(store, claimed.claim, [decided(1, remember=memory)], now=NOW)
    assert await store.load_memory(list(memory)) == memory


async def test_a_lane_is_handed_out_in_the_order_of_arrival(store: Store) -> None:
    for number in (3, 1, 2):
        await store.append(delivery(number))
    claimed = await claim(store, limit=2)
    assert [found.id for found in claimed.deliveries] == [delivery_id(3), delivery_id(1)]


async def test_lanes_keep_their_order_however_far_apart_their_deliveries_came(store: Store) -> None:
    """SQLite finds what waits by stretches of 1,024 deliveries: this is more than two."""
    lanes = {"many": range(1, 2001), "rare": (2001, 2002), "late": (2100,)}
    lanes |= {"both": (5, 1000, 1500, 2003, 2500)}
    of = {number: name for name, numbers in lanes.items() for number in numbers}
    await asyncio.gather(*(store.append(delivery(n, project=of[n])) for n in sorted(of)))
    got: dict[str, list[DeliveryId]] = {name: [] for name in lanes}
    made: list[Decided] = []
    claims = Counter[str]()
    while True:
        turn = await store.settle_and_claim_deliveries(
            made, now=NOW, lease=LEASE, lanes=3, limit=64
        )
        if not turn.claimed:
            break
        for one in turn.claimed:
            name = one.claim.lane.rpartition(":")[2]
            got[name] += [each.id for each in one.deliveries]
            claims[name] += 1
        made = [
            Decided(
                claim=one.claim,
                settled=tuple(decided(int(each.id[1:])) for each in one.deliveries),
            )
            for one in turn.claimed
        ]
    wanted = {name: [delivery_id(n) for n in of if of[n] == name] for name in lanes}
    assert got == {name: sorted(ids) for name, ids in wanted.items()}
    assert claims["both"] == 1
    assert claims["many"] == -(-len(wanted["many"]) // 64)


async def test_a_lane_is_handled_by_one_worker_at_a_time(store: Store) -> None:
    await store.append(delivery(1))
    await store.append(delivery(2))
    await claim(store, limit=1)
    assert await next_deliveries(store, now=NOW, limit=1) is None


async def test_several_lanes_are_handed_out_at_once_and_kept_together(store: Store) -> None:
    for number in range(1, 6):
        await store.append(delivery(number, project=f"{number % 2}"))
    turn = partial(store.settle_and_claim_deliveries, now=NOW, lease=LEASE, lanes=9, limit=2)
    found = (await turn(())).claimed
    numbers = [[int(one.id[1:]) for one in each.deliveries] for each in found]
    assert sorted(numbers) == [[1, 3], [2, 4]]
    made = [
        Decided(
            claim=each.claim,
            settled=tuple(decided(int(one.id[1:])) for one in each.deliveries),
        )
        for each in found
    ]
    left = (await turn(made)).claimed
    assert [[int(one.id[1:]) for one in each.deliveries] for each in left] == [[5]]
    assert {one.status for one in await store.list_deliveries() if one.id != delivery_id(5)} == {
        "decided"
    }


async def test_a_lane_that_was_taken_stops_no_other(store: Store) -> None:
    await store.append(delivery(1, project="1"))
    await store.append(delivery(2, project="2"))
    later = NOW + LEASE
    first, second = await claim(store), await claim(store)
    await store.renew(second.claim, now=later - SECOND, lease=LEASE)
    assert (await claim(store, now=later)).claim.lane == first.claim.lane
    made = [
        Decided(claim=first.claim, settled=(decided(1),)),
        Decided(claim=second.claim, settled=(decided(2),)),
    ]
    found = await store.settle_and_claim_deliveries(made, now=later, lease=LEASE, lanes=0, limit=0)
    assert found.lost == (first.claim,)
    assert [one.status for one in await store.list_deliveries()] == ["decided", "new"]


async def test_bodies_that_are_too_much_at_once_wait_in_their_lanes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_CLAIM_BYTES", 10)
    for number in (1, 2):
        await store.append(delivery(number, project=f"{number}"))
    turn = partial(store.settle_and_claim_deliveries, (), now=NOW, lease=LEASE, lanes=9, limit=9)
    for number in (1, 2):
        [one] = (await turn()).claimed
        assert one.deliveries == (delivery(number, project=f"{number}"),)


async def test_other_lanes_go_on_meanwhile(store: Store) -> None:
    await store.append(delivery(1, project="1"))
    await store.append(delivery(2, project="2"))
    lanes = {(await claim(store)).claim.lane, (await claim(store)).claim.lane}
    assert lanes == {"decide:gitlab:1", "decide:gitlab:2"}


async def test_a_released_lane_waits_behind_those_that_waited_longer(store: Store) -> None:
    for number in (1, 2):
        await store.append(delivery(number, project="1"))
    await store.append(delivery(3, project="2", received_at=NOW + SECOND))
    first = await claim(store, limit=1)
    later = NOW + 2 * SECOND
    await settle_deliveries(store, first.claim, [decided(1)], now=later)
    assert (await claim(store, now=later)).claim.lane == "decide:gitlab:2"


async def test_what_was_not_settled_waits_on(store: Store) -> None:
    for number in (1, 2):
        await store.append(delivery(number))
    claimed = await claim(store)
    await settle_deliveries(store, claimed.claim, [decided(1)], now=NOW)
    assert [found.id for found in (await claim(store)).deliveries] == [delivery_id(2)]


async def test_a_worker_that_died_loses_its_lane_with_its_lease(store: Store) -> None:
    await store.append(delivery(1))
    await claim(store)
    assert await store.next_ready(now=NOW) == NOW + LEASE
    claimed = await claim(store, now=NOW + LEASE)
    assert [found.id for found in claimed.deliveries] == [delivery_id(1)]


async def test_a_worker_that_comes_back_late_writes_nothing(store: Store) -> None:
    await store.append(delivery(1))
    late = await claim(store)
    owner = await claim(store, now=NOW + LEASE)
    settled = decided(1, action(1, claims=(MR,)), remember={"key": 1})
    with pytest.raises(LeaseLost):
        await settle_deliveries(store, late.claim, [settled], now=NOW + LEASE)
    assert await store.load_memory(["key"]) == {"key": None}
    assert await store.list_outbox() == ()
    await settle_deliveries(store, owner.claim, [settled], now=NOW + LEASE)
    assert len(await store.list_outbox()) == 1


async def test_settling_twice_is_refused(store: Store) -> None:
    await store.append(delivery(1))
    claimed = await claim(store)
    await settle_deliveries(store, claimed.claim, [decided(1)], now=NOW)
    with pytest.raises(LeaseLost):
        await settle_deliveries(store, claimed.claim, [decided(1)], now=NOW)


async def test_a_failed_delivery_is_kept_with_its_error(store: Store) -> None:
    await store.append(delivery(1))
    claimed = await claim(store)
    failed = Settled(
        delivery=delivery_id(1), status="failed", error="$.user: \0 missing", project="g/p"
    )
    await settle_deliveries(store, claimed.claim, [failed], now=NOW)
    (found,) = await store.list_deliveries(status="failed")
    assert (found.error, found.project) == ("$.user: \\0 missing", "g/p")
    assert await store.decision(delivery_id(1)) is None


async def test_deliveries_are_listed_newest_first_page_by_page(store: Store) -> None:
    for number in range(1, 6):
        await store.append(delivery(number))
    first = await store.list_deliveries(limit=2)
    second = await store.list_deliveries(limit=2, before=first[-1].id)
    assert [found.id for found in (*first, *second)] == [delivery_id(n) for n in (5, 4, 3, 2)]


async def test_a_replay_is_a_new_delivery_that_names_the_old_one(store: Store) -> None:
    await plan(store, 1, action(1))
    await store.replay_delivery(delivery_id(1), copy=delivery_id(9), now=NOW + SECOND)
    claimed = await claim(store, now=NOW + SECOND)
    assert [found.body for found in claimed.deliveries] == [delivery(1).body]
    await settle_deliveries(store, claimed.claim, [decided(9, action(9))], now=NOW + SECOND)
    assert len(await store.list_outbox()) == 2
    assert (await store.list_deliveries(limit=1))[0].replay_of == delivery_id(1)


async def test_what_is_not_kept_cannot_be_replayed(store: Store) -> None:
    with pytest.raises(StoreError, match="no delivery"):
        await store.replay_delivery(delivery_id(1), copy=delivery_id(2), now=NOW)


async def test_the_trace_tells_what_became_of_each_action(store: Store) -> None:
    await plan(store, 1, action(1), action(1, 1, verb="react", emoji="tada"))
    trace = await store.decision(delivery_id(1))
    assert trace is not None
    assert trace["ruleset"] == "r1"
    assert [(made["verb"], made["state"]) for made in trace["actions"]] == [
        ("post", "todo"),
        ("react", "todo"),
    ]


async def test_the_backlog_counts_what_waits(store: Store) -> None:
    await plan(store, 1, action(1))
    await store.append(delivery(2, received_at=NOW + SECOND))
    waits = await store.backlog()
    assert (waits.deliveries, waits.deliveries_since) == (1, NOW + SECOND)
    assert (waits.outbox, waits.outbox_since, waits.dead) == (1, NOW, 0)


async def test_pruning_forgets_what_ended_and_keeps_what_waits(store: Store) -> None:
    await plan(store, 1)
    await plan(store, 2, action(2))
    await store.append(delivery(3))
    assert await store.prune(before=NOW + 3600 * SECOND) > 0
    kept = {found.id for found in await store.list_deliveries()}
    assert kept == {delivery_id(2), delivery_id(3)}
    assert len((await claim(store)).deliveries) == 1


async def test_probing_leaves_nothing_behind(store: Store) -> None:
    await store.probe()
    await store.probe()
    assert (await store.backlog()).deliveries == 0


async def test_decisions_of_one_claim_are_kept_together(store: Store) -> None:
    for number in range(1, 6):
        await store.append(delivery(number, body=b'{"filler": "%s"}' % (b"x" * 20_000)))
    claimed = await claim(store)
    settled = [decided(number, action(number)) for number in range(1, 6)]
    await settle_deliveries(store, claimed.claim, settled, now=NOW)
    for number in range(1, 6):
        trace = await store.decision(delivery_id(number))
        assert trace is not None
        assert [one["id"] for one in trace["actions"]] == [action(number).id]
        kept = await store.delivery(delivery_id(number))
        assert kept is not None
        assert (kept[0].body, kept[1]) == (claimed.deliveries[number - 1].body, "decided")
