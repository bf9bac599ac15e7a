"""Hooks, jobs, rulesets, preview, notes: what commands and pages keep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.errors import LeaseLost
from bot.message import Message, text
from bot.model import HookRecord, Job, Place
from bot.ports import StoredRuleset
from tests.store.make import LEASE, NOW, SECOND

if TYPE_CHECKING:
    from bot.store import Store

HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="15",
    project="Shop/Web",
    remote_id="77",
    secrets=("s3cret one", "s3cret two"),
    events=("push_events", "note_events"),
    channel="#shop",
    created_by="U1",
    created_at=NOW,
)
JOB = Job(
    id="j1",
    command="hook",
    args=("add", "shop/web"),
    who="U1",
    channel="C1",
    reply_to="https://hooks.slack.com/commands/T1/2/three",
    created_at=NOW,
)


# -- hooks -----------------------------------------------------------------------------------


async def test_a_hook_comes_back_as_it_was_saved(store: Store) -> None:
    await store.save_hook(HOOK)
    assert await store.hook("h1") == HOOK
    assert await store.hook("h2") is None


async def test_saving_a_hook_again_replaces_it(store: Store) -> None:
    await store.save_hook(HOOK)
    changed = replace(HOOK, secrets=("new",), project="shop/moved", channel=None)
    await store.save_hook(changed)
    assert await store.hooks() == (changed,)


async def test_hooks_are_listed_by_project_in_any_case(store: Store) -> None:
    other = replace(HOOK, id="h2", project="a/b", status="manual")
    for hook in (HOOK, other):
        await store.save_hook(hook)
    assert await store.hooks() == (HOOK, other)
    assert await store.hooks(project="sHOP/wEB") == (HOOK,)


async def test_a_removed_hook_is_not_listed(store: Store) -> None:
    removed = replace(HOOK, status="removed")
    await store.save_hook(removed)
    assert await store.hooks() == ()
    assert await store.hook("h1") == removed


async def test_the_first_proof_of_a_hook_stays_and_its_last_delivery_moves(store: Store) -> None:
    await store.save_hook(HOOK)
    await store.mark_seen("h1", proved=False, now=NOW)
    await store.mark_seen("h1", proved=True, now=NOW + SECOND)
    await store.mark_seen("h1", proved=True, now=NOW + 2 * SECOND)
    hook = await store.hook("h1")
    assert hook is not None
    assert (hook.proved_at, hook.last_seen_at) == (NOW + SECOND, NOW + 2 * SECOND)


async def test_the_default_routes_of_a_project_are_its_hooks_channels(store: Store) -> None:
    await store.save_hook(HOOK)
    await store.save_hook(replace(HOOK, id="h2", channel="#all"))
    await store.save_hook(replace(HOOK, id="h3", channel="#gone", status="removed"))
    assert await store.hook_channels("shop/web") == ("#shop", "#all")


# -- jobs ------------------------------------------------------------------------------------


async def test_a_job_is_added_once(store: Store) -> None:
    assert await store.add_job(JOB)
    assert not await store.add_job(replace(JOB, command="other"))
    assert await store.job("j1") == JOB


async def test_the_oldest_job_is_claimed_first_and_only_once(store: Store) -> None:
    for name in ("j2", "j1"):
        await store.add_job(replace(JOB, id=name))
    first = await store.claim_job(now=NOW, lease=LEASE)
    second = await store.claim_job(now=NOW, lease=LEASE)
    assert first is not None
    assert second is not None
    assert [first[0].id, second[0].id] == ["j2", "j1"]
    assert (first[0].state, first[0].attempts) == ("running", 1)
    assert await store.claim_job(now=NOW, lease=LEASE) is None


async def test_a_job_goes_on_where_a_dead_worker_left_it(store: Store) -> None:
    await store.add_job(JOB)
    claimed = await store.claim_job(now=NOW, lease=LEASE)
    assert claimed is not None
    await store.save_progress("j1", claimed[1], {"hook": 7})
    again = await store.claim_job(now=NOW + LEASE, lease=LEASE)
    assert again is not None
    assert (again[0].progress, again[0].attempts) == ({"hook": 7}, 2)
    with pytest.raises(LeaseLost):
        await store.save_progress("j1", claimed[1], {})
    with pytest.raises(LeaseLost):
        await store.finish_job("j1", claimed[1], state="done", answer=None, now=NOW)


async def test_a_renewed_job_is_not_taken_over(store: Store) -> None:
    await store.add_job(JOB)
    claimed = await store.claim_job(now=NOW, lease=LEASE)
    assert claimed is not None
    await store.renew_job("j1", claimed[1], until=NOW + 2 * LEASE)
    assert await store.claim_job(now=NOW + LEASE, lease=LEASE) is None


async def test_a_finished_job_keeps_its_answer_and_forgets_its_reply_address(store: Store) -> None:
    await store.add_job(JOB)
    claimed = await store.claim_job(now=NOW, lease=LEASE)
    assert claimed is not None
    answer = Message(text=text("done"))
    await store.finish_job("j1", claimed[1], state="done", answer=answer, now=NOW)
    job = await store.job("j1")
    assert job is not None
    assert (job.state, job.answer, job.reply_to) == ("done", answer, "")
    assert await store.claim_job(now=NOW + LEASE, lease=LEASE) is None


# -- rulesets and notes ----------------------------------------------------------------------


async def test_the_ruleset_activated_last_is_the_active_one(store: Store) -> None:
    assert await store.active_ruleset() is None
    first = StoredRuleset(hash="a", files={"rules.yaml": "x: 1"}, entry="rules.yaml", loaded_at=NOW)
    second = replace(first, hash="b", loaded_at=NOW + SECOND)
    await store.activate_ruleset(first)
    await store.activate_ruleset(second)
    assert await store.active_ruleset() == second
    assert await store.ruleset("a") == first
    await store.activate_ruleset(replace(first, loaded_at=NOW))
    assert await store.active_ruleset() == first


async def test_a_note_of_a_process_is_read_by_others(store: Store) -> None:
    assert await store.get_meta("worker seen") is None
    await store.set_meta("worker seen", {"at": 1})
    await store.set_meta("worker seen", {"at": 2})
    assert await store.get_meta("worker seen") == {"at": 2}


# -- the preview -----------------------------------------------------------------------------


async def post(store: Store, channel: str = "#dev", thread: str | None = None) -> Place:
    return await store.preview_post(
        channel, key="k", thread=thread, broadcast=False, rendered={"text": "hi"}, now=NOW
    )


async def test_messages_of_one_moment_have_ascending_times_in_their_channel(store: Store) -> None:
    places = [await post(store), await post(store), await post(store, "#ops")]
    assert [place.ts for place in places] == [
        "1768478400.000000",
        "1768478400.000001",
        "1768478400.000000",
    ]


async def test_every_change_of_a_message_moves_it_to_the_end_of_the_feed(store: Store) -> None:
    first, second = await post(store), await post(store)
    (last,) = await store.preview_messages(limit=1)
    assert last.ts == second.ts
    assert await store.preview_edit(first, {"text": "bye"}, now=NOW + SECOND)
    assert await store.preview_react(first, "tada", remove=False)
    await store.preview_note(first, {"rule": "r"})
    (changed,) = await store.preview_messages(since=last.seq)
    assert (changed.ts, changed.rendered, changed.edited_at) == (
        first.ts,
        {"text": "bye"},
        NOW + SECOND,
    )
    assert (changed.reactions, changed.note) == (("tada",), {"rule": "r"})
    assert await store.preview_messages(since=changed.seq) == ()


async def test_reactions_stay_in_the_order_they_were_added(store: Store) -> None:
    place = await post(store)
    for emoji in ("one", "two", "one", "three"):
        assert await store.preview_react(place, emoji, remove=False)
    assert await store.preview_react(place, "two", remove=True)
    assert await store.preview_react(place, "never", remove=True)
    (message,) = await store.preview_messages()
    assert message.reactions == ("one", "three")


async def test_what_is_not_there_cannot_be_changed(store: Store) -> None:
    nowhere = Place(channel="#dev", ts="1.1")
    assert not await store.preview_edit(nowhere, {}, now=NOW)
    assert not await store.preview_react(nowhere, "tada", remove=False)
    await store.preview_note(nowhere, {})
    assert await store.preview_messages() == ()


async def test_a_message_is_found_by_its_key_thread_and_time(store: Store) -> None:
    root = await post(store)
    reply = await post(store, thread=root.ts)
    found = [
        await store.preview_find("#dev", key="k", since=NOW, thread=None),
        await store.preview_find("#dev", key="k", since=NOW, thread=root.ts),
        await store.preview_find("#dev", key="k", since=NOW + SECOND, thread=None),
        await store.preview_find("#dev", key="other", since=NOW, thread=None),
        await store.preview_find("#ops", key="k", since=NOW, thread=None),
    ]
    assert found == [root, reply, None, None, None]


# -- wake-ups --------------------------------------------------------------------------------


async def test_work_wakes_who_waits_for_it_also_when_it_came_before(store: Store) -> None:
    await store.add_job(JOB)
    await store.wait("jobs", 60)


async def test_waiting_ends_by_its_time(store: Store) -> None:
    await store.wait("jobs", 0)
