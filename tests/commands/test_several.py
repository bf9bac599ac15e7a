"""Several projects in one command, and hooks of whole groups."""

from __future__ import annotations

import pytest

from bot.errors import CommandError, NotSent
from bot.outside import Right
from tests.commands.stage import BASE, Crash, Stage, shown

PUSHES = frozenset({"push_events"})


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for path in ("group/other", "group/sub/deep", "elsewhere/one"):
        stage.forge.add(path)
        stage.rules.needed[path] = PUSHES
    return stage


def hooked(stage: Stage) -> list[str]:
    return sorted(
        place.project.path
        for place in (*stage.forge.places.values(), *stage.forge.groups.values())
        for _ in place.hooks
    )


async def test_several_are_added_in_the_order_written(stage: Stage) -> None:
    answer = await stage.run("add elsewhere/one group/repo")
    assert hooked(stage) == ["elsewhere/one", "group/repo"]
    told = shown(answer)
    assert told.startswith("2 projects: 2 good.")
    assert told.index("elsewhere/one: hook 1001 is made") < told.index("group/repo: hook 1002")
    assert answer.color == "good"


async def test_a_star_means_the_projects_of_the_group_itself(stage: Stage) -> None:
    await stage.run("add group/*")
    assert hooked(stage) == ["group/other", "group/repo"]


async def test_a_pasted_address_with_a_star_is_fine(stage: Stage) -> None:
    await stage.run("add https://gitlab.example.com/group/*")
    assert hooked(stage) == ["group/other", "group/repo"]


async def test_two_stars_are_one_hook_of_the_group_where_the_licence_has_them(
    stage: Stage,
) -> None:
    answer = await stage.run("add group/**")
    assert hooked(stage) == ["group"]
    (held,) = stage.forge.groups["group"].hooks.values()
    assert held.wish.triggers == {"push_events", "note_events"}
    (record,) = stage.active("group")
    assert held.shown.url == f"{BASE}/hooks/gitlab/{record.id}"
    assert "group: hook 1001 is made and proved" in shown(answer)
    assert "has its hook already" in shown(await stage.run("add group/**"))
    assert hooked(stage) == ["group"]


async def test_without_such_a_licence_every_project_gets_its_own(stage: Stage) -> None:
    stage.forge.group_hooks = False
    await stage.run("add group/**")
    assert hooked(stage) == ["group/other", "group/repo", "group/sub/deep"]


async def test_a_groups_hook_is_rotated_paused_and_shown_like_others(stage: Stage) -> None:
    await stage.run("add group/**")
    for verb in ("rotate", "pause", "resume"):
        answer = shown(await stage.run(f"{verb} group/**"))
        assert answer.startswith("1 project: 1 good."), answer
    (held,) = stage.forge.groups["group"].hooks.values()
    assert held.wish.secret == stage.active("group")[0].secrets[0]


async def test_one_failure_does_not_stop_the_others(stage: Stage) -> None:
    answer = await stage.run("add group/none group/repo elsewhere/one")
    told = shown(answer)
    assert hooked(stage) == ["elsewhere/one", "group/repo"]
    assert told.startswith("3 projects: 2 good, 1 not.")
    assert "❌ group/none: the forge has no project group/none" in told
    assert answer.color == "warning"


async def test_a_group_without_projects_says_so(stage: Stage) -> None:
    with pytest.raises(CommandError, match="has no group nothing"):
        await stage.run("add nothing/*")


async def test_only_projects_that_they_manage_are_touched(stage: Stage) -> None:
    stage.link("U0ALICE01", "alice", Right.MANAGE)
    await stage.run("add group/*", who="U0ALICE01")
    assert hooked(stage) == ["group/repo"]


async def test_a_group_that_they_do_not_own_falls_back_to_their_projects(stage: Stage) -> None:
    stage.link("U0ALICE01", "alice", Right.MANAGE)
    await stage.run("add group/**", who="U0ALICE01")
    assert hooked(stage) == ["group/repo"]


