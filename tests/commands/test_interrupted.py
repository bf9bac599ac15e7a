"""Killed or failed at any step, a command leaves no orphan behind, or names it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import CallError, CommandError, NotSent, StoreError, TargetRefused, Unsure
from tests.commands.stage import Crash, Stage, shown


class Interrupter:
    """Raises at the n-th moment that the stage tells of."""

    def __init__(self, number: int, error: BaseException) -> None:
        self.left = number
        self.error = error
        self.where = ""

    def __call__(self, when: str, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.where = f"{when} {name}"
            raise self.error


async def moments(words: str, prepare: str | None) -> int:
    """How many there are in an undisturbed run."""
    stage = await prepared(prepare)
    counter = Interrupter(-1, Crash())
    stage.watch = counter
    await stage.run(words)
    return -1 - counter.left


async def prepared(prepare: str | None) -> Stage:
    stage = Stage()
    if prepare is not None:
        await stage.run("add group/repo")
    if prepare == "disabled":
        (held,) = stage.forge.held("group/repo")
        held.shown = replace(held.shown, health="disabled")
    return stage


CASES = [("add group/repo", None), ("test group/repo", "healthy"), ("test group/repo", "disabled")]


@pytest.mark.parametrize(("words", "prepare"), CASES)
async def test_killed_at_any_moment_the_job_goes_on_to_one_good_hook(
    words: str, prepare: str | None
) -> None:
    count = await moments(words, prepare)
    assert count > 15
    for number in range(1, count + 1):
        stage = await prepared(prepare)
        stage.watch = killer = Interrupter(number, Crash())
        with pytest.raises(Crash):
            await stage.run(words)
        stage.watch = lambda _when, _name: None
        answer = await stage.resume(words)
        assert answer.text, killer.where
        stage.assert_one_good_hook()


@pytest.mark.parametrize(("words", "prepare"), CASES)
async def test_killed_twice_it_still_ends_with_one_good_hook(
    words: str, prepare: str | None
) -> None:
    count = await moments(words, prepare)
    for first in range(1, count + 1, 3):
        for second in range(1, count + 1, 3):
            stage = await prepared(prepare)
            stage.watch = Interrupter(first, Crash())
            with pytest.raises(Crash):
                await stage.run(words)
            stage.watch = Interrupter(second, Crash())
            try:
                await stage.resume(words)
            except Crash:
                stage.watch = lambda _when, _name: None
                await stage.resume(words)
            stage.assert_one_good_hook()


@pytest.mark.parametrize("error", [StoreError("the disk is full"), Crash()])
async def test_killed_while_taking_back_it_goes_on_taking_back(error: BaseException) -> None:
    stage = Stage()
    counter = Interrupter(-1, Crash())
    stage.watch, stage.answers_instead = counter, 404
    with pytest.raises(CommandError):
        await stage.run("add group/repo")
    for number in range(1, -counter.left):
        stage = Stage()
        stage.answers_instead = 404
        stage.watch = Interrupter(number, error)
        with pytest.raises((Crash, StoreError)):
            await stage.run("add group/repo")
        stage.watch = lambda _when, _name: None
        with pytest.raises(CommandError, match="answered 404"):
            await stage.resume("add group/repo")
        stage.assert_nothing()


@pytest.mark.parametrize(
    "error",
    [
        NotSent("GitLab did not answer"),
        Unsure("GitLab broke the connection"),
        TargetRefused("the token may not", code="403"),
    ],
)
async def test_whatever_call_fails_there_is_one_good_hook_or_none(error: CallError) -> None:
    forge_calls = {"project", "hooks", "create_hook", "update_hook", "test_hook"}
    tried = 0
    for number in range(1, 20):
        stage = Stage()
        seen: list[str] = []

        def fail(when: str, name: str, seen: list[str] = seen, number: int = number) -> None:
            if name in forge_calls:
                seen.append(f"{when} {name}")
                if len(seen) == number:
                    raise error

        stage.watch = fail
        told = ""
        try:
            await stage.run("add group/repo")
        except CommandError as raised:
            told = str(raised)
        if told:
            tried += 1
            assert str(error) in told
            stage.assert_nothing()
        else:
            stage.assert_one_good_hook()
    assert tried > 5


async def test_a_job_that_lost_its_lease_touches_nothing_more() -> None:
    stage = Stage()

    def lose(when: str, name: str) -> None:
        if (when, name) == ("before", "update_hook"):
            raise StoreError("another worker took the job")

    stage.watch = lose
    with pytest.raises(StoreError):
        await stage.run("add group/repo")
    assert len(stage.forge.held("group/repo")) == 1
    assert "failed" not in stage.progress


async def test_a_finished_job_that_is_run_again_says_the_same() -> None:
    stage = Stage()
    await stage.run("add group/repo")
    answer = await stage.resume("add group/repo")
    assert "hook 1001 is made and proved (test call seen); its events" in shown(answer)
    stage.assert_one_good_hook()


async def test_a_progress_holds_no_secret() -> None:
    stage = Stage()
    await stage.run("add group/repo")
    assert not any("secret" in repr(value) for value in stage.progress.values())
