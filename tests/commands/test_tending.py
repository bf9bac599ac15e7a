"""Hooks are looked after without anybody asking: mended where allowed, told of where not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.key_tending import tend_keys
from bot.commands.tending import Visit
from bot.errors import NotSent
from bot.outside import HookWish
from tests.commands.stage import BASE, Stage, shown
from tests.commands.stage import _plain as plain
from tests.commands.visits import LOOK, held, record, told, visit, with_hook


@pytest.fixture
async def stage() -> Stage:
    return await with_hook()


# -- drift -------------------------------------------------------------------------------------


async def test_a_hook_in_order_is_left_alone(stage: Stage) -> None:
    before = len(stage.forge.calls)
    assert await visit(stage) == Visit()
    assert "update_hook" not in stage.forge.calls[before:]


async def test_a_disabled_hook_is_brought_back_as_itself(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="disabled")
    calls = len(stage.forge.calls)
    found = await visit(stage)
    assert told(found) == (
        "🩺 group/repo: hook 1001 is disabled by the forge after failures. Mended. "
    )
    assert (found.was_off, found.is_off) == (True, False)
    assert held(stage).shown.health == "executable"
    assert held(stage).shown.triggers == {"push_events", "note_events"}
    stage.assert_one_good_hook()
    assert "create_hook" not in stage.forge.calls[calls:]
    assert await visit(stage) == Visit()


async def test_the_test_call_comes_at_a_one_time_address_without_triggers(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="temporarily_disabled")
    seen: list[tuple[str, frozenset[str]]] = []

    def look(when: str, name: str) -> None:
        if (when, name) == ("before", "test_hook"):
            seen.append((held(stage).wish.url, held(stage).wish.triggers))

    stage.watch = look
    await visit(stage)
    ((url, triggers),) = seen
    assert url != f"{BASE}/hooks/gitlab/{record(stage).id}"
    assert triggers == frozenset()


async def test_a_forge_that_cannot_reach_the_bot_leaves_the_hook_as_it_was(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="disabled")
    stage.answers_instead = 502
    found = await visit(stage)
    assert "It could not be mended:" in told(found)
    assert "answered 502" in told(found)
    assert held(stage).shown.url == f"{BASE}/hooks/gitlab/{record(stage).id}"
    assert held(stage).shown.triggers == {"push_events", "note_events"}
    assert stage.statuses() == ["active"]


async def test_changed_rules_change_the_hook(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    found = await visit(stage)
    assert "triggers of hook 1001: +issues_events -note_events -push_events. Mended." in told(found)
    assert held(stage).shown.triggers == {"issues_events"}
    stage.assert_one_good_hook()


async def test_without_leave_it_is_only_told(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="disabled")
    found = await visit(stage, LOOK)
    assert told(found).endswith("/hook test group/repo looks after it.")
    assert (found.was_off, found.is_off) == (True, True)
    assert held(stage).shown.health == "disabled"


async def test_a_hook_that_somebody_deleted_is_not_made_again(stage: Stage) -> None:
    await stage.forge.delete_hook("101", held(stage).shown.id)
    found = await visit(stage)
    assert "its hook is gone from the forge. /hook sync group/repo" in told(found)
    assert (found.was_off, found.is_off) == (True, True)
    assert stage.forge.held("group/repo") == []


async def test_hooks_that_serve_nothing_are_told_and_not_deleted(stage: Stage) -> None:
    stray = HookWish(url=f"{BASE}/hooks/gitlab/nobody", triggers=frozenset(), secret="x")
    await stage.forge.create_hook("101", stray)
    assert "comes to this bot and serves nothing" in told(await visit(stage))
    assert len(stage.forge.held("group/repo")) == 2


async def test_a_renamed_project_is_followed(stage: Stage) -> None:
    place = stage.forge.places["101"]
    place.project = replace(place.project, path="group/renamed")
    stage.rules.needed["group/renamed"] = stage.rules.needed["group/repo"]
    assert "it moved: group/repo is group/renamed now. Mended." in told(await visit(stage))
    assert record(stage).project == "group/renamed"
    assert await visit(stage) == Visit()


async def test_a_paused_hook_stays_paused(stage: Stage) -> None:
    await stage.run("pause group/repo")
    assert await visit(stage) == Visit()
    assert held(stage).shown.triggers == frozenset()


async def test_a_rotation_that_waits_is_no_drift_and_one_that_is_over_is_forgotten(
    stage: Stage,
) -> None:
    await stage.run("rotate group/repo")
    assert await visit(stage) == Visit()
    await stage.store.mark_rotated(record(stage).id, retire_at=stage.now)
    await visit(stage)
    assert record(stage).secrets == (held(stage).wish.secret,)
    assert record(stage).retire_at is None


async def test_an_instance_without_a_token_is_left_alone(stage: Stage) -> None:
    stage.admins.clear()
    assert await visit(stage) == Visit()


# -- deploy keys -------------------------------------------------------------------------------


async def keys_told(stage: Stage) -> str:
    return "\n".join(plain(line) for line in await tend_keys(stage.context()))


async def test_somebody_is_reminded_a_few_times_before_a_key_ends(stage: Stage) -> None:
    await stage.run("key add group/repo --expires 40d")
    heard = []
    stage.now += timedelta(hours=1)
    for _ in range(40):
        line = await keys_told(stage)
        assert await keys_told(stage) == ""
        heard += [line] if line else []
        stage.now += timedelta(days=1)
    assert len(heard) == 5
    assert "deploy key 1002 (chat-ops bot, asked for by U0ADMIN01) ends in 29 d" in heard[0]
    assert "/hook key rotate group/repo 1002" in heard[0]
    assert "was deleted, as its time is over" in await keys_told(stage)
    assert stage.forge.places["101"].keys == {}
    assert await keys_told(stage) == ""


async def test_a_key_that_was_replaced_goes_when_its_time_has_come(stage: Stage) -> None:
    await stage.run("key add group/repo")
    await stage.run("key rotate group/repo --overlap 3d")
    assert await keys_told(stage) == ""
    stage.now += timedelta(days=4)
    assert "another key has taken its place" in await keys_told(stage)
    assert len(stage.forge.places["101"].keys) == 1


async def test_a_forge_that_fails_is_asked_again(stage: Stage) -> None:
    await stage.run("key add group/repo --expires 1d")
    stage.now += timedelta(days=2)

    def fail(_when: str, name: str) -> None:
        if name == "delete_key":
            raise NotSent("slow down")

    stage.watch = fail
    assert await keys_told(stage) == ""
    stage.watch = lambda _when, _name: None
    assert "was deleted" in await keys_told(stage)


async def test_a_hook_whose_project_cannot_be_told_is_not_touched(stage: Stage) -> None:
    stage.forge.places["101"].managed = False
    found = await visit(stage, thorough=False)
    assert "must be Maintainer" in told(found)


# -- the audit ---------------------------------------------------------------------------------


async def test_what_the_bot_did_of_itself_is_in_the_audit(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    await visit(stage)
    await stage.run("key add group/repo --expires 1d")
    stage.now += timedelta(days=2)
    await keys_told(stage)
    own = [(act.verb, act.target) for act in stage.audit.acts if act.who == "the bot"]
    assert own == [("mend", "group/repo"), ("delete-key", "group/repo")]
    assert "the bot mend group/repo done" in shown(await stage.run("audit group/repo"))


async def test_a_visit_that_finds_nothing_leaves_no_trace(stage: Stage) -> None:
    before = len(stage.audit.acts)
    await visit(stage)
    assert len(stage.audit.acts) == before
