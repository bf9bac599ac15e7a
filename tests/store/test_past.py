"""Reading the past: windows, pages, and what was known at a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.actions.values import load_value
from bot.model import Thread, action_id
from bot.ports import Settled
from bot.store import past
from tests.store.make import (
    MR,
    NOW,
    action,
    delivery,
    delivery_id,
    next_deliveries,
    plan,
    settle_deliveries,
)

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from bot.store import Store

HOUR = timedelta(hours=1)


async def ids(
    store: Store, since: datetime, until: datetime, project: str | None = None
) -> list[str]:
    within = await store.window(since=since, until=until)
    pages = [page async for page in store.past_deliveries(within, project=project)]
    return [found.id for page in pages for found in page.deliveries]


async def test_a_window_holds_what_came_from_its_start_to_before_its_end(store: Store) -> None:
    for number in range(10):
        await store.append(delivery(number, received_at=NOW + number * HOUR))
    found = await ids(store, NOW + 3 * HOUR, NOW + 6 * HOUR)
    assert found == [delivery_id(3), delivery_id(4), delivery_id(5)]


async def test_a_window_before_or_after_everything_is_empty(store: Store) -> None:
    assert await ids(store, NOW, NOW + HOUR) == []
    await store.append(delivery(1, received_at=NOW))
    assert await ids(store, NOW - 2 * HOUR, NOW - HOUR) == []
    assert await ids(store, NOW + HOUR, NOW + 2 * HOUR) == []
    assert await ids(store, NOW - HOUR, NOW + HOUR) == [delivery_id(1)]


async def test_a_window_is_found_where_deliveries_were_forgotten(store: Store) -> None:
    for number in range(10):
        await plan(store, number, now=NOW + number * HOUR)
    assert await store.prune(before=NOW + 5 * HOUR) > 0
    assert await ids(store, NOW, NOW + 7 * HOUR) == [delivery_id(5), delivery_id(6)]


async def test_pages_hold_a_bounded_number_of_bytes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "_PAGE_BYTES", 1200)
    for number in range(5):
        await store.append(delivery(number, body=b'{"x": "' + b"a" * 480 + b'"}'))
    within = await store.window(since=NOW, until=NOW + HOUR)
    pages = [page async for page in store.past_deliveries(within)]
    assert [len(page.deliveries) for page in pages] == [2, 2, 1]


async def test_copies_made_to_be_decided_again_are_left_out(store: Store) -> None:
    await store.append(delivery(1))
    await store.replay_delivery(delivery_id(1), copy=delivery_id(2), now=NOW)
    assert await ids(store, NOW, NOW + HOUR) == [delivery_id(1)]


async def test_a_projects_past_leaves_others_out_but_not_what_waits(store: Store) -> None:
    for number, project in enumerate(("shop/api", "shop/web")):
        await store.append(delivery(number))
        claimed = await next_deliveries(store, now=NOW, limit=5)
        assert claimed is not None
        settled = past_settled(number, project)
        await settle_deliveries(store, claimed.claim, [settled], now=NOW)
    await store.append(delivery(7))
    found = await ids(store, NOW, NOW + HOUR, "Shop/API")
    assert found == [delivery_id(0), delivery_id(7)]


def past_settled(number: int, project: str) -> Settled:
    return Settled(delivery=delivery_id(number), status="decided", project=project)


async def test_the_state_of_a_moment_is_what_has_not_changed_since(store: Store) -> None:
    posted = action(1, claims=(MR,))
    await plan(store, 1, posted, remember={"early": 1, "both": 1})
    later = NOW + HOUR
    await plan(store, 2, now=later, remember={"late": 2, "both": 2})
    memory, threads = await store.past_state(at=NOW)
    assert memory == {"early": 1}
    assert threads == {
        MR: (
            Thread(
                channel="#dev",
                subject=MR,
                root=action_id(delivery_id(1), 0),
                rule="a rule",
                card=False,
                ts=None,
                at=NOW,
            ),
        )
    }
    memory, _ = await store.past_state(at=later)
    assert memory == {"early": 1, "both": 2, "late": 2}


async def test_a_page_tells_what_each_decision_had_learnt(store: Store) -> None:
    await plan(store, 1, learned={"paths": ("api/x", "web/y"), "broken_for": HOUR})
    await plan(store, 2, learned={"title": "nul \0 \ud800"})
    await plan(store, 3)
    await store.append(delivery(4))
    within = await store.window(since=NOW, until=NOW + HOUR)
    [page] = [page async for page in store.past_deliveries(within)]
    assert list(page.learned) == [delivery_id(1), delivery_id(2)]
    told = page.learned[delivery_id(1)]
    assert load_value(told["paths"]) == ("api/x", "web/y")
    assert load_value(told["broken_for"]) == HOUR


async def test_notes_are_found_by_how_their_keys_begin(store: Store) -> None:
    for key in ("try:1", "try:2", "try%3", "other"):
        await store.set_meta(key, {"key": key})
    assert await store.notes("try:") == {"try:1": {"key": "try:1"}, "try:2": {"key": "try:2"}}
    assert await store.notes("try%") == {"try%3": {"key": "try%3"}}
