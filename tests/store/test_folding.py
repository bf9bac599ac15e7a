"""A lane that is far behind says many messages in one; one that keeps up never does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.message import Mention, Message, text
from bot.model import Place, SubjectKey, subject_key
from bot.ports import Dead, Done, Retry
from tests.store.make import NOW, SECOND, action, delivery_id, next_item, plan, settle_item

if TYPE_CHECKING:
    from bot.model import Action
    from bot.ports import ClaimedItem
    from bot.store import Store

PLACE = Place(channel="C1", ts="1763844574.000100")
LATE = NOW + timedelta(minutes=1)


def branch(number: int) -> SubjectKey:
    return subject_key("gitlab", "1", "branch", f"{number}")


async def planned(store: Store, count: int, first: int = 1) -> list[Action]:
    made = [action(n, claims=(branch(n),)) for n in range(first, first + count)]
    for number, one in enumerate(made, first):
        await plan(store, number, one)
    return made


async def claimed(store: Store, *, at: Any = LATE) -> ClaimedItem:
    found = await next_item(store, now=at)
    assert found is not None, "nothing waits to be sent"
    return found


async def settle(store: Store, item: ClaimedItem, outcome: Any = None) -> None:
    await settle_item(store, item, outcome or Done(place=PLACE), now=LATE, ready_at=LATE)


def lines(item: ClaimedItem) -> list[str]:
    message = item.item.action.message
    assert message is not None
    return [line for part in message.body for line in _plain(part).split("\n")]


def _plain(part: Any) -> str:
    return "".join(span.value for span in part)


async def state(store: Store, number: int) -> dict[str, Any]:
    trace = await store.decision(delivery_id(number))
    assert trace is not None
    [one] = trace["actions"]
    assert isinstance(one, dict)
    return one


async def test_a_lane_that_keeps_up_does_not_fold(store: Store) -> None:
    made = await planned(store, 3)
    first = await claimed(store, at=LATE - SECOND)
    assert first.item.action == made[0]


async def test_a_lane_that_is_a_minute_behind_says_all_in_one_message(store: Store) -> None:
    await planned(store, 3)
    one = await claimed(store)
    assert lines(one) == ["• message 1.0", "• message 2.0", "• message 3.0"]
    await settle(store, one)
    assert await next_item(store, now=LATE) is None
    assert await store.next_ready(now=LATE) is None


async def test_everything_folded_has_the_receipt_and_says_where(store: Store) -> None:
    made = await planned(store, 3)
    await settle(store, await claimed(store))
    for number in (2, 3):
        one = await state(store, number)
        assert (one["state"], one["into"]) == ("folded", made[0].id)
        assert one["place"] == {"channel": PLACE.channel, "ts": PLACE.ts}
    assert (await state(store, 1))["state"] == "done"
    assert [item.delivery for item in await store.done_at(PLACE)] == [
        delivery_id(n) for n in (1, 2, 3)
    ]


async def test_replies_to_what_was_folded_go_below_the_common_message(store: Store) -> None:
    made = await planned(store, 3)
    await settle(store, await claimed(store))
    [thread] = (await store.load_state((), [branch(3)]))[1][branch(3)]
    assert (thread.root, thread.ts) == (made[0].id, PLACE.ts)
    # One that was planned with the old root, a moment before.
    await plan(store, 4, action(4, verb="reply", root=made[2].id))
    assert (await claimed(store)).root == PLACE


ALONE: list[dict[str, Any]] = [
    {"apart": True},
    {"confidential": True},
    {"verb": "card", "slot": "card"},
    {"verb": "dm"},
    {"message": Message(text=text(Mention("U1", "Alice"), " look"))},
    {"message": Message(text=text("look"), body=(text(Mention("U1", "Alice")),))},
    {"channel": "C7"},
]


@pytest.mark.parametrize("changes", ALONE, ids=lambda changes: " ".join(changes))
async def test_some_are_left_alone_and_nothing_overtakes_them(
    store: Store, changes: dict[str, Any]
) -> None:
    await planned(store, 2)
    await plan(store, 3, action(3, **changes))
    await planned(store, 2, first=4)
    first = await claimed(store)
    assert lines(first) == ["• message 1.0", "• message 2.0"]
    await settle(store, first)
    second = await claimed(store)
    assert second.item.action == action(3, **changes)
    await settle(store, second)
    assert lines(await claimed(store)) == ["• message 4.0", "• message 5.0"]


async def test_a_message_that_something_hangs_below_is_left_alone(store: Store) -> None:
    made = await planned(store, 3)
    await plan(store, 4, action(4, verb="reply", root=made[1].id))
    first = await claimed(store)
    assert first.item.action == made[0]
    await settle(store, first)
    assert (await claimed(store)).item.action == made[1]


async def test_one_that_may_have_been_sent_is_looked_for_as_it_was(store: Store) -> None:
    made = await planned(store, 2)
    one = await claimed(store, at=NOW)
    again = Retry(at=LATE, error="no answer", code="timeout", maybe_sent=True)
    await settle(store, one, again)
    assert (await claimed(store)).item.action == made[0]


async def test_a_folded_message_is_tried_again_as_it_is(store: Store) -> None:
    await planned(store, 2)
    one = await claimed(store)
    await settle(store, one, Retry(at=LATE, error="ratelimited", code="ratelimited"))
    await planned(store, 2, first=3)
    again = await claimed(store)
    assert again.item.action == one.item.action
    await settle(store, again)
    assert lines(await claimed(store)) == ["• message 3.0", "• message 4.0"]


async def test_a_folded_message_that_is_given_up_comes_back_whole(store: Store) -> None:
    await planned(store, 2)
    await settle(store, await claimed(store), Dead(error="archived", code="is_archived"))
    assert await store.retry_outbox(now=LATE) == 1
    assert lines(await claimed(store)) == ["• message 1.0", "• message 2.0"]


async def test_a_long_queue_is_named_line_by_line_in_few_messages(store: Store) -> None:
    await planned(store, 300)
    said: list[str] = []
    messages = 0
    while (one := await next_item(store, now=LATE)) is not None:
        said += lines(one)
        messages += 1
        await settle(store, one)
    assert said == [f"• message {n}.0" for n in range(1, 301)]
    assert messages <= 3
