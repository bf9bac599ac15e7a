"""`/hook sync`: the plan says what differs, and applying it leaves nothing that does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotSent
from bot.outside import EVERY_BRANCH, BranchFilter, HookWish, Right
from tests.commands.stage import BASE, Stage, shown

FOREIGN = HookWish(url="https://ci.example.com/h", triggers=frozenset(), secret="theirs")


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.run("add group/repo")
    return stage


async def settled(stage: Stage) -> None:
    """Nothing is left to do."""
    assert "all are as they should be" in shown(await stage.run("sync"))


async def test_hooks_that_are_in_order_are_left_alone(stage: Stage) -> None:
    before = len(stage.forge.calls)
    answer = await stage.run("sync")
    assert shown(answer) == "1 hook compared: all are as they should be."
    assert set(stage.forge.calls[before:]) <= {"project", "hooks"}


async def test_nothing_is_changed_before_somebody_says_so(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"push_events", "issues_events"})
    answer = await stage.run("sync")
    told = shown(answer)
    assert told.startswith("Plan: 1 to change.")
    assert "~ group/repo: triggers of hook 1001: +issues_events -note_events" in told
    assert "/hook sync --yes" in told
    assert [button.words for button in answer.buttons] == ["sync --yes"]
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == {"push_events", "note_events"}
    plan = await stage.run("sync --plan")
    assert plan.buttons == ()
    assert "--yes" not in shown(plan)


async def test_changed_rules_are_applied(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    answer = await stage.run("sync --yes")
    assert "1 project: 1 good." in shown(answer)
    stage.assert_one_good_hook()
    await settled(stage)


async def test_a_hook_that_is_gone_is_made_again(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    await stage.forge.delete_hook("101", held.shown.id)
    assert "+ group/repo: its hook is gone from the forge" in shown(await stage.run("sync"))
    await stage.run("sync --yes")
    stage.assert_one_good_hook()
    await settled(stage)


async def test_a_hook_that_the_forge_disabled_is_replaced(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, health="disabled")
    assert "hook 1001 is disabled by the forge after failures" in shown(await stage.run("sync"))
    await stage.run("sync --yes")
    stage.assert_one_good_hook()
    assert stage.forge.held("group/repo")[0].shown.health == "executable"
    await settled(stage)


async def test_hooks_of_ours_that_serve_nothing_are_deleted(stage: Stage) -> None:
    stray = HookWish(url=f"{BASE}/hooks/gitlab/nobody", triggers=frozenset(), secret="x")
    await stage.forge.create_hook("101", stray)
    told = shown(await stage.run("sync"))
    assert f"- group/repo: hook 1002 ({BASE}/hooks/gitlab/nobody) comes to this bot" in told
    await stage.run("sync --yes")
    stage.assert_one_good_hook()
    await settled(stage)


async def test_hooks_of_others_are_told_and_never_touched(stage: Stage) -> None:
    await stage.forge.create_hook("101", FOREIGN)
    await stage.forge.create_hook("101", FOREIGN)
    answer = await stage.run("sync")
    assert "! group/repo: hooks 1002 and 1003 (not of this bot) have one address" in shown(answer)
    assert answer.buttons == ()
    await stage.run("sync --yes")
    assert len(stage.forge.held("group/repo")) == 3


async def test_a_renamed_project_takes_its_hook_along(stage: Stage) -> None:
    place = stage.forge.places["101"]
    place.project = replace(place.project, path="group/renamed")
    stage.rules.needed["group/renamed"] = stage.rules.needed.pop("group/repo")
    told = shown(await stage.run("sync"))
    assert "it moved: group/repo is group/renamed now" in told
    await stage.run("sync --yes")
    stage.assert_one_good_hook("group/renamed")
    await settled(stage)


async def test_a_project_that_is_gone_is_forgotten(stage: Stage) -> None:
    stage.rules.needed.clear()
    stage.forge.places.clear()
    told = shown(await stage.run("sync"))
    assert "- group/repo: the project is gone, or hidden from the bot" in told
    await stage.run("sync --yes")
    assert stage.statuses() == []


async def test_a_rotation_that_nobody_proved_is_finished(stage: Stage) -> None:
    await stage.run("rotate group/repo")
    assert "a new secret waits for the first delivery" in shown(await stage.run("sync"))
    await stage.run("sync --yes")
    (record,) = stage.active()
    (held,) = stage.forge.held("group/repo")
    assert held.wish.secret == record.secrets[0]
    await stage.store.mark_rotated(record.id, retire_at=stage.now + timedelta(minutes=1))
    await settled(stage)


async def test_a_project_that_rules_name_and_that_has_no_hook_gets_one(stage: Stage) -> None:
    stage.forge.add("group/new")
    stage.rules.needed["group/new"] = frozenset({"push_events"})
    stage.rules.needed["group/typo"] = frozenset({"push_events"})
    told = shown(await stage.run("sync"))
    assert "+ group/new: rules name it, and it has no hook" in told
    assert "typo" not in told
    await stage.run("sync --yes")
    stage.assert_one_good_hook_of("group/new")
    await settled(stage)


async def test_a_paused_hook_is_in_order_while_it_brings_nothing(stage: Stage) -> None:
    await stage.run("pause group/repo")
    await settled(stage)


async def test_a_hook_with_a_channel_of_its_own_brings_everything_open(stage: Stage) -> None:
    await stage.run("add group/repo #dev")
    await settled(stage)


async def test_what_cannot_be_mended_is_left_for_people(stage: Stage) -> None:
    stage.forge.places["101"].managed = False
    answer = await stage.run("sync")
    assert "! group/repo: the token's user must be Maintainer" in shown(answer)
    assert answer.buttons == ()


async def test_others_see_only_what_they_manage(stage: Stage) -> None:
    stage.forge.add("group/secret")
    stage.rules.needed["group/secret"] = frozenset({"push_events"})
    await stage.run("add group/secret")
    stage.link("U0ALICE01", "alice", Right.MANAGE)
    for path in ("group/repo", "group/secret"):
        stage.rules.needed[path] = frozenset({"issues_events"})
    told = shown(await stage.run("sync", who="U0ALICE01"))
    assert "group/repo" in told
    assert "secret" not in told
    del stage.forge.places[stage.active("group/secret")[0].project_id]
    assert "secret" not in shown(await stage.run("sync", who="U0ALICE01"))


async def test_applying_twice_does_nothing_the_second_time(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    await stage.run("sync --yes")
    calls = len(stage.forge.calls)
    assert "all are as they should be" in shown(await stage.run("sync --yes"))
    assert set(stage.forge.calls[calls:]) <= {"project", "hooks"}


async def test_a_branch_filter_that_the_rules_changed_is_seen_and_applied(stage: Stage) -> None:
    stage.rules.filters["group/repo"] = BranchFilter("wildcard", "main")
    told = shown(await stage.run("sync"))
    assert "~ group/repo: hook 1001 brings pushes of all branches, not of branch main" in told
    await stage.run("sync --yes")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.branches == BranchFilter("wildcard", "main")
    await settled(stage)


async def test_a_forge_without_such_filters_brings_all_branches_and_is_left_alone(
    stage: Stage,
) -> None:
    stage.forge.filters = frozenset({"all", "wildcard"})
    stage.rules.filters["group/repo"] = BranchFilter("regex", "^(?:main|dev)$")
    stage.rules.needed["group/repo"] = frozenset({"push_events"})
    await stage.run("sync --yes")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.branches == EVERY_BRANCH
    await settled(stage)


async def test_what_an_older_forge_does_not_know_is_asked_for_once(stage: Stage) -> None:
    stage.forge.unknown = frozenset({"milestone_events"})
    stage.rules.needed["group/repo"] = frozenset({"push_events", "milestone_events"})
    await stage.run("sync --yes")
    await settled(stage)
    before = len(stage.forge.calls)
    await stage.run("add group/repo")
    assert "update_hook" not in stage.forge.calls[before:]


async def test_a_trigger_that_somebody_took_away_is_missed_all_the_same(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, triggers=frozenset({"push_events"}))
    assert "+note_events" in shown(await stage.run("sync"))


async def test_a_hook_with_a_channel_of_its_own_brings_every_branch(stage: Stage) -> None:
    stage.rules.filters["group/repo"] = BranchFilter("wildcard", "main")
    await stage.run("add group/repo #dev")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.branches == EVERY_BRANCH
    await settled(stage)


async def test_pausing_and_turning_keep_the_branches(stage: Stage) -> None:
    stage.rules.filters["group/repo"] = BranchFilter("wildcard", "main")
    await stage.run("add group/repo")
    for words in ("rotate", "pause", "resume", "test"):
        await stage.run(f"{words} group/repo")
        (held,) = stage.forge.held("group/repo")
        assert held.shown.branches == BranchFilter("wildcard", "main"), words


# -- hooks of groups ---------------------------------------------------------------------------


@pytest.fixture
async def grouped() -> Stage:
    stage = Stage()
    stage.forge.add("group/sub/deep")
    stage.rules.needed["group/sub/deep"] = frozenset({"push_events"})
    await stage.run("add group/**")
    return stage


async def test_a_project_that_its_groups_hook_serves_needs_none_of_its_own(grouped: Stage) -> None:
    await settled(grouped)
    assert grouped.forge.held("group/repo") == []


async def test_changed_rules_reach_a_groups_hook(grouped: Stage) -> None:
    grouped.rules.needed["group/sub/deep"] = frozenset({"push_events", "issues_events"})
    told = shown(await grouped.run("sync"))
    assert "~ group: triggers of hook 1001: +issues_events" in told
    assert "1 project: 1 good." in shown(await grouped.run("sync --yes"))
    (held,) = grouped.forge.groups["group"].hooks.values()
    assert held.shown.triggers == {"push_events", "note_events", "issues_events"}
    await settled(grouped)


async def test_a_groups_hook_that_the_forge_disabled_is_replaced(grouped: Stage) -> None:
    (held,) = grouped.forge.groups["group"].hooks.values()
    held.shown = replace(held.shown, health="disabled")
    assert "1 project: 1 good." in shown(await grouped.run("sync --yes"))
    (held,) = grouped.forge.groups["group"].hooks.values()
    assert held.shown.health == "executable"
    await settled(grouped)


async def test_a_groups_hook_that_is_gone_is_made_again(grouped: Stage) -> None:
    grouped.forge.groups["group"].hooks.clear()
    assert "+ group: its hook is gone from the forge" in shown(await grouped.run("sync"))
    await grouped.run("sync --yes")
    assert len(grouped.forge.groups["group"].hooks) == 1
    assert grouped.forge.held("group/repo") == []
    await settled(grouped)


async def test_one_that_is_named_and_cannot_be_compared_is_named_in_the_answer() -> None:
    def down(_name: str) -> None:
        raise NotSent("502")

    stage = Stage()
    stage.forge.before = down
    told = shown(await stage.run("sync group/repo"))
    assert told.startswith("group/repo: there is no hook of this bot to compare")
