"""State that several lanes write: a decision expects what it saw. And mutes, written by people."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import StateChanged
from bot.ports import Decided
from bot.rules.mutes import CHAT_MUTES, Mute
from tests.store.make import LEASE, NOW, action, claim, decided, delivery, settle_deliveries

if TYPE_CHECKING:
    from bot.model import Json
    from bot.ports import Claim
    from bot.store import Store

KEY = "throttle:a rule"


async def claimed(store: Store, number: int) -> Claim:
    """A delivery of a project of its own, taken by a worker."""
    await store.append(delivery(number, project=f"{number}"))
    return (await claim(store)).claim


async def settle(store: Store, number: int, held: Claim, seen: Json, value: Json) -> None:
    made = decided(number, action(number), remember={KEY: value}, expect={KEY: seen})
    await settle_deliveries(store, held, [made], now=NOW)


async def test_the_first_of_two_lanes_writes_and_the_second_must_decide_again(
    store: Store,
) -> None:
    one, two = await claimed(store, 1), await claimed(store, 2)
    await settle(store, 1, one, None, "first")
    with pytest.raises(StateChanged, match="another lane"):
        await settle(store, 2, two, None, "second")
    assert await store.load_memory([KEY]) == {KEY: "first"}
    assert len(await store.list_outbox()) == 1, "nothing of the second was written"
    await settle(store, 2, two, "first", "second")
    assert await store.load_memory([KEY]) == {KEY: "second"}


@pytest.mark.parametrize("seen", [None, "before"])
async def test_of_lanes_that_write_at_the_same_time_one_wins(store: Store, seen: Json) -> None:
    if seen is not None:
        await settle(store, 9, await claimed(store, 9), None, seen)
    claims = [await claimed(store, number) for number in range(1, 6)]
    ended = await asyncio.gather(
        *(settle(store, n, held, seen, f"of {n}") for n, held in enumerate(claims, 1)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in ended) == ["NoneType", *["StateChanged"] * 4]


async def test_of_two_lanes_that_are_kept_together_neither_is_when_they_saw_the_same(
    store: Store,
) -> None:
    made = [
        Decided(
            claim=await claimed(store, number),
            settled=(decided(number, remember={KEY: f"of {number}"}, expect={KEY: None}),),
        )
        for number in (1, 2)
    ]
    with pytest.raises(StateChanged):
        await store.settle_and_claim_deliveries(made, now=NOW, lease=LEASE, lanes=0, limit=0)
    assert await store.load_memory([KEY]) == {KEY: None}


async def test_what_a_decision_saw_and_left_alone_is_still_expected(store: Store) -> None:
    await settle(store, 1, await claimed(store, 1), None, "first")
    held = await claimed(store, 2)
    made = decided(2, remember={}, expect={KEY: "other"})
    with pytest.raises(StateChanged):
        await settle_deliveries(store, held, [made], now=NOW)
    await settle_deliveries(store, held, [decided(2, remember={}, expect={KEY: "first"})], now=NOW)
    assert await store.load_memory([KEY]) == {KEY: "first"}


async def test_mutes_are_state_that_decisions_read(store: Store) -> None:
    rule = Mute(rule="a", until=NOW + timedelta(hours=1), by="U0ALICE01")
    project = Mute(project="group/repo", by="local")
    await store.mute(rule, now=NOW)
    await store.mute(project, now=NOW)
    assert await store.mutes(now=NOW) == (rule, project)
    assert len((await store.load_memory([CHAT_MUTES]))[CHAT_MUTES]) == 2
    assert await store.mutes(now=NOW + timedelta(hours=1)) == (project,)
    assert await store.unmute(Mute(project="group/repo"), now=NOW) is True
    assert await store.unmute(Mute(project="group/repo"), now=NOW) is False
    assert await store.mutes(now=NOW) == (rule,)


async def test_mutes_of_several_people_at_once_are_all_kept(store: Store) -> None:
    await asyncio.gather(*(store.mute(Mute(rule=f"r{n}", by="x"), now=NOW) for n in range(6)))
    assert {mute.rule for mute in await store.mutes(now=NOW)} == {f"r{n}" for n in range(6)}
