"""Who may: the right that the person has at the forge, not the one that the bot's token has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import commands
from bot.commands import ALL
from bot.commands.permission import Permission
from bot.commands.refusals import Forbidden
from bot.errors import CommandError, NotSent
from bot.model import Job
from bot.outside import HookWish, Right
from tests.commands.stage import Stage, shown

ALICE = "U0ALICE01"


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_who_manages_the_project_may_make_its_hook(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.MANAGE)
    await stage.run("add group/repo", who=ALICE)
    stage.assert_one_good_hook()


@pytest.mark.parametrize("verb", ["add", "remove", "test"])
async def test_who_is_not_known_at_the_forge_is_told_to_link(stage: Stage, verb: str) -> None:
    answer = shown(await stage.run(f"{verb} group/repo", who=ALICE))
    assert f"/hook {verb} asks what you may do at gitlab" in answer
    assert "/hook link gitlab your-user-name" in answer
    assert "ask an admin of the bot: @U0ADMIN01" in answer
    assert stage.forge.calls == []


@pytest.mark.parametrize("right", [Right.READ, Right.WRITE])
async def test_too_small_a_right_says_which_is_missing_and_who_gives_it(
    stage: Stage, right: Right
) -> None:
    stage.link(ALICE, "alice", right)
    answer = shown(await stage.run("add group/repo", who=ALICE))
    assert "You (alice at gitlab)" in answer
    assert "/hook add needs Maintainer there" in answer
    assert "Its maintainers and owners can do it, or give you that role" in answer
    stage.assert_nothing()
    assert "create_hook" not in stage.forge.calls


async def test_a_project_that_hides_and_one_that_is_not_there_are_told_alike(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.NONE)
    hidden = shown(await stage.run("remove group/repo --yes", who=ALICE))
    none = shown(await stage.run("remove group/none --yes", who=ALICE))
    assert hidden == none.replace("group/none", "group/repo")
    assert "has no such project, or you (alice) are no member of it" in hidden


async def test_a_name_that_somebody_else_took_opens_nothing(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.OWN)
    known = stage.known.rows[ALICE, "gitlab"]
    stage.known.rows[ALICE, "gitlab"] = replace(known, user_id="another")
    answer = shown(await stage.run("add group/repo", who=ALICE))
    assert "no account alice any more that is the one you linked" in answer
    stage.assert_nothing()


async def test_without_a_token_only_admins_go_on(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.OWN)
    stage.admins.clear()
    answer = shown(await stage.run("add group/repo", who=ALICE))
    assert "the bot has no token for https://gitlab.example.com (GITLAB_TOKEN)" in answer
    stage.assert_nothing()


async def test_a_forge_that_does_not_answer_is_no_permission(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.OWN)

    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "right"):
            raise NotSent("gitlab.example.com did not answer")

    stage.watch = refuse
    with pytest.raises(CommandError, match=r"what you may do there: gitlab\.example\.com did not"):
        await stage.run("add group/repo", who=ALICE)
    stage.assert_nothing()


async def test_a_link_at_one_instance_is_none_at_another(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.OWN)
    answer = shown(await stage.run("add group/repo --on inner", who=ALICE))
    assert "/hook link inner your-user-name" in answer


async def test_admins_and_the_command_line_need_no_link(stage: Stage) -> None:
    for who in ("U0ADMIN01", commands.LOCAL):
        await stage.run("add group/repo", who=who)
    stage.assert_one_good_hook()
    assert "right" not in stage.forge.calls


async def test_the_audit_of_everything_is_for_admins(stage: Stage) -> None:
    stage.link(ALICE, "alice", Right.OWN)
    assert "for the bot's admins only" in shown(await stage.run("audit", who=ALICE))
    assert "Nothing was done" in shown(await stage.run("audit group/repo", who=ALICE))


def test_commands_that_change_hooks_need_the_right_to() -> None:
    needing = {spec.name for spec in ALL if spec.needs >= Right.MANAGE or spec.admin_only}
    assert {"add", "remove", "test", "audit"} <= needing
    open_to_all = {spec.name for spec in ALL} - needing
    assert {"list", "help", "why"} <= open_to_all


# -- the forge as a command gets it ----------------------------------------------------------------


def permission(stage: Stage, verb: str = "add", who: str = ALICE) -> Permission:
    spec = next(spec for spec in ALL if spec.name == verb)
    return Permission(stage.context(), Job(id="j", command="hook", args=(), who=who), spec)


async def test_no_command_can_forget_to_ask(stage: Stage) -> None:
    """Whatever project it reaches for."""
    stage.forge.add("group/other")
    stage.link(ALICE, "alice", Right.MANAGE)
    forge = permission(stage).guarded("gitlab")
    assert forge is not None
    mine, other = await forge.project("group/repo"), await forge.project("group/other")
    wish = HookWish(url="https://bot.example.com/x", triggers=frozenset(), secret="s")
    made = await forge.create_hook(mine.id, wish)
    with pytest.raises(Forbidden, match="group/other"):
        await forge.create_hook(other.id, wish)
    with pytest.raises(Forbidden):
        await forge.delete_hook(other.id, made.id)
    assert stage.forge.calls.count("right") == 2


async def test_of_many_projects_only_theirs_are_seen(stage: Stage) -> None:
    stage.forge.add("group/other")
    stage.link(ALICE, "alice", Right.MANAGE)
    forge = permission(stage).guarded("gitlab")
    assert forge is not None
    assert [one.path for one in await forge.projects("group", nested=False)] == ["group/repo"]


# -- mutes -----------------------------------------------------------------------------------------


async def test_a_project_is_muted_by_who_manages_it(stage: Stage) -> None:
    from tests.commands.test_mute import MuteStage

    made = MuteStage()
    made.link(ALICE, "alice", Right.MANAGE)
    made.link("U0BOB0001", "bob", Right.WRITE)
    refused = shown(await made.run("mute group/repo for 2h", who="U0BOB0001"))
    assert "needs Maintainer" in refused
    assert "is muted" in shown(await made.run("mute group/repo for 2h", who=ALICE))
    assert "admins only" in shown(await made.run("mute group/** for 2h", who=ALICE))
    assert "admins only" in shown(await made.run("mute went red for 2h", who=ALICE))


async def test_a_list_names_only_projects_that_they_are_in(stage: Stage) -> None:
    stage.forge.add("group/secret")
    stage.rules.needed["group/secret"] = frozenset({"push_events"})
    await stage.run("add group/repo group/secret")
    assert "group/secret" in shown(await stage.run("list"))
    stranger = shown(await stage.run("list", who="U0NOBODY1"))
    assert "0 hooks" in stranger
    assert "2 are of projects that you are no member of" in stranger
    assert "secret" not in stranger
    hidden, none = [
        shown(await stage.run(f"list group/{name}", who="U0NOBODY1")) for name in ("secret", "none")
    ]
    assert hidden.replace("secret", "none") == none
    stage.link("U0ALICE01", "alice", Right.READ)
    mine = shown(await stage.run("list", who="U0ALICE01"))
    assert "group/repo" in mine
    assert "group/secret" not in mine
