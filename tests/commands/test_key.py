"""`/hook key`: keys are made, handed over once and taken away; nobody keeps a private half."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from bot.commands.key_pair import fingerprint, new_pair
from bot.deploy_keys import KeyRecord
from bot.errors import CommandError, NotSent, Unsure
from bot.outside import Right
from tests.commands.stage import BASE, Crash, Stage, shown
from tests.commands.test_interrupted import Interrupter
from tests.fakes.forge import Place

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def place(stage: Stage, path: str = "group/repo") -> Place:
    return next(p for p in stage.forge.places.values() if p.project.path == path)


def handed(stage: Stage) -> list[str]:
    """Private halves on pages that show them once."""
    return list((stage.shown_once or {}).values())


def public_of(private: str) -> str:
    key = load_ssh_private_key(private.encode(), password=None)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


async def failure(stage: Stage, words: str) -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words)
    return str(caught.value)


async def one_record(stage: Stage) -> KeyRecord:
    (record,) = await stage.keys.deploy_keys()
    return record


# -- add ---------------------------------------------------------------------------------------


async def test_a_key_is_made_added_and_handed_over_once(stage: Stage) -> None:
    answer = await stage.run("key add group/repo --expires 90d")
    (key,) = place(stage).keys.values()
    (private,) = handed(stage)
    record = await one_record(stage)
    assert public_of(private) in place(stage).public.values()
    assert key.fingerprint == record.fingerprint == fingerprint(public_of(private))
    assert key.writes is False
    assert record.expires_at == stage.now + timedelta(days=90)
    assert (record.created_by, record.project_id) == ("U0ADMIN01", "101")
    told = shown(answer)
    assert "deploy key 1001 is added; it may only read, and ends in 90 d (2027-02-20)." in told
    assert f"Fingerprint: {key.fingerprint}" in told
    assert f"page that shows it once <{BASE}/once/0>" in told


async def test_the_private_half_is_nowhere_else(stage: Stage) -> None:
    answer = await stage.run("key add group/repo")
    (private,) = handed(stage)
    secret = private.split("\n")[3]
    kept = repr(answer) + repr(stage.progress) + repr(stage.said) + repr(stage.keys.rows)
    assert secret not in kept
    assert "PRIVATE KEY" not in kept
    assert "PRIVATE" not in repr(new_pair())


async def test_it_may_push_only_when_asked_for(stage: Stage) -> None:
    answer = await stage.run('key add group/repo --write --title "release bot"')
    (key,) = place(stage).keys.values()
    assert (key.writes, key.title) == (True, "release bot")
    assert "it may read and push, and never ends." in shown(answer)


async def test_somebodys_own_key_hands_nothing_over(stage: Stage) -> None:
    await stage.run(f"key add group/repo --public-key {PUBLIC}")
    assert list(place(stage).public.values()) == [PUBLIC]
    assert handed(stage) == []
    await stage.run(f"key add group/repo --public-key {PUBLIC}")
    assert len(place(stage).keys) == 1
    assert len(await stage.keys.deploy_keys()) == 1


async def test_a_key_that_was_there_before_stays_whoever_it_was_of(stage: Stage) -> None:
    await stage.forge.add_key("101", title="old", public_key=PUBLIC, writes=True, expires_at=None)
    told = shown(await stage.run(f"key add group/repo --expires 9d --public-key {PUBLIC}"))
    assert "(old) since 2026-11-20; it may read and push, and never ends." in told
    assert "asked for by" not in told
    assert await stage.keys.deploy_keys() == (), "what it did not make, the bot must not delete"


async def test_a_killed_worker_knows_the_key_that_it_was_given_for_its_own() -> None:
    for number in range(1, 60):
        stage = Stage()
        stage.watch = killer = Interrupter(number, Crash())
        try:
            answer = await stage.run(f"key add group/repo --public-key {PUBLIC}")
        except Crash:
            answer = await stage.resume(f"key add group/repo --public-key {PUBLIC}")
        assert "deploy key 1001 is added" in shown(answer), killer.where
        assert (await one_record(stage)).created_by == "U0ADMIN01"
        if killer.left > 0:
            return
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    ("old", "said"),
    [("first", "there already, as deploy key 1002"), ("x", "deploy key 1002 itself")],
)
async def test_a_key_that_is_there_takes_the_place_of_none(
    stage: Stage, old: str, said: str
) -> None:
    await stage.run("key add group/repo --title first")
    await stage.forge.add_key("101", title="x", public_key=PUBLIC, writes=False, expires_at=None)
    assert said in await failure(stage, f"key rotate group/repo {old} --public-key {PUBLIC}")
    assert len(place(stage).keys) == 2
    assert [row.retire_at for row in await stage.keys.deploy_keys()] == [None]


async def test_a_key_of_another_place_is_explained(stage: Stage) -> None:
    stage.forge.add("group/other")
    await stage.run(f"key add group/other --public-key {PUBLIC}")
    said = await failure(stage, f"key add group/repo --public-key {PUBLIC}")
    assert "without `--public-key` a new pair is made" in said
    assert place(stage).keys == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("key", "Use: `/hook key add|list"),
        ("key dance group/repo", "Use: `/hook key add|list"),
        ("key add", "Which project?"),
        ("key add group/repo --expires soon", "`soon` is no span of time"),
        ("key add group/repo --expires 2020-01-01", "is over already"),
        ("key add group/repo --expires 99999w", "more than ten years"),
        ("key add group/repo --public-key nonsense", "That is no public key"),
        ("key add group/repo --public-key ssh-ed25519 AAAAnonsense", "That is no public key"),
        ("key add group/repo --public-key", "`--public-key` wants a value"),
        ("key add group/repo --to ./file", "only on the command line it may be a file"),
        ("key add group/repo --to group/none:KEY", "has no project group/none"),
        ("key remove group/repo 7", "no deploy key `7`"),
        ("key rotate group/repo", "which deploy key?"),
    ],
)
async def test_mistakes_are_told_and_make_nothing(stage: Stage, words: str, said: str) -> None:
    assert said in await failure(stage, words)
    assert place(stage).keys == {}
    assert handed(stage) == []


async def test_without_a_page_a_place_must_be_named(stage: Stage) -> None:
    stage.shown_once = None
    assert "PUBLIC_URL is not set" in await failure(stage, "key add group/repo")
    assert "create_hook" not in stage.forge.calls
    assert place(stage).keys == {}


async def test_a_variable_at_the_forge_takes_the_private_half(stage: Stage) -> None:
    stage.forge.add("group/ci")
    answer = await stage.run("key add group/repo --to group/ci:deploy_key")
    private = place(stage, "group/ci").variables["DEPLOY_KEY"]
    assert public_of(private) in place(stage).public.values()
    assert handed(stage) == []
    assert "is in DEPLOY_KEY of group/ci" in shown(answer)


async def test_a_variable_of_a_project_that_they_do_not_manage_is_refused_first(
    stage: Stage,
) -> None:
    stage.forge.add("group/ci")
    stage.link("U0ALICE01", "alice", Right.MANAGE)
    answer = shown(await stage.run("key add group/repo --to group/ci:K", who="U0ALICE01"))
    assert "group/ci" in answer
    assert place(stage).keys == {}
    assert place(stage, "group/ci").variables == {}


async def test_a_key_that_cannot_be_handed_over_is_taken_back(stage: Stage) -> None:
    stage.forge.add("group/ci")

    def fail(when: str, name: str) -> None:
        if name == "set_variable":
            raise NotSent("slow down")

    stage.watch = fail
    said = await failure(stage, "key add group/repo --to group/ci:K")
    assert "slow down\nNo key is left at the forge." in said
    assert place(stage).keys == {}
    assert await stage.keys.deploy_keys() == ()


async def test_a_key_that_cannot_be_taken_back_is_named(stage: Stage) -> None:
    stage.forge.add("group/ci")

    def fail(when: str, name: str) -> None:
        if name in {"set_variable", "delete_key"}:
            raise NotSent("slow down")

    stage.watch = fail
    said = await failure(stage, "key add group/repo --to group/ci:K")
    assert "Deploy key 1001 (chat-ops bot) is left" in said
    assert "/hook key remove group/repo 1001" in said


async def test_an_unclear_answer_is_looked_up(stage: Stage) -> None:
    def fail(when: str, name: str) -> None:
        if (when, name) == ("after", "add_key"):
            raise Unsure("timeout")

    stage.watch = fail
    await stage.run("key add group/repo")
    assert len(place(stage).keys) == 1


async def test_killed_at_any_moment_one_key_is_left_that_somebody_has() -> None:
    for number in range(1, 60):
        stage = Stage()
        stage.watch = killer = Interrupter(number, Crash())
        try:
            await stage.run("key add group/repo")
        except Crash:
            await stage.resume("key add group/repo")
        names = {key.fingerprint for key in place(stage).keys.values()}
        assert len(names) == 1, killer.where
        assert names <= {fingerprint(public_of(private)) for private in handed(stage)}
        assert {row.fingerprint for row in await stage.keys.deploy_keys()} == names
        if killer.left > 0:
            return
    raise AssertionError("it never ended")


async def test_a_hook_and_a_key_in_one_command(stage: Stage) -> None:
    answer = await stage.run("add group/repo --key")
    stage.assert_one_good_hook()
    assert len(place(stage).keys) == 1
    assert "deploy key 1002 is added" in shown(answer)


# -- list, rotate, remove, expiring ------------------------------------------------------------


async def test_keys_are_listed_with_who_made_them(stage: Stage) -> None:
    await stage.forge.add_key("101", title="old", public_key=PUBLIC, writes=True, expires_at=None)
    await stage.run("key add group/repo --expires 10d")
    told = shown(await stage.run("key list group/repo"))
    assert "group/repo has 2 deploy keys:" in told
    assert "1001 old: reads and pushes, never ends, not made by this bot" in told
    assert "1002 chat-ops bot: reads, ends in 10 d, by U0ADMIN01" in told


async def test_a_rotated_key_has_the_same_rights_and_the_old_one_goes_on(stage: Stage) -> None:
    await stage.run("key add group/repo --write --title deploy --expires 90d")
    answer = await stage.run("key rotate group/repo --overlap 3d")
    old, new = sorted(await stage.keys.deploy_keys(), key=lambda row: row.remote_id)
    assert (new.title, new.writes) == ("deploy", True)
    assert new.expires_at == stage.now + timedelta(days=90)
    assert old.retire_at == stage.now + timedelta(days=3)
    assert len(place(stage).keys) == 2
    assert "The old key 1001 goes on until 2026-11-25 12:00 UTC" in shown(answer)
    await stage.run("key rotate group/repo")
    assert len(place(stage).keys) == 3


async def test_without_overlap_the_old_key_goes_at_once(stage: Stage) -> None:
    await stage.run("key add group/repo")
    await stage.run("key rotate group/repo --overlap 0h")
    (key,) = place(stage).keys.values()
    assert key.fingerprint == fingerprint(public_of(handed(stage)[-1]))
    assert (await one_record(stage)).remote_id == key.id


async def test_a_key_is_removed_when_somebody_says_so(stage: Stage) -> None:
    await stage.run("key add group/repo --title deploy")
    asked = await stage.run("key remove group/repo deploy")
    assert len(place(stage).keys) == 1
    (button,) = asked.buttons
    assert button.words == "key remove group/repo 1001 --on gitlab --yes"
    await stage.run(button.words)
    assert place(stage).keys == {}
    assert await stage.keys.deploy_keys() == ()
    assert "no deploy key `1001`" in await failure(stage, button.words)


async def test_keys_that_end_soon_are_named(stage: Stage) -> None:
    assert "No deploy key ends within 30 d." in shown(await stage.run("key expiring"))
    await stage.run("key add group/repo --expires 40d")
    assert "No deploy key" in shown(await stage.run("key expiring"))
    told = shown(await stage.run("key expiring --within 8w"))
    assert "• group/repo: chat-ops bot (1001) ends in 40 d" in told
    stage.link("U0BOB0001", "bob", Right.WRITE)
    assert "No deploy key" in shown(await stage.run("key expiring --within 8w", who="U0BOB0001"))


def test_fingerprints_are_those_of_openssh() -> None:
    assert fingerprint(PUBLIC) == "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"
    with pytest.raises(CommandError, match="private"):
        fingerprint(base64.b64encode(b"x").decode() + " PRIVATE")


def test_a_day_ends_at_its_end(stage: Stage) -> None:
    from bot.commands.lifetimes import end

    assert end("2027-01-31", stage.now) == datetime(2027, 2, 1, tzinfo=UTC)
