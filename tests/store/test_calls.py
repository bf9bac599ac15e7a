"""What is kept of calls outside of chat: receipts, what waits for them, the audit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.model import Call, Lane
from bot.outside import Receipt
from bot.ports import Dead, Done, Dropped, Retry
from bot.rules.loops import acting_key, made_key
from tests.store.make import NOW, SECOND, action, claim_item, plan, settle_item

if TYPE_CHECKING:
    from bot.model import Action
    from bot.store import Store

FORGE = Lane("forge:gitlab:1")
WEB = Lane("http:x.example")
RUN = Receipt(id="77", url="https://gitlab.example.com/shop/-/pipelines/77", status="created")


def call(place: int, verb: str, lane: Lane = FORGE, **changes: Any) -> Action:
    made = Call(
        lane=lane,
        instance="gitlab",
        project_id="1",
        asked_by="alice",
        data={"project": "shop/api", "text": {"spans": [["plain", "hi"]]}},
    )
    given = {"verb": verb, "channel": "main", "message": None, "call": made}
    return action(1, place, **(given | changes))


async def settle(store: Store, outcome: Done | Dead | Dropped | Retry) -> None:
    claimed = await claim_item(store)
    await settle_item(store, claimed, outcome, now=NOW, ready_at=NOW)


async def test_a_call_comes_back_as_it_was_planned(store: Store) -> None:
    planned = call(0, "pipeline", after={"run": "D0.1"})
    await plan(store, 1, planned, lanes=(FORGE,))
    assert (await claim_item(store)).item.action == planned


async def test_what_waits_gets_the_receipt_once_it_is_there(store: Store) -> None:
    run = call(0, "pipeline")
    told = call(1, "webhook", WEB, after={"run": run.id})
    await plan(store, 1, run, told, lanes=(FORGE, WEB))
    first, second = await claim_item(store), await claim_item(store)
    by_verb = {one.item.action.verb: one for one in (first, second)}
    assert (by_verb["webhook"].results, by_verb["webhook"].lost) == ({}, False)
    await settle_item(store, by_verb["pipeline"], Done(receipt=RUN), now=NOW, ready_at=NOW)
    later = Retry(at=NOW, error="waits", code="waits")
    await settle_item(store, by_verb["webhook"], later, now=NOW, ready_at=NOW)
    again = await claim_item(store)
    assert (again.results, again.lost) == ({"run": RUN}, False)


@pytest.mark.parametrize("end", [Dead(error="no", code="403"), Dropped(reason="no")])
async def test_what_waits_learns_that_nothing_will_come(store: Store, end: Dead | Dropped) -> None:
    run = call(0, "pipeline")
    await plan(store, 1, run, call(1, "comment", after={"run": run.id}), lanes=(FORGE, FORGE))
    await settle(store, end)
    assert (await claim_item(store)).lost is True


async def test_what_was_made_is_remembered_and_no_more_under_way(store: Store) -> None:
    run = call(0, "pipeline")
    acting, made = acting_key(run.id), made_key("gitlab", "1", "pipeline", "77")
    await plan(store, 1, run, lanes=(FORGE,), remember={acting: True})
    assert await store.load_memory([acting, made]) == {acting: True, made: None}
    await settle(store, Done(receipt=RUN, remember={made: True}))
    assert await store.load_memory([acting, made]) == {acting: None, made: True}


async def test_the_audit_keeps_who_what_and_how_it_ended(store: Store) -> None:
    pipeline, comment = call(0, "pipeline"), call(1, "comment", channel="shop/api!7")
    await plan(store, 1, pipeline, comment, lanes=(FORGE, FORGE))
    await settle(store, Done(receipt=RUN))
    await settle(store, Retry(at=NOW, error="later", code="500"))
    await settle(store, Dead(error="refused", code="403"))
    kept = [
        (one.who, one.verb, one.target, one.outcome, one.detail) for one in await store.list_audit()
    ]
    assert kept == [
        ("alice", "comment", "shop/api!7", "dead", "refused"),
        ("alice", "pipeline", "shop/api@main", "done", RUN.url),
    ]


async def test_messages_are_not_audited(store: Store) -> None:
    await plan(store, 1, action(1))
    await settle(store, Done())
    assert await store.list_audit() == ()


async def test_the_audit_outlives_what_it_tells_of(store: Store) -> None:
    await plan(store, 1, call(0, "pipeline"), lanes=(FORGE,))
    await settle(store, Done(receipt=RUN, remember={"made:x": True}))
    await store.prune(before=NOW + SECOND)
    assert len(await store.list_audit()) == 1
    assert await store.load_memory(["made:x"]) == {"made:x": None}


async def test_an_action_of_an_older_version_has_no_call(store: Store) -> None:
    planned = replace(call(0, "post"), call=None)
    await plan(store, 1, planned)
    assert (await claim_item(store)).item.action.call is None
