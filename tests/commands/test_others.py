"""`/hook remove`, `test`, `list`, `help`, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands import ALL
from bot.errors import CommandError, NotSent
from bot.outside import HookWish
from tests.commands.stage import BASE, Stage, shown


@pytest.fixture
async def stage() -> Stage:
    """With the hook of group/repo."""
    made = Stage()
    await made.run("add group/repo")
    return made


async def failure(stage: Stage, words: str) -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words)
    return str(caught.value)


# -- who ---------------------------------------------------------------------------------------


async def test_the_command_line_is_an_admin() -> None:
    stage = Stage()
    stage.people = ()
    await stage.run("add group/repo", who="local")
    stage.assert_one_good_hook()


@pytest.mark.parametrize("words", ["list", "help", "help add", ""])
async def test_everybody_may_look(stage: Stage, words: str) -> None:
    assert "BOT_ADMINS only" not in shown(await stage.run(words, who="U0NOBODY1"))


# -- remove ------------------------------------------------------------------------------------


async def test_remove_asks_first(stage: Stage) -> None:
    (record,) = stage.active()
    answer = shown(await stage.run("remove group/repo"))
    assert f"hook 1001: {BASE}/hooks/gitlab/{record.id}" in answer
    assert "/hook remove group/repo --yes" in answer
    stage.assert_one_good_hook()


async def test_remove_deletes_there_and_here(stage: Stage) -> None:
    answer = shown(await stage.run("remove group/repo --yes"))
    stage.assert_nothing()
    assert "group/repo: hook 1001 was deleted at the forge" in answer
    assert "group/repo has no hook" in shown(await stage.run("remove group/repo --yes"))


async def test_remove_takes_strays_along(stage: Stage) -> None:
    wish = HookWish(url=f"{BASE}/hooks/gitlab/lost", triggers=frozenset(), secret="?")
    await stage.forge.create_hook("101", wish)
    await stage.run("remove group/repo --yes")
    stage.assert_nothing()


async def test_remove_leaves_hooks_of_others(stage: Stage) -> None:
    wish = HookWish(url="https://ci.example.com/x", triggers=frozenset(), secret="?")
    await stage.forge.create_hook("101", wish)
    await stage.run("remove group/repo --yes")
    assert [held.shown.url for held in stage.forge.held("group/repo")] == [wish.url]


async def test_a_hook_that_is_gone_there_is_forgotten_here(stage: Stage) -> None:
    stage.forge.places["101"].hooks.clear()
    assert "gone at the forge" in shown(await stage.run("remove group/repo --yes"))
    stage.assert_nothing()


async def test_a_project_that_is_gone_is_forgotten(stage: Stage) -> None:
    stage.forge.places.clear()
    assert "no such project any more" in shown(await stage.run("remove group/repo"))
    assert stage.statuses() == ["active"]
    await stage.run("remove group/repo --yes")
    assert stage.statuses() == []


async def test_a_project_nobody_knows_is_an_error(stage: Stage) -> None:
    assert "group/none" in await failure(stage, "remove group/none --yes")


async def test_a_failed_deletion_names_the_hook_and_keeps_it_known(stage: Stage) -> None:
    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "delete_hook"):
            raise NotSent("GitLab did not answer")

    stage.watch = refuse
    told = await failure(stage, "remove group/repo --yes")
    assert "Hook 1001" in told
    assert "is still at the forge" in told
    stage.watch = lambda _when, _name: None
    stage.assert_one_good_hook()


async def test_without_a_token_only_this_side_forgets(stage: Stage) -> None:
    stage.admins.clear()
    assert "known here would be forgotten" in shown(await stage.run("remove group/repo"))
    answer = shown(await stage.run("remove group/repo --yes"))
    assert "delete the hook there by hand" in answer
    assert stage.statuses() == []
    assert len(stage.forge.held("group/repo")) == 1
    assert "has no hook" in shown(await stage.run("remove group/repo --yes"))


# -- test --------------------------------------------------------------------------------------


async def test_a_healthy_hook_is_proved_beside_itself(stage: Stage) -> None:
    (before,) = stage.active()
    urls: list[str] = []
    receive = stage.forge.receiver

    async def note(url: str, secret: str) -> int:
        live, trial = stage.forge.held("group/repo")
        assert live.shown.url == f"{BASE}/hooks/gitlab/{before.id}"
        assert trial.shown.triggers == frozenset()
        urls.append(url)
        return await receive(url, secret)

    stage.forge.receiver = note
    answer = await stage.run("test group/repo")
    assert len(urls) == 1
    assert before.id not in urls[0]
    stage.assert_one_good_hook()
    assert "hook 1001 are in order; test call seen in 1.2 s; its events would" in shown(answer)
    assert stage.active()[0].proved_at == stage.now


async def test_test_sends_settings_and_secret_again(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    held.wish = replace(held.wish, secret="changed by somebody")
    held.shown = replace(held.shown, triggers=frozenset())
    await stage.run("test group/repo")
    stage.assert_one_good_hook()
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == {"push_events", "note_events"}


async def test_a_disabled_hook_is_replaced_and_keeps_its_channel(stage: Stage) -> None:
    await stage.run("add group/repo #ci")
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, health="disabled")
    answer = await stage.run("test group/repo")
    stage.assert_one_good_hook()
    (record,) = stage.active()
    assert (record.remote_id, record.channel) == ("1002", "C0CI00001")
    assert "hook 1002 takes its place (hook 1001 was deleted)" in shown(answer)


async def test_a_disabled_hook_stays_while_its_successor_is_not_proved(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, health="disabled")
    stage.answers_instead = 502
    assert "answered 502" in await failure(stage, "test group/repo")
    stage.assert_one_good_hook()


async def test_a_failed_test_leaves_the_live_hook_alone(stage: Stage) -> None:
    stage.answers_instead = 404
    assert "answered 404" in await failure(stage, "test group/repo")
    stage.assert_one_good_hook()


async def test_a_project_without_a_hook_is_told_how_to_get_one() -> None:
    assert "`/hook add group/repo` makes one" in await failure(Stage(), "test group/repo")


async def test_an_empty_project_cannot_be_tested(stage: Stage) -> None:
    stage.forge.places["101"].samples = frozenset()
    assert "No test call could be made" in shown(await stage.run("test group/repo"))
    stage.assert_one_good_hook()


async def test_without_a_token_the_forges_own_button_is_named(stage: Stage) -> None:
    stage.admins.clear()
    assert "has a Test button" in await failure(stage, "test group/repo")


async def test_no_rule_leaves_the_triggers_as_they_were(stage: Stage) -> None:
    stage.rules.needed.clear()
    await stage.run("test group/repo")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == {"push_events", "note_events"}


# -- list and help -----------------------------------------------------------------------------


async def test_list_shows_project_state_places_and_last_delivery(stage: Stage) -> None:
    record = replace(stage.active()[0], last_seen_at=stage.now, channel="C0CI00001")
    stage.store.rows[record.id] = record
    stage.now += timedelta(hours=3)
    assert shown(await stage.run("list")) == (
        "1 hook\n• group/repo <https://gitlab.example.com/group/repo>: proved;"
        " to #dev, #ci, else to #ci; last delivery 3 h ago"
    )


async def test_list_of_one_project(stage: Stage) -> None:
    assert "1 hook of group/repo" in shown(await stage.run("list group/repo"))
    none = shown(await stage.run("list group/none"))
    assert none == "group/none has no hook of this bot yet: /hook add group/none makes one."


async def test_an_empty_list_says_how_to_begin() -> None:
    assert "There are no hooks yet: /hook add group/repo" in shown(await Stage().run("list"))


async def test_a_long_list_is_cut(stage: Stage) -> None:
    (record,) = stage.active()
    for number in range(60):
        stage.store.rows[f"x{number}"] = replace(record, id=f"x{number}")
    assert "and 21 more" in shown(await stage.run("list"))


async def test_hand_made_and_unproved_hooks_say_so(stage: Stage) -> None:
    (record,) = stage.active()
    stage.store.rows["m"] = replace(
        record, id="m", status="manual", proved_at=None, last_seen_at=None, instance="inner"
    )
    stage.store.rows["u"] = replace(record, id="u", proved_at=None, last_seen_at=None)
    stage.store.rows["p"] = replace(record, id="p", status="proving")
    answer = shown(await stage.run("list"))
    assert "on inner: made by hand, nothing came yet" in answer
    assert "not proved, nothing came yet" in answer
    assert "being made" in answer


async def test_help_names_every_verb(stage: Stage) -> None:
    answer = shown(await stage.run("help"))
    for spec in ALL:
        assert f"/hook {spec.usage}" in answer


async def test_help_with_one_verb_shows_examples_and_who_may(stage: Stage) -> None:
    answer = shown(await stage.run("help remove"))
    assert "/hook remove group/repo --yes" in answer
    assert "For maintainers of the project" in answer


async def test_help_with_an_unknown_verb_helps(stage: Stage) -> None:
    assert "did you mean `remove`?" in await failure(stage, "help remov")
    assert "There is no `/hook dance`" in await failure(stage, "help dance")