async def test_the_same_command_twice_changes_nothing(stage: Stage) -> None:
    await stage.run("add group/* elsewhere/one")
    before = hooked(stage)
    told = shown(await stage.run("add group/* elsewhere/one"))
    assert hooked(stage) == before
    assert told.count("has its hook already") == 3


async def test_killed_in_the_middle_it_goes_on_where_it_was(stage: Stage) -> None:
    for number in range(1, 200, 7):
        fresh = Stage()
        for path in ("group/a", "group/b"):
            fresh.forge.add(path)
            fresh.rules.needed[path] = PUSHES
        left = number

        def kill(_when: str, _name: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        fresh.watch = kill
        try:
            answer = await fresh.run("add group/a group/repo group/b")
        except Crash:
            fresh.watch = lambda _when, _name: None
            answer = await fresh.resume("add group/a group/repo group/b")
        assert hooked(fresh) == ["group/a", "group/b", "group/repo"]
        assert shown(answer).startswith("3 projects: 3 good.")
        for path in ("group/a", "group/b", "group/repo"):
            (held,) = fresh.forge.held(path)
            (record,) = fresh.active(path)
            assert held.wish.secret == record.secrets[0]
        if left > 0:
            return
    raise AssertionError("it never ended")


async def test_progress_is_told_in_numbers_without_names(stage: Stage) -> None:
    await stage.run("add group/*")
    assert stage.counts == [(0, 2), (1, 2)]


# -- --open ------------------------------------------------------------------------------------


def opened(iid: int) -> dict[str, object]:
    return {"object_kind": "merge_request", "object_attributes": {"iid": iid}}


async def test_what_is_open_already_is_taken_in_once(stage: Stage) -> None:
    place = next(p for p in stage.forge.places.values() if p.project.path == "group/repo")
    place.opened = [opened(3), opened(7)]
    answer = await stage.run("add group/repo --open")
    (record,) = stage.active()
    assert stage.fed == [
        (record.id, "Merge Request Hook", "open:101:3"),
        (record.id, "Merge Request Hook", "open:101:7"),
    ]
    assert "2 that are open already go through the rules now" in shown(answer)
    again = await stage.run("add group/repo --open")
    assert len(stage.fed) == 2
    assert "All 2 that are open were known already." in shown(again)


async def test_a_forge_that_cannot_list_them_keeps_the_hook(stage: Stage) -> None:
    def fail(when: str, name: str) -> None:
        if name == "open_mrs":
            raise NotSent("slow down")

    stage.watch = fail
    with pytest.raises(CommandError, match="slow down"):
        await stage.run("add group/repo --open")
    stage.assert_one_good_hook()


# -- hooks of groups ---------------------------------------------------------------------------


def groups_hooks(stage: Stage) -> int:
    return len(stage.forge.groups["group"].hooks)


async def test_a_groups_hook_is_shown_tested_and_removed_as_the_group(stage: Stage) -> None:
    await stage.run("add group/**")
    answer = await stage.run("show group/**")
    assert shown(answer).startswith("group: hook 1001 on gitlab")
    assert {button.words.split(" --on")[0] for button in answer.buttons} == {
        f"{verb} group/**" for verb in ("test", "pause", "rotate", "remove")
    }
    assert "group: the settings of hook 1001 are in order" in shown(
        await stage.run("test group/**")
    )
    assert groups_hooks(stage) == 1
    asked = shown(await stage.run("remove group/**"))
    assert "/hook remove group/** --yes" in asked
    assert groups_hooks(stage) == 1
    assert "hook 1001 was deleted" in shown(await stage.run("remove group/** --yes"))
    assert groups_hooks(stage) == 0
    assert stage.statuses() == []


@pytest.mark.parametrize("words", ["test group/**", "show group/**", "remove group/** --yes"])
async def test_a_group_without_a_hook_of_its_own_says_so(stage: Stage, words: str) -> None:
    with pytest.raises(CommandError, match="no hook of the whole group"):
        await stage.run(words)


async def test_nobody_but_its_owners_touches_a_groups_hook(stage: Stage) -> None:
    await stage.run("add group/**")
    stage.link("U0ALICE01", "alice", Right.MANAGE)
    for verb in ("test", "pause", "rotate", "resume", "show", "remove"):
        yes = " --yes" if verb == "remove" else ""
        answer = shown(await stage.run(f"{verb} group/**{yes}", who="U0ALICE01"))
        assert "no such project, or you" in answer or "0 good" in answer, verb
    assert groups_hooks(stage) == 1


async def test_a_forge_that_is_busy_gets_no_hooks_of_projects_instead(stage: Stage) -> None:
    def busy(when: str, name: str) -> None:
        if (when, name) == ("before", "group"):
            raise NotSent("slow down", code="429", retry_after=300.0)

    stage.watch = busy
    with pytest.raises(CommandError, match="slow down"):
        await stage.run("add group/**")
    assert hooked(stage) == []


# -- what goes wrong in the middle ---------------------------------------------------------------


async def test_what_may_be_left_at_the_forge_is_named_among_several(stage: Stage) -> None:
    def fail(when: str, name: str) -> None:
        if (when, name) == ("before", "test_hook"):
            raise NotSent("down")
        if (when, name) == ("before", "delete_hook"):
            raise NotSent("down")

    stage.watch = fail
    told = shown(await stage.run("add group/repo elsewhere/one"))
    for number, path in ((1001, "group/repo"), (1002, "elsewhere/one")):
        assert f"Hook {number} ({BASE}/hooks/gitlab/" in told
        assert f"/hook remove {path}" in told


async def test_a_forge_that_asks_to_slow_down_is_waited_for(stage: Stage) -> None:
    left, began = 2, stage.now

    def busy(when: str, name: str) -> None:
        nonlocal left
        if (when, name) == ("before", "create_hook") and left:
            left -= 1
            raise NotSent("slow down", code="429", retry_after=30.0)

    stage.watch = busy
    assert shown(await stage.run("add group/repo elsewhere/one")).startswith("2 projects: 2 good.")
    assert (stage.now - began).total_seconds() > 60
    assert hooked(stage) == ["elsewhere/one", "group/repo"]
    for path in hooked(stage):
        stage.assert_one_good_hook_of(path)


async def test_each_project_is_in_the_audit_by_itself(stage: Stage) -> None:
    await stage.run("add group/none group/repo")
    acts = [(act.verb, act.target, act.instance, act.outcome) for act in stage.audit.acts]
    assert acts == [
        ("add", "group/none", "gitlab", "failed"),
        ("add", "group/repo", "gitlab", "done"),
    ]
    assert "hook 1001 is made" in shown(await stage.run("audit group/repo"))


async def test_a_project_that_its_group_serves_gets_no_second_hook(stage: Stage) -> None:
    await stage.run("add group/**")
    answer = shown(await stage.run("add group/repo"))
    assert "is served by the hook of group already (hook 1001)" in answer
    assert hooked(stage) == ["group"]
    await stage.run("add group/repo --anyway")
    assert hooked(stage) == ["group", "group/repo"]


async def test_projects_with_hooks_of_their_own_are_named_beside_the_groups(stage: Stage) -> None:
    await stage.run("add group/repo")
    answer = shown(await stage.run("add group/**"))
    assert "With hooks of their own as well" in answer
    assert "told once: group/repo." in answer
    assert "/hook remove group/repo" in answer


async def test_what_is_open_in_a_group_comes_by_its_hook(stage: Stage) -> None:
    place = next(p for p in stage.forge.places.values() if p.project.path == "group/sub/deep")
    place.opened = [opened(3)]
    answer = shown(await stage.run("add group/** --open"))
    (record,) = stage.active("group")
    assert "1 that are open already go through the rules now" in answer
    assert stage.fed == [(record.id, "Merge Request Hook", f"open:{place.project.id}:3")]
