"""Looking through the history: what a page of it holds, and that no page looks at all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.browsing import Deed, Wanted
from bot.model import Decision, Outcome, Verdict
from bot.ports import Settled
from tests.store.make import DEV, NOW, action, claim, delivery, delivery_id, plan, settle_deliveries

if TYPE_CHECKING:
    from bot.browsing import Stretch
    from bot.store import Store


def numbers(stretch: Stretch) -> list[int]:
    return [int(one.summary.id.lstrip("D")) for one in stretch.found]


async def decide(store: Store, number: int, *names: str, project: str = "group/app") -> None:
    """It is decided to nothing."""
    await store.append(delivery(number))
    claimed = await claim(store)
    verdicts = tuple(
        Verdict(rule=f"r{place}", file="rules.yaml", line=place, outcome=outcome)
        for place, outcome in enumerate((Outcome.NO_MATCH, Outcome.NO_MATCH, Outcome.WITHHELD))
    )
    settled = Settled(
        delivery=delivery_id(number),
        status="decided",
        decision=Decision(ruleset="r1", names=names, verdicts=verdicts),
        project=project,
    )
    await settle_deliveries(store, claimed.claim, [settled], now=NOW)


async def test_a_page_shows_names_verdicts_and_actions(store: Store) -> None:
    await plan(store, 1, action(1, 0), action(1, 1, verb="react"), lanes=(DEV, DEV))
    await decide(store, 2, "mr.opened")
    await store.append(delivery(3, body=b'{"object_kind": "tag_push"}'))
    waiting, idle, acted = (await store.browse(Wanted())).found
    assert (waiting.names, waiting.actions, dict(waiting.verdicts)) == ((), 0, {})
    assert waiting.delivery is not None
    assert waiting.delivery.body == b'{"object_kind": "tag_push"}'
    assert (idle.names, dict(idle.verdicts)) == (("mr.opened",), {"no match": 2, "withheld": 1})
    assert acted.deeds == (
        Deed(verb="post", channel="#dev", state="todo"),
        Deed(verb="react", channel="#dev", state="todo"),
    )


async def test_deliveries_are_found_by_what_they_were_and_what_became_of_them(
    store: Store,
) -> None:
    await plan(store, 1, action(1))
    await decide(store, 2, "mr.opened", project="group/other")
    await decide(store, 3, "mr.merged", "mr.closed")
    await store.append(delivery(4))
    for wanted, found in (
        (Wanted(names=frozenset({"mr.closed", "mr.opened"})), [3, 2]),
        (Wanted(names=frozenset({"mr"})), []),
        (Wanted(acted=True), [1]),
        (Wanted(acted=False), [4, 3, 2]),
        (Wanted(status="new"), [4]),
        (Wanted(project="group/other"), [2]),
        (Wanted(project="group/other", names=frozenset({"mr.merged"})), []),
    ):
        assert numbers(await store.browse(wanted)) == found, wanted


async def test_pages_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    for number in range(7):
        await store.append(delivery(number))
    seen: list[int] = []
    after = None
    while True:
        page = await store.browse(Wanted(), limit=3, before=after)
        seen += numbers(page)
        after = page.after
        if after is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1, 0]


async def test_what_is_rare_is_looked_for_stretch_by_stretch(store: Store) -> None:
    await decide(store, 0, "tag.created")
    for number in range(1, 6):
        await decide(store, number, "push")
    wanted = Wanted(names=frozenset({"tag.created"}))
    first = await store.browse(wanted, stretch=4)
    assert (numbers(first), first.after, first.back_to) == ([], delivery_id(2), NOW)
    second = await store.browse(wanted, stretch=4, before=first.after)
    assert (numbers(second), second.after) == ([0], None)


async def test_a_body_too_large_for_a_list_is_left_out(store: Store) -> None:
    noise = "".join(f"{number * 7919:x}" for number in range(60_000))
    await store.append(delivery(1, body=f'{{"x": "{noise}"}}'.encode()))
    [glance] = (await store.browse(Wanted())).found
    assert glance.delivery is None
