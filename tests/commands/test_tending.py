"""Hooks are looked after without anybody asking: mended where it is allowed, told where it is not,
and what was missed is fetched once, in order, marked as late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bot.commands.catching import AT_ONCE
from bot.commands.key_tending import tend_keys
from bot.commands.tending import Care, CatchUp, Visit, tend
from bot.errors import NotSent
from bot.model import HookRecord
from bot.outside import Attempt, HookWish
from tests.commands.stage import BASE, Stage
from tests.commands.stage import _plain as plain
from tests.fakes.forge import Held

MEND = Care(mend=True, catch_up=CatchUp.ALL)
LOOK = Care(mend=False, catch_up=CatchUp.ALL)


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.run("add group/repo")
    stage.now += timedelta(hours=1)
    return stage


def record(stage: Stage) -> HookRecord:
    (found,) = (row for row in stage.store.rows.values() if row.status in {"active", "paused"})
    return found


def held(stage: Stage) -> Held:
    (found,) = stage.forge.held("group/repo")
    return found


async def visit(stage: Stage, care: Care = MEND, *, thorough: bool = True) -> Visit:
    return await tend(stage.context(), record(stage), care, thorough=thorough)


def told(found: Visit) -> str:
    return "\n".join(plain(line) for line in found.told)


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


# -- what was missed ---------------------------------------------------------------------------


def attempt(
    stage: Stage,
    number: int,
    *,
    minutes: int,
    status: int = 0,
    key: str | None = None,
    subject: str = "",
) -> Attempt:
    return Attempt(
        id=f"{number}",
        key=f"k{number}" if key is None else key,
        event="Push Hook",
        at=stage.now - timedelta(minutes=minutes),
        status=status,
        subject=subject,
    )


def lose(stage: Stage, *attempts: Attempt) -> None:
    """Oldest first, as they happened."""
    stage.now += timedelta(hours=1)
    held(stage).attempts += attempts


async def test_missed_deliveries_are_sent_again_oldest_first_and_announced(stage: Stage) -> None:
    lose(stage, *(attempt(stage, n, minutes=9 - n) for n in (1, 2, 3)))
    announced: list[set[str]] = []

    async def receive(one: Attempt) -> bool:
        announced.append(set(stage.late))
        stage.inbox.add(one.key)
        return True

    stage.forge.resender = receive
    found = await visit(stage)
    assert held(stage).resent == ["1", "2", "3"]
    assert announced[0] == {"k1", "k2", "k3"}
    assert stage.late["k1"] == held(stage).attempts[0].at
    assert told(found).startswith("🕰 group/repo: 3 missed since 2026-11-22")
    assert (await visit(stage)).told == ()
    assert held(stage).resent == ["1", "2", "3"]


async def test_what_came_all_the_same_is_not_sent_again(stage: Stage) -> None:
    stage.inbox |= {"k1", "k2", "k4"}
    lose(
        stage,
        attempt(stage, 1, minutes=9),
        attempt(stage, 2, minutes=8),
        attempt(stage, 3, minutes=7, status=202, key="k2"),
        attempt(stage, 4, minutes=6, status=202),
        attempt(stage, 5, minutes=5, key=""),
    )
    assert await visit(stage) == Visit()
    assert held(stage).resent == []


async def test_what_somebody_else_took_is_told_once(stage: Stage) -> None:
    stage.inbox.add("k3")
    stage.now += timedelta(hours=1)
    held(stage).attempts += (
        attempt(stage, 1, minutes=70, status=200),
        attempt(stage, 2, minutes=9, status=200),
        attempt(stage, 3, minutes=8, status=202),
        replace(attempt(stage, 4, minutes=7, status=200), event="ping"),
        attempt(stage, 5, minutes=1, status=202),
    )
    found = await visit(stage)
    assert "delivered 1 within the last hour, and none of them came here" in told(found)
    assert "/hook test group/repo" in told(found)
    assert found.past == ("k2",)
    assert held(stage).resent == []
    again = await tend(stage.context(), record(stage), MEND, given_up=found.past)
    assert again == Visit()


async def test_a_delivery_that_failed_twice_is_sent_again_once(stage: Stage) -> None:
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8, key="k1"))
    await visit(stage)
    assert held(stage).resent == ["1"]


async def test_no_more_are_asked_for_than_the_forge_sends_in_a_minute(stage: Stage) -> None:
    lose(stage, *(attempt(stage, n, minutes=60 - n) for n in range(1, 9)))
    found = await visit(stage)
    assert len(held(stage).resent) == AT_ONCE
    assert found.left == 3
    stage.inbox |= {f"k{n}" for n in range(1, 6)}
    again = await visit(stage)
    assert again.left == 3, "the forge asks to wait"
    stage.forge.resends_left = 5
    last = await visit(stage)
    assert last.left == 0
    assert held(stage).resent == [f"{n}" for n in range(1, 9)]


async def test_what_the_forge_refuses_is_given_up_and_told(stage: Stage) -> None:
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8))

    async def refuse(one: Attempt) -> bool:
        return one.key == "k2"

    stage.forge.resender = refuse
    found = await visit(stage)
    assert found.lost == ("k1",)
    assert "1 since" in told(found)
    assert "could not be fetched" in told(found)
    assert (await tend(stage.context(), record(stage), MEND, given_up={"k1", "k2"})).told == ()


async def test_only_the_final_state_is_fetched_when_that_is_wished(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 8"),
        attempt(stage, 3, minutes=7, subject="mr 7"),
        attempt(stage, 4, minutes=6),
    )
    await visit(stage, LAST)
    assert held(stage).resent == ["2", "3", "4"]


LAST: Final = Care(mend=True, catch_up=CatchUp.LAST)


async def test_what_was_overtaken_is_never_fetched_afterwards(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 7"),
    )
    found = await visit(stage, LAST)
    assert (held(stage).resent, found.past) == (["2"], ("k1",))
    stage.inbox.add("k2")
    again = await visit(stage, LAST)
    assert (held(stage).resent, again.told) == (["2"], ())


async def test_a_subject_that_went_on_meanwhile_is_past(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=1, subject="mr 7", status=202),
    )
    assert (await visit(stage, LAST)).told == ()
    assert held(stage).resent == []


async def test_a_forge_whose_list_tells_no_subjects_is_asked_for_them(stage: Stage) -> None:
    stage.forge.subjects = {"1": "pr 7", "2": "pr 7"}
    lose(stage, attempt(stage, 1, minutes=9), attempt(stage, 2, minutes=8))
    await visit(stage, LAST)
    assert held(stage).resent == ["2"]


async def test_where_the_last_event_cannot_be_had_the_one_before_tells(stage: Stage) -> None:
    lose(
        stage,
        attempt(stage, 1, minutes=9, subject="mr 7"),
        attempt(stage, 2, minutes=8, subject="mr 7"),
    )
    await tend(stage.context(), record(stage), LAST, given_up={"k2"})
    assert held(stage).resent == ["1"]


@pytest.mark.parametrize("care", [LOOK, Care(mend=True, catch_up=CatchUp.OFF)])
async def test_nothing_is_fetched_without_leave(stage: Stage, care: Care) -> None:
    lose(stage, attempt(stage, 1, minutes=9))
    await visit(stage, care)
    assert held(stage).resent == []


async def test_a_quick_look_asks_for_no_deliveries(stage: Stage) -> None:
    before = len(stage.forge.calls)
    await visit(stage, thorough=False)
    assert "attempts" not in stage.forge.calls[before:]


async def test_a_hook_that_still_brings_nothing_is_not_caught_up(stage: Stage) -> None:
    held(stage).shown = replace(held(stage).shown, health="disabled")
    stage.answers_instead = 502
    lose(stage, attempt(stage, 1, minutes=9))
    await visit(stage)
    assert held(stage).resent == []


async def test_a_forge_that_cannot_be_asked_is_told_to_the_loop(stage: Stage) -> None:
    def fail(_when: str, name: str) -> None:
        if name == "attempts":
            raise NotSent("slow down")

    stage.watch = fail
    with pytest.raises(NotSent):
        await visit(stage)


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
