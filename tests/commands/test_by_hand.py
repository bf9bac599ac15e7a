"""`/hook add` without a token: steps for a person, the secret never in chat."""

from __future__ import annotations

import pytest

from tests.commands.stage import BASE, Stage, shown


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_without_a_token_the_steps_are_shown_and_the_secret_is_not(stage: Stage) -> None:
    stage.admins.clear()
    answer = shown(await stage.run("add group/repo"))
    (record,) = stage.store.rows.values()
    assert record.status == "manual"
    assert f"URL: {BASE}/hooks/gitlab/{record.id}" in answer
    assert "https://gitlab.example.com/group/repo/-/hooks" in answer
    assert "Tick exactly: Note events, Push events." in answer
    assert "GITLAB_TOKEN" in answer
    assert record.secrets[0] not in answer
    assert stage.shown_once == {f"{BASE}/once/0": record.secrets[0]}
    assert f"<{BASE}/once/0>" in answer


async def test_asked_again_the_same_hook_is_shown(stage: Stage) -> None:
    stage.admins.clear()
    await stage.run("add group/repo")
    await stage.run("add group/repo #dev")
    (record,) = stage.store.rows.values()
    assert record.channel == "C0DEV0001"
    assert stage.shown_once is not None
    assert set(stage.shown_once.values()) == {record.secrets[0]}


async def test_the_terminal_may_see_the_secret_where_there_is_no_page(stage: Stage) -> None:
    stage.admins.clear()
    stage.shown_once = None
    in_chat = shown(await stage.run("add group/repo"))
    at_home = shown(await stage.run("add group/repo", who="local"))
    (record,) = stage.store.rows.values()
    assert record.secrets[0] not in in_chat
    assert "bot hook add group/repo" in in_chat
    assert record.secrets[0] in at_home


async def test_by_hand_too_nothing_is_begun_without_a_rule(stage: Stage) -> None:
    stage.admins.clear()
    stage.rules.needed.clear()
    assert "No rule could match" in shown(await stage.run("add group/repo"))
    assert not stage.store.rows


async def test_a_hook_made_with_a_token_that_is_gone_is_not_doubled(stage: Stage) -> None:
    await stage.run("add group/repo")
    stage.admins.clear()
    answer = shown(await stage.run("add group/repo"))
    assert "Without GITLAB_TOKEN the bot cannot look" in answer
    stage.assert_one_good_hook()


async def test_github_by_hand_names_its_own_page_and_content_type(stage: Stage) -> None:
    stage.rules.needed["owner/repo"] = frozenset({"push"})
    answer = shown(await stage.run("add https://github.com/owner/repo"))
    (record,) = stage.store.rows.values()
    assert (record.forge, record.instance) == ("github", "github")
    assert "https://github.com/owner/repo/settings/hooks" in answer
    assert "Content type: application/json" in answer
