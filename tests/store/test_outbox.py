"""The outbox: one action of a lane at a time, in order, with receipts and dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.actions.values import load_value
from bot.errors import LeaseLost
from bot.message import Mention, Message, text
from bot.model import Lane, Place
from bot.ports import Carried, Dead, Done, Dropped, Retry
from tests.store.make import (
    DEV,
    LEASE,
    MR,
    NOW,
    SECOND,
    action,
    claim_item,
    delivery_id,
    next_item,
    plan,
    settle_item,
)

if TYPE_CHECKING:
    from bot.model import Action
    from bot.ports import ClaimedItem
    from bot.store import Store

OPS = Lane("send:slack:#ops")
PLACE = Place(channel="C1", ts="1763844574.000100")


async def settle(store: Store, claimed: ClaimedItem, outcome: Any = None, **changes: Any) -> None:
    """Done at PLACE, now, unless told otherwise."""
    times = {"now": NOW, "ready_at": NOW} | changes
    await settle_item(store, claimed, outcome or Done(place=PLACE), **times)


async def sent(store: Store, **changes: Any) -> Action:
    claimed = await claim_item(store)
    await settle(store, claimed, **changes)
    return claimed.item.action


async def test_an_action_comes_back_as_it_was_planned(store: Store) -> None:
    planned = action(1, claims=(MR,), broadcast=True, confidential=True, slot="s", edit=True)
    await plan(store, 1, planned)
    item = (await claim_item(store)).item
    assert item.action == planned
    assert (item.lane, item.attempts, item.maybe_sent, item.state) == (DEV, 1, False, "sending")


async def test_a_lane_is_carried_out_in_the_order_of_the_plans(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    await plan(store, 2, action(2, 0))
    assert [(await sent(store)).id for _ in range(3)] == [
        action(1, 0).id,
        action(1, 1).id,
        action(2, 0).id,
    ]
    assert await store.next_ready(now=NOW) is None


async def test_a_lane_under_way_is_not_claimed_again_and_others_are(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), action(1, 2), lanes=(DEV, DEV, OPS))
    first, second = await claim_item(store), await claim_item(store)
    assert {first.claim.lane, second.claim.lane} == {DEV, OPS}
    assert await next_item(store, now=NOW) is None


async def test_several_lanes_are_claimed_at_once_each_with_its_earliest_item(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), action(1, 2), lanes=(DEV, DEV, OPS))
    turned = await store.settle_and_claim((), now=NOW, lease=LEASE, limit=5)
    assert {(one.claim.lane, one.item.action.id) for one in turned.claimed} == {
        (DEV, action(1, 0).id),
        (OPS, action(1, 2).id),
    }
    assert turned.next_at == NOW + LEASE


async def test_no_more_lanes_are_claimed_than_are_wanted(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), lanes=(DEV, OPS))
    turned = await store.settle_and_claim((), now=NOW, lease=LEASE, limit=1)
    assert len(turned.claimed) == 1


async def test_what_is_settled_makes_room_for_its_lanes_next_item(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    first = Carried(claimed=await claim_item(store), outcome=Done(place=PLACE), ready_at=NOW)
    turned = await store.settle_and_claim([first], now=NOW, lease=LEASE, limit=5)
    assert [one.item.action.id for one in turned.claimed] == [action(1, 1).id]


async def test_an_outcome_whose_lane_was_taken_stops_no_other(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), lanes=(DEV, OPS))
    turned = await store.settle_and_claim((), now=NOW, lease=LEASE, limit=2)
    taken, kept = turned.claimed
    later = NOW + LEASE
    await store.renew(kept.claim, now=later - SECOND, lease=LEASE)
    again = await claim_item(store, now=later)
    both = [
        Carried(claimed=one, outcome=Done(place=PLACE), ready_at=later) for one in (taken, kept)
    ]
    turned = await store.settle_and_claim(both, now=later, lease=LEASE, limit=0)
    assert again.claim.lane == taken.claim.lane
    assert turned.lost == (both[0],)
    assert [item.action.id for item in await store.list_outbox(state="done")] == [
        kept.item.action.id
    ]


async def test_a_lost_claim_is_told_from_a_later_one_of_the_same_lane(store: Store) -> None:
    await plan(store, 1, action(1, 0))
    lost = await claim_item(store)
    later = NOW + LEASE
    held = await claim_item(store, now=later)
    both = [Carried(claimed=one, outcome=Done(place=PLACE), ready_at=later) for one in (lost, held)]
    turned = await store.settle_and_claim(both, now=later, lease=LEASE, limit=0)
    assert turned.lost == (both[0],)


async def test_a_lane_waits_until_it_may_go_on(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    await sent(store, ready_at=NOW + SECOND)
    assert await next_item(store, now=NOW) is None
    assert await store.next_ready(now=NOW) == NOW + SECOND
    assert (await claim_item(store, now=NOW + SECOND)).item.action.id == action(1, 1).id


async def test_an_empty_lane_remembers_its_gap(store: Store) -> None:
    await plan(store, 1, action(1))
    await sent(store, ready_at=NOW + SECOND)
    await plan(store, 2, action(2))
    assert await next_item(store, now=NOW) is None
    assert (await claim_item(store, now=NOW + SECOND)).item.action.id == action(2).id


async def test_a_retry_keeps_its_place_and_holds_its_lane(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    wait = Retry(at=NOW + 30 * SECOND, error="429", code="ratelimited")
    await settle(store, await claim_item(store), wait)
    assert await store.next_ready(now=NOW) == NOW + 30 * SECOND
    again = await claim_item(store, now=NOW + 30 * SECOND)
    assert (again.item.action.id, again.item.attempts) == (action(1, 0).id, 2)
    assert (again.item.error, again.item.maybe_sent) == ("429", False)


async def test_a_doubt_lasts_until_it_is_settled(store: Store) -> None:
    await plan(store, 1, action(1))
    doubt = Retry(at=NOW, error="timeout", code="timeout", maybe_sent=True)
    await settle(store, await claim_item(store), doubt)
    again = await claim_item(store)
    assert again.item.maybe_sent
    await settle(store, again, Retry(at=NOW, error="429", code="ratelimited"))
    assert (await claim_item(store)).item.maybe_sent


async def test_an_item_whose_worker_died_may_have_been_sent(store: Store) -> None:
    await plan(store, 1, action(1))
    late = await claim_item(store)
    again = await claim_item(store, now=NOW + LEASE)
    assert (again.item.maybe_sent, again.item.attempts) == (True, 2)
    with pytest.raises(LeaseLost):
        await settle(store, late)
    await settle(store, again)
    assert [item.state for item in await store.list_outbox(state="done")] == ["done"]


async def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    await plan(store, 1, action(1))
    claimed = await claim_item(store)
    half = NOW + LEASE / 2
    renewed = await store.renew(claimed.claim, now=half, lease=LEASE)
    assert renewed.until == half + LEASE
    assert await next_item(store, now=NOW + LEASE) is None


async def test_a_lost_lease_cannot_be_renewed(store: Store) -> None:
    await plan(store, 1, action(1))
    late = await claim_item(store)
    await claim_item(store, now=NOW + LEASE)
    with pytest.raises(LeaseLost):
        await store.renew(late.claim, now=NOW + LEASE, lease=LEASE)


async def test_a_receipt_is_kept_with_its_item(store: Store) -> None:
    await plan(store, 1, action(1))
    await sent(store)
    (item,) = await store.list_outbox(state="done")
    assert item.place == PLACE


async def test_a_dead_item_is_listed_and_its_lane_goes_on(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    await settle(store, await claim_item(store), Dead(error="archived", code="is_archived"))
    assert (await sent(store)).id == action(1, 1).id
    (dead,) = await store.list_outbox()
    assert (dead.action.id, dead.error) == (action(1, 0).id, "archived")
    assert (await store.backlog()).dead == 1


async def test_a_dead_item_is_retried_with_new_patience(store: Store) -> None:
    await plan(store, 1, action(1))
    await settle(store, await claim_item(store), Dead(error="archived", code="is_archived"))
    later = NOW + timedelta(days=2)
    assert await store.retry_outbox(now=later) == 1
    again = (await claim_item(store, now=later)).item
    assert (again.attempts, again.created_at, again.tried_since) == (1, NOW, later)


async def test_only_the_dead_items_that_are_named_are_retried(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1))
    for _ in range(2):
        await settle(store, await claim_item(store), Dead(error="archived", code="x"))
    assert await store.retry_outbox([action(1, 1).id, "unknown"], now=NOW) == 1
    assert (await claim_item(store)).item.action.id == action(1, 1).id


async def test_a_dropped_item_is_recorded_and_never_sent(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), action(1, 2))
    await settle(store, await claim_item(store), Dropped(reason="its message was deleted"))
    assert await store.drop_outbox(action(1, 1).id, now=NOW)
    assert not await store.drop_outbox(action(1, 1).id, now=NOW)
    assert not await store.drop_outbox("unknown", now=NOW)
    assert (await sent(store)).id == action(1, 2).id
    assert await store.next_ready(now=NOW) is None
    reasons = [item.error for item in await store.list_outbox(state="dropped")]
    assert reasons == ["its message was deleted", "dropped by hand"]


async def test_an_item_under_way_is_not_dropped(store: Store) -> None:
    await plan(store, 1, action(1))
    await claim_item(store)
    assert not await store.drop_outbox(action(1).id, now=NOW)


async def test_a_held_prefix_holds_its_lanes_also_those_made_later(store: Store) -> None:
    await plan(store, 1, action(1))
    until = NOW + 10 * SECOND
    await store.hold("send:slack:", until)
    await store.hold("send:slack:", NOW + SECOND)
    await plan(store, 2, action(2, 0), action(2, 1), lanes=(OPS, Lane("send:other:#x")))
    assert (await claim_item(store)).claim.lane == "send:other:#x"
    assert await next_item(store, now=NOW) is None
    assert await store.next_ready(now=NOW) == until
    lanes = {(await claim_item(store, now=until)).claim.lane for _ in range(2)}
    assert lanes == {DEV, OPS}


async def test_a_held_prefix_is_no_pattern(store: Store) -> None:
    await plan(store, 1, action(1), lanes=(Lane("send:slackx:#dev"),))
    await store.hold("send:slack_:", NOW + SECOND)
    await store.hold("send:%", NOW + SECOND)
    assert (await claim_item(store)).claim.lane == "send:slackx:#dev"


async def test_one_loop_is_not_woken_by_the_other_ones_lanes(store: Store) -> None:
    await plan(store, 1, action(1))
    assert await store.next_ready(now=NOW, topic="outbox") == NOW
    assert await store.next_ready(now=NOW, topic="deliveries") is None


# -- merging ---------------------------------------------------------------------------------


def edit(number: int, root: Action, **changes: Any) -> Action:
    return action(number, verb="card", root=root.id, slot="card", **changes)


async def test_a_later_edit_replaces_the_waiting_one_in_its_place(store: Store) -> None:
    card = action(1, verb="card", claims=(MR,))
    await plan(store, 1, card)
    await sent(store)
    await plan(store, 2, edit(2, card))
    await plan(store, 3, action(3))
    await plan(store, 4, edit(4, card))
    first = await sent(store)
    assert (first.id, first.message) == (edit(2, card).id, edit(4, card).message)
    assert (await sent(store)).id == action(3).id
    assert await store.next_ready(now=NOW) is None
    (merged,) = await store.list_outbox(state="merged")
    assert merged.action.id == edit(4, card).id


async def test_a_card_that_was_edited_before_it_was_posted_is_posted_as_edited(
    store: Store,
) -> None:
    alice = Mention("U1", "alice")
    card = action(
        1, verb="card", claims=(MR,), slot="card", message=Message(text=text(alice, " opened"))
    )
    await plan(store, 1, card)
    await plan(store, 2, edit(2, card, confidential=True))
    item = await sent(store)
    assert (item.id, item.root, item.claims, item.confidential) == (card.id, None, (MR,), True)
    assert item.message is not None
    assert item.message.text == text(alice, " message 2.0")


async def test_a_reply_that_was_edited_before_it_was_posted_stays_a_reply(store: Store) -> None:
    card = action(1, verb="card", claims=(MR,))
    reply = action(2, verb="reply", root=card.id, slot="talk")
    await plan(store, 1, card)
    await plan(store, 2, reply)
    added = action(3, verb="reply", root=reply.id, slot="talk", edit=True)
    await plan(store, 3, added)
    await sent(store)
    item = await sent(store)
    assert (item.id, item.root, item.edit) == (reply.id, card.id, False)
    assert item.message == added.message
    assert await store.next_ready(now=NOW) is None


async def test_an_edit_under_way_is_not_replaced(store: Store) -> None:
    card = action(1, verb="card", claims=(MR,))
    await plan(store, 1, card)
    await sent(store)
    await plan(store, 2, edit(2, card))
    under_way = await claim_item(store)
    await plan(store, 3, edit(3, card))
    await settle(store, under_way)
    assert (await sent(store)).message == edit(3, card).message


async def test_a_post_that_may_have_been_sent_is_not_replaced(store: Store) -> None:
    card = action(1, verb="card", claims=(MR,), slot="card")
    await plan(store, 1, card)
    doubt = Retry(at=NOW, error="timeout", code="timeout", maybe_sent=True)
    await settle(store, await claim_item(store), doubt)
    await plan(store, 2, edit(2, card))
    assert (await sent(store)).message == card.message
    assert (await sent(store)).message == edit(2, card).message


async def test_the_same_slot_in_another_lane_is_another_slot(store: Store) -> None:
    await plan(store, 1, action(1, slot="card"))
    await plan(store, 2, action(2, slot="card"), lanes=(OPS,))
    assert {(await sent(store)).id for _ in range(2)} == {action(1).id, action(2).id}


async def test_an_edit_of_another_message_is_not_merged(store: Store) -> None:
    old, new = action(1, verb="card"), action(2, verb="card")
    await plan(store, 1, old)
    await sent(store)
    await plan(store, 3, edit(3, old))
    await plan(store, 2, new)
    await plan(store, 4, edit(4, new))
    assert [(await sent(store)).id for _ in range(3)] == [
        edit(3, old).id,
        new.id,
        edit(4, new).id,
    ]


async def test_what_hangs_on_a_merged_post_finds_the_one_that_was_sent(store: Store) -> None:
    await plan(store, 1, action(1, slot="s", claims=(MR,)))
    await plan(store, 2, action(2, slot="s", claims=(MR,)))
    await plan(store, 3, action(3, verb="reply", root=action(2).id))
    await sent(store)
    assert (await claim_item(store)).root == PLACE
    (thread,) = (await store.load_state((), [MR]))[1][MR]
    assert (thread.root, thread.ts) == (action(1).id, PLACE.ts)


async def test_what_was_done_to_a_message_is_found_by_its_place(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1, verb="react", emoji="tada"))
    await plan(store, 2, action(2, 0), action(2, 1))
    first, second = await sent(store), await sent(store)
    await sent(store, outcome=Done(place=Place(channel="C2", ts=PLACE.ts)))
    await sent(store, outcome=Dead(error="no", code="no"))
    found = await store.done_at(PLACE)
    assert [(item.action.id, item.delivery) for item in found] == [
        (first.id, "D" + "0" * 24 + "1"),
        (second.id, "D" + "0" * 24 + "1"),
    ]
    assert await store.done_at(Place(channel="C1", ts="1.1")) == ()


async def test_a_trace_tells_what_was_learnt_and_how_long_each_action_took(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1), learned={"broken_for": timedelta(minutes=10)})
    await sent(store, now=NOW + SECOND)
    trace = await store.decision(delivery_id(1))
    assert trace is not None
    assert [made["took_ms"] for made in trace["actions"]] == [1000.0, None]
    assert load_value(trace["learned"]["broken_for"]) == timedelta(minutes=10)
