"""`/hook pause`, `resume`, `rotate`, `show`: what is there is changed and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import CallError, CommandError, NotSent, StoreError, TargetRefused, Unsure
from bot.outside import Attempt, Right
from tests.commands.stage import Crash, Stage, shown
from tests.commands.test_interrupted import Interrupter


@pytest.fixture
async def stage() -> Stage:
    stage = Stage()
    await stage.run("add group/repo")
    return stage


async def failure(stage: Stage, words: str) -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words)
    return str(caught.value)


# -- pause and resume --------------------------------------------------------------------------


async def test_a_paused_hook_stays_and_brings_nothing(stage: Stage) -> None:
    answer = await stage.run("pause group/repo")
    (held,) = stage.forge.held("group/repo")
    (record,) = (stage.store.rows[held.shown.url.rpartition("/")[2]],)
    assert held.shown.triggers == frozenset()
    assert record.status == "paused"
    assert held.wish.secret == record.secrets[0]
    assert "group/repo: hook 1001 is paused and brings nothing." in shown(answer)
    assert [button.words for button in answer.buttons] == ["resume group/repo --on gitlab"]
    assert "is paused already" in shown(await stage.run("pause group/repo"))
    assert ": paused; to #dev" in shown(await stage.run("list"))


async def test_resuming_brings_what_the_rules_need_now(stage: Stage) -> None:
    await stage.run("pause group/repo")
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    answer = await stage.run("resume group/repo")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == {"issues_events"}
    stage.assert_one_good_hook()
    assert "hook 1001 is active again; its events would go to #dev and #ci." in shown(answer)
    assert "is not paused" in shown(await stage.run("resume group/repo"))


async def test_adding_a_paused_hook_again_makes_it_active(stage: Stage) -> None:
    await stage.run("pause group/repo")
    assert "brought up to date" in shown(await stage.run("add group/repo"))
    stage.assert_one_good_hook()


async def test_a_paused_hook_is_not_tested_behind_its_back(stage: Stage) -> None:
    await stage.run("pause group/repo")
    assert "its hook is paused; `/hook resume group/repo`" in await failure(
        stage, "test group/repo"
    )


@pytest.mark.parametrize("verb", ["pause", "resume", "rotate", "show"])
async def test_without_a_hook_there_is_nothing_to_change(verb: str) -> None:
    stage = Stage()
    said = await failure(stage, f"{verb} group/repo")
    assert said == "group/repo has no hook of this bot; `/hook add group/repo` makes one."


@pytest.mark.parametrize("verb", ["pause", "resume", "rotate", "show", "sync", "key add"])
async def test_nobody_changes_what_they_do_not_manage(stage: Stage, verb: str) -> None:
    stage.link("U0ALICE01", "alice", Right.WRITE)
    before = list(stage.forge.held("group/repo"))
    answer = shown(await stage.run(f"{verb} group/repo", who="U0ALICE01"))
    assert "needs Maintainer there" in answer
    assert stage.forge.held("group/repo") == before


# -- rotate ------------------------------------------------------------------------------------


async def test_both_secrets_are_accepted_before_the_forge_has_the_new_one(stage: Stage) -> None:
    (old,) = stage.active()
    seen: list[tuple[str, ...]] = []

    def look(when: str, name: str) -> None:
        if (when, name) == ("before", "update_hook"):
            seen.append(stage.active()[0].secrets)

    stage.watch = look
    answer = await stage.run("rotate group/repo")
    (record,) = stage.active()
    (held,) = stage.forge.held("group/repo")
    assert seen == [record.secrets]
    assert record.secrets == (held.wish.secret, old.secrets[0])
    assert held.wish.secret != old.secrets[0]
    assert (held.wish.url, held.wish.triggers) == (held.shown.url, held.shown.triggers)
    assert held.shown.triggers == {"push_events", "note_events"}
    assert "the forge has the new secret of hook 1001" in shown(answer)
    assert not any(secret in shown(answer) for secret in record.secrets)


async def test_caches_have_time_to_hear_of_the_new_secret(stage: Stage) -> None:
    before = stage.now
    await stage.run("rotate group/repo")
    assert stage.now - before >= timedelta(seconds=1)


async def test_rotating_again_before_it_is_proved_makes_no_third_secret(stage: Stage) -> None:
    await stage.run("rotate group/repo")
    (first,) = stage.active()
    answer = await stage.run("rotate group/repo")
    assert stage.active()[0].secrets == first.secrets
    assert "the rotation that was begun goes on" in shown(answer)


async def test_after_the_proof_the_next_rotation_begins_anew(stage: Stage) -> None:
    await stage.run("rotate group/repo")
    (first,) = stage.active()
    await stage.store.mark_rotated(first.id, retire_at=stage.now + timedelta(minutes=10))
    assert "the old one counts until" in shown(await stage.run("rotate group/repo"))
    stage.now += timedelta(minutes=11)
    await stage.run("rotate group/repo")
    (second,) = stage.active()
    assert second.secrets[1] == first.secrets[0]
    assert second.secrets[0] not in first.secrets
    assert second.retire_at is None


@pytest.mark.parametrize(
    "error", [NotSent("slow down"), Unsure("timeout"), TargetRefused("no", code="403")]
)
async def test_a_forge_that_fails_leaves_both_secrets_accepted(
    stage: Stage, error: CallError
) -> None:
    def fail(when: str, name: str) -> None:
        if name == "update_hook":
            raise error

    stage.watch = fail
    said = await failure(stage, "rotate group/repo")
    assert "both are accepted; run `/hook rotate group/repo` again to finish" in said
    (record,) = stage.active()
    (held,) = stage.forge.held("group/repo")
    assert held.wish.secret in record.secrets
    stage.watch = lambda _when, _name: None
    await stage.run("rotate group/repo")
    (held,) = stage.forge.held("group/repo")
    assert held.wish.secret == stage.active()[0].secrets[0]


async def test_killed_at_any_moment_no_delivery_would_be_refused() -> None:
    for number in range(1, 40):
        stage = Stage()
        await stage.run("add group/repo")
        stage.watch = killer = Interrupter(number, Crash())
        try:
            await stage.run("rotate group/repo")
        except Crash:
            (held,) = stage.forge.held("group/repo")
            assert held.wish.secret in stage.active()[0].secrets, killer.where
            await stage.resume("rotate group/repo")
        (held,) = stage.forge.held("group/repo")
        assert held.wish.secret == stage.active()[0].secrets[0]
        assert len(stage.active()[0].secrets) == 2
        if killer.left > 0:
            return
    raise AssertionError("it never ended")


async def test_a_store_that_fails_changes_nothing_at_the_forge(stage: Stage) -> None:
    (old,) = stage.forge.held("group/repo")
    secret = old.wish.secret

    def fail(when: str, name: str) -> None:
        if (when, name) == ("before", "save_hook"):
            raise StoreError("disk full")

    stage.watch = fail
    with pytest.raises(StoreError):
        await stage.run("rotate group/repo")
    (held,) = stage.forge.held("group/repo")
    assert held.wish.secret == secret


# -- show --------------------------------------------------------------------------------------


async def test_a_hook_is_shown_with_what_it_brings_and_what_can_be_done(stage: Stage) -> None:
    answer = await stage.run("show group/repo")
    told = shown(answer)
    assert "group/repo: hook 1001 on gitlab; its events would go to #dev and #ci." in told
    assert "Brings: note_events, push_events" in told
    assert "by U0ADMIN01 on 2026-11-22, proved on" in told
    assert answer.color == "good"
    assert [button.label for button in answer.buttons] == ["Test", "Pause", "New secret", "Remove"]
    assert not any(secret in told for secret in stage.active()[0].secrets)


async def test_what_is_wrong_is_shown_and_can_be_mended(stage: Stage) -> None:
    (held,) = stage.forge.held("group/repo")
    until = stage.now + timedelta(minutes=8)
    held.shown = replace(held.shown, health="temporarily_disabled", disabled_until=until)
    lost = Attempt(
        id="7", key="k7", event="Push Hook", at=stage.now, status=0, error="connection refused"
    )
    held.attempts += [
        lost,
        replace(lost, id="8", key="k8"),
        replace(lost, id="9", key="k8", status=202, error=""),
    ]
    answer = await stage.run("show group/repo")
    told = shown(answer)
    assert "~ hook 1001 is held back by the forge after failures, until 2026-11-22" in told
    assert "1 did not arrive in two days:" in told
    assert "Push Hook, a moment ago: connection refused" in told
    assert answer.buttons[0].label == "Mend"


async def test_a_rotation_under_way_is_shown(stage: Stage) -> None:
    await stage.run("rotate group/repo")
    told = shown(await stage.run("show group/repo"))
    assert "a new one waits for its first delivery, both are accepted" in told
    await stage.store.mark_rotated(stage.active()[0].id, retire_at=stage.now + timedelta(minutes=9))
    assert "a new one is proved, the old one ends at" in shown(await stage.run("show group/repo"))
