"""`/hook link`, `unlink`, `whoami` and `dm`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import CommandError
from bot.people import Account
from tests.commands.stage import GITHUB, GITLAB, INNER, Stage, shown

ALICE, BOB = "U0ALICE01", "U0BOB0001"


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.forge.people = {"alice": "", "robo": ""}
    return made


async def failure(stage: Stage, words: str, who: str = ALICE) -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words, who=who)
    return str(caught.value)


async def prove(stage: Stage, who: str = ALICE, words: str = "link gitlab alice") -> str:
    await stage.run(words, who=who)
    stage.forge.people["alice"] = f"On holiday {stage.known.codes[who, 'gitlab'].code} bye"
    return shown(await stage.run("link", who=who))


@pytest.mark.parametrize(
    "words",
    [
        "link alice",
        "link gitlab alice",
        "link gitlab @Alice",
        "link gitlab.example.com alice",
        "link alice gitlab",
        "link https://gitlab.example.com/alice",
        "link <https://gitlab.example.com/alice|gitlab.example.com/alice>",
    ],
)
async def test_a_code_is_shown_and_where_to_put_it(stage: Stage, words: str) -> None:
    answer = shown(await stage.run(words, who=ALICE))
    code = stage.known.codes[ALICE, "gitlab"]
    assert (code.username, code.until - stage.now) == ("alice", timedelta(minutes=15))
    assert code.code in answer
    assert "https://gitlab.example.com/-/user_settings/profile" in answer
    assert stage.known.rows == {}


@pytest.mark.parametrize("again", ["link", "link gitlab", "link gitlab alice"])
async def test_who_shows_the_code_is_linked(stage: Stage, again: str) -> None:
    await stage.run("link gitlab alice", who=ALICE)
    assert "does not show the code yet" in shown(await stage.run(again, who=ALICE))
    stage.forge.people["alice"] = f"hi {stage.known.codes[ALICE, 'gitlab'].code}"
    assert shown(await stage.run(again, who=ALICE)).startswith("You are alice at gitlab.")
    (account,) = stage.known.rows.values()
    assert (account.slack, account.username, account.proved) == (ALICE, "alice", "code")
    assert account.user_id
    assert stage.known.codes == {}


async def test_somebody_elses_code_proves_nothing(stage: Stage) -> None:
    await stage.run("link gitlab alice", who=ALICE)
    await stage.run("link gitlab alice", who=BOB)
    stage.forge.people["alice"] = stage.known.codes[ALICE, "gitlab"].code
    assert "does not show the code yet" in shown(await stage.run("link", who=BOB))
    assert stage.known.rows == {}


async def test_a_code_is_over_after_a_quarter_of_an_hour(stage: Stage) -> None:
    await stage.run("link gitlab alice", who=ALICE)
    first = stage.known.codes[ALICE, "gitlab"].code
    stage.forge.people["alice"] = first
    stage.now += timedelta(minutes=15)
    assert "over after 15 minutes" in await failure(stage, "link")
    await stage.run("link gitlab alice", who=ALICE)
    assert stage.known.codes[ALICE, "gitlab"].code != first


async def test_the_later_proof_wins_and_both_are_told(stage: Stage) -> None:
    await prove(stage, BOB)
    answer = await prove(stage, ALICE)
    assert "It was linked to @U0BOB0001, who is told" in answer
    assert [(slack, shown(message).splitlines()[0]) for slack, message in stage.told] == [
        (
            BOB,
            "The account alice at gitlab is not linked to you any more: @U0ALICE01 showed that it"
            " is theirs.",
        )
    ]
    assert [row.slack for row in stage.known.rows.values()] == [ALICE]


async def test_who_is_linked_already_is_told_so(stage: Stage) -> None:
    await prove(stage)
    assert "already" in shown(await stage.run("link gitlab alice", who=ALICE))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("link", "Which account is yours?"),
        ("link gitlab nobody", "shows no account `nobody`"),
        ("link gitlab alice bob", "one word too many"),
        ("link inner alice", "no token for https://git.inner.example.com/gitlab"),
        ("link https://git.other.example.com/alice", "knows no forge at"),
    ],
)
async def test_what_is_wrong_is_said(stage: Stage, words: str, said: str) -> None:
    assert said in await failure(stage, words)


@pytest.mark.parametrize("words", ["link gitlab alice", "unlink", "whoami", "dm off"])
async def test_the_command_line_is_nobody_of_slack(stage: Stage, words: str) -> None:
    assert "bot people link" in await failure(stage, words, who="local")


async def test_unlinking_forgets_and_whoami_shows(stage: Stage) -> None:
    await prove(stage)
    told = shown(await stage.run("whoami", who=ALICE))
    assert "• alice at gitlab (shown on the profile, 2026-11-22)" in told
    assert "direct messages from rules are on" in told
    assert "Your link to alice at gitlab is gone" in shown(await stage.run("unlink", who=ALICE))
    assert stage.known.rows == {}
    assert "No account of yours" in await failure(stage, "unlink")
    told = shown(await stage.run("whoami", who=ALICE))
    assert "gitlab: not linked; /hook link gitlab" in told


async def test_unlinking_names_the_instance_when_there_are_several(stage: Stage) -> None:
    await prove(stage)
    known = stage.known.rows[ALICE, "gitlab"]
    stage.known.rows[ALICE, "inner"] = replace(known, instance="inner")
    assert "gitlab, inner" in await failure(stage, "unlink")
    await stage.run("unlink inner", who=ALICE)
    assert [row.instance for row in stage.known.rows.values()] == ["gitlab"]


async def test_direct_messages_are_switched_off_and_on(stage: Stage) -> None:
    await stage.run("dm off", who=ALICE)
    assert stage.known.quiet == {ALICE}
    assert "are off" in shown(await stage.run("whoami", who=ALICE))
    await stage.run("dm on", who=ALICE)
    assert stage.known.quiet == set()
    assert "On or off?" in await failure(stage, "dm")


# -- signing in --------------------------------------------------------------------------------


@pytest.fixture
def with_door(stage: Stage) -> Stage:
    stage.sites = (replace(GITLAB, oauth=True), INNER, GITHUB)
    return stage


PROVED = Account(slack=ALICE, instance="gitlab", username="alice", user_id="31", proved="oauth")


@pytest.mark.parametrize("words", ["link", "link gitlab", "link gitlab alice", "link alice"])
async def test_where_there_is_an_application_people_sign_in(with_door: Stage, words: str) -> None:
    answer = shown(await with_door.run(words, who=ALICE))
    assert (
        "Sign in at gitlab <https://gitlab.example.com/oauth/authorize?state=U0ALICE01>" in answer
    )
    assert "keeps no token" in answer
    assert with_door.known.codes == {}


async def test_the_code_of_the_page_links_the_account(with_door: Stage) -> None:
    with_door.known.proofs[ALICE] = (PROVED, "K7QX-42MD")
    answer = shown(await with_door.run("link K7QX-42MD", who=ALICE))
    assert answer.startswith("You are alice at gitlab.")
    assert "Not you? /hook unlink gitlab" in answer
    assert "profile" not in answer
    (account,) = with_door.known.rows.values()
    assert (account.proved, account.linked_at) == ("oauth", with_door.now)


async def test_whoever_had_the_account_before_is_told(with_door: Stage) -> None:
    await prove_by_profile(with_door, BOB)
    with_door.known.proofs[ALICE] = (PROVED, "K7QX-42MD")
    assert "It was linked to @U0BOB0001" in shown(await with_door.run("link K7QX-42MD", who=ALICE))
    assert [slack for slack, _ in with_door.told] == [BOB]


async def test_another_code_links_nothing(with_door: Stage) -> None:
    with_door.known.proofs[ALICE] = (PROVED, "K7QX-42MD")
    assert "not the code that the page showed" in await failure(with_door, "link AAAA-AAAA")
    assert "shows no account `K7QX-42MD`" in await failure(with_door, "link K7QX-42MD --code", BOB)
    assert with_door.known.rows == {}


async def test_without_a_browser_the_profile_will_do(with_door: Stage) -> None:
    await prove_by_profile(with_door, ALICE)
    (account,) = with_door.known.rows.values()
    assert account.proved == "code"


async def test_a_forge_without_an_application_asks_for_the_profile(with_door: Stage) -> None:
    with_door.admins["inner"] = with_door.forge
    assert "public profile" in shown(await with_door.run("link inner alice", who=ALICE))


async def test_an_application_needs_no_token_of_the_bot(with_door: Stage) -> None:
    del with_door.admins["gitlab"]
    assert "Sign in at gitlab" in shown(await with_door.run("link", who=ALICE))
    told = shown(await with_door.run("whoami", who=ALICE))
    assert "gitlab: not linked; /hook link gitlab" in told


async def prove_by_profile(stage: Stage, who: str) -> None:
    await stage.run("link gitlab alice --code", who=who)
    stage.forge.people["alice"] = stage.known.codes[who, "gitlab"].code
    await stage.run("link", who=who)
