"""What people did by commands is kept: who, what, when, on which project, with what result."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.errors import CommandError, NotSent
from bot.people import Act
from tests.commands.stage import Stage, shown


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_what_was_done_is_kept(stage: Stage) -> None:
    begun = stage.now
    await stage.run("add https://gitlab.example.com/group/repo/-/tree/main")
    (act,) = stage.audit.acts
    assert (act.who, act.verb, act.target, act.instance, act.outcome) == (
        "U0ADMIN01",
        "add",
        "group/repo",
        "gitlab",
        "done",
    )
    assert act.words == "add https://gitlab.example.com/group/repo/-/tree/main"
    assert act.detail.startswith("group/repo: hook 1001 is made and proved")
    assert act.at >= begun


async def test_what_was_refused_is_kept_too(stage: Stage) -> None:
    await stage.run("add group/repo", who="U0NOBODY1")
    assert [(act.who, act.outcome) for act in stage.audit.acts] == [("U0NOBODY1", "refused")]


async def test_what_failed_is_kept_with_its_reason(stage: Stage) -> None:
    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "create_hook"):
            raise NotSent("GitLab did not answer")

    stage.watch = refuse
    with pytest.raises(CommandError):
        await stage.run("add group/repo")
    (act,) = stage.audit.acts
    assert (act.outcome, "GitLab did not answer" in act.detail) == ("failed", True)


async def test_a_keys_project_is_what_it_is_about(stage: Stage) -> None:
    await stage.run("key add group/repo --expires 90d")
    (act,) = stage.audit.acts
    assert (act.verb, act.target, act.instance) == ("key", "group/repo", "gitlab")
    assert "/hook key add group/repo --expires 90d done" in shown(
        await stage.run("audit group/repo")
    )


async def test_a_project_of_that_name_elsewhere_is_another(stage: Stage) -> None:
    stage.admins["inner"] = stage.forge
    await stage.run("add group/repo")
    assert "Nothing was done" in shown(await stage.run("audit group/repo --on inner"))


@pytest.mark.parametrize("words", ["list", "help", "whoami", "audit", "mute"])
async def test_looking_is_not_kept(stage: Stage, words: str) -> None:
    with suppress(CommandError):
        await stage.run(words)
    assert stage.audit.acts == []


async def test_the_audit_is_shown_newest_first(stage: Stage) -> None:
    for number, who in enumerate(("U0ADMIN01", "local")):
        act = Act(
            id=str(number),
            at=stage.now,
            who=who,
            verb="add",
            words="add group/repo",
            target="group/repo",
            instance="gitlab",
            detail="group/repo: hook 7 is made",
        )
        await stage.audit.record_act(act)
    answer = shown(await stage.run("audit group/repo"))
    assert answer.splitlines()[:3] == [
        "What was done about group/repo, newest first",
        "• 2026-11-22 13:00 the command line /hook add group/repo done: group/repo: hook 7 is made",
        "• 2026-11-22 13:00 @U0ADMIN01 /hook add group/repo done: group/repo: hook 7 is made",
    ]
    assert "Nothing was done about group/other yet" in shown(await stage.run("audit group/other"))
