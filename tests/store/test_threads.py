"""Threads: reserved by a plan, placed by a receipt, dead with their root; and memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.model import Place
from bot.ports import Dead, Done
from tests.store.make import MR, NOW, action, claim_item, plan, settle_item, subject

if TYPE_CHECKING:
    from bot.model import Thread
    from bot.store import Store

PLACE = Place(channel="#dev", ts="1763844574.000100")


async def threads(store: Store) -> tuple[Thread, ...]:
    return (await store.load_state((), [MR]))[1][MR]


async def post(store: Store, place: Place = PLACE) -> None:
    await settle_item(store, await claim_item(store), Done(place=place), now=NOW, ready_at=NOW)


async def kill(store: Store) -> None:
    dead = Dead(error="archived", code="is_archived")
    await settle_item(store, await claim_item(store), dead, now=NOW, ready_at=NOW)


async def test_a_plan_reserves_its_thread(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR, subject("8"))))
    found = (await store.load_state((), [MR, subject("8"), subject("9")]))[1]
    (thread,) = found[MR]
    assert (thread.channel, thread.root, thread.rule) == ("#dev", action(1).id, "a rule")
    assert (thread.ts, thread.at, thread.card, thread.dead) == (None, NOW, False, False)
    assert len(found[subject("8")]) == 1
    assert found[subject("9")] == ()


async def test_a_receipt_places_the_thread_and_what_hangs_on_it(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    await plan(store, 2, action(2, verb="reply", root=action(1).id))
    await post(store)
    assert [thread.ts for thread in await threads(store)] == [PLACE.ts]
    claimed = await claim_item(store)
    assert (claimed.root, claimed.root_dead) == (PLACE, False)


async def test_a_dead_root_is_told_to_what_hangs_on_it(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)), action(1, 1, verb="reply", root=action(1).id))
    await kill(store)
    assert [thread.dead for thread in await threads(store)] == [True]
    claimed = await claim_item(store)
    assert (claimed.root, claimed.root_dead) == (None, True)


async def test_a_root_that_never_was_is_dead(store: Store) -> None:
    await plan(store, 1, action(1, verb="reply", root=action(9).id))
    assert (await claim_item(store)).root_dead


async def test_a_root_that_is_retried_lives_again(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    await kill(store)
    await store.retry_outbox(now=NOW)
    assert [thread.dead for thread in await threads(store)] == [False]


async def test_a_later_root_takes_the_thread_over(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    await post(store)
    await plan(store, 2, action(2, claims=(MR,)), now=NOW + timedelta(hours=1))
    (thread,) = await threads(store)
    assert (thread.root, thread.ts) == (action(2).id, None)
    assert thread.at == NOW + timedelta(hours=1)


async def test_a_late_receipt_of_the_old_root_does_not_place_the_new_one(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    claimed = await claim_item(store)
    await plan(store, 2, action(2, claims=(MR,)))
    await settle_item(store, claimed, Done(place=PLACE), now=NOW, ready_at=NOW)
    assert [(thread.root, thread.ts) for thread in await threads(store)] == [(action(2).id, None)]


async def test_a_card_stays_beside_later_roots_and_comes_last(store: Store) -> None:
    await plan(store, 1, action(1, verb="card", claims=(MR,)))
    await plan(store, 2, action(2, claims=(MR,)))
    found = await threads(store)
    assert [(thread.root, thread.card) for thread in found] == [
        (action(2).id, False),
        (action(1).id, True),
    ]


async def test_a_second_card_does_not_take_over_a_live_one(store: Store) -> None:
    await plan(store, 1, action(1, verb="card", claims=(MR,)))
    await plan(store, 2, action(2, verb="card", claims=(MR,)))
    assert [thread.root for thread in await threads(store)] == [action(1).id]


async def test_a_second_card_takes_over_a_dead_one(store: Store) -> None:
    await plan(store, 1, action(1, verb="card", claims=(MR,)))
    await kill(store)
    await plan(store, 2, action(2, verb="card", claims=(MR,)))
    (thread,) = await threads(store)
    assert (thread.root, thread.dead) == (action(2).id, False)


async def test_a_second_card_takes_over_one_that_is_too_old(store: Store) -> None:
    await plan(store, 1, action(1, verb="card", claims=(MR,)))
    await post(store)
    await plan(store, 2, action(2, verb="card", claims=(MR,)), now=NOW + timedelta(days=31))
    assert [thread.root for thread in await threads(store)] == [action(2).id]


async def test_a_receipt_teaches_the_channels_id(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    await plan(store, 2, action(2, claims=(subject("8"),)))
    await post(store, Place(channel="C1", ts="1.1"))
    assert await store.channel_ids() == {"dev": "C1"}
    found = (await store.load_state((), [MR, subject("8")]))[1]
    assert [found[key][0].channel for key in found] == ["C1", "C1"]
    await plan(store, 3, action(3, claims=(subject("9"),)))
    assert (await store.load_state((), [subject("9")]))[1][subject("9")][0].channel == "C1"


async def test_a_thread_by_name_and_one_by_id_become_the_later_one(store: Store) -> None:
    await plan(store, 1, action(1, channel="C1", claims=(MR,)))
    await plan(store, 2, action(2, claims=(MR,)), now=NOW + timedelta(minutes=1))
    late = NOW + timedelta(minutes=2)
    for place in (Place(channel="C1", ts="1.1"), Place(channel="C1", ts="2.2")):
        claimed = await claim_item(store, now=late)
        await settle_item(store, claimed, Done(place=place), now=late, ready_at=late)
    found = await threads(store)
    assert [(thread.channel, thread.root, thread.ts) for thread in found] == [
        ("C1", action(2).id, "2.2")
    ]


async def test_a_thread_outlives_the_item_of_its_root(store: Store) -> None:
    await plan(store, 1, action(1, claims=(MR,)))
    await post(store)
    later = NOW + timedelta(days=20)
    await plan(store, 2, action(2, verb="reply", root=action(1).id), now=later)
    await store.prune(before=later)
    claimed = await claim_item(store, now=later)
    assert (claimed.root, claimed.root_dead) == (PLACE, False)


async def test_what_rules_remember_is_written_with_the_decision(store: Store) -> None:
    await plan(store, 1, remember={"a": {"deep": [1, None]}, "b": 2})
    await plan(store, 2, remember={"b": None})
    assert await store.load_memory(["a", "b", "c"]) == {
        "a": {"deep": [1, None]},
        "b": None,
        "c": None,
    }
