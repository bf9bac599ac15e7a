"""`/hook add` where something is wrong: the cause, what to do, and nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import CommandError, ContentRefused, CredentialRefused, NotSent, Unsure
from bot.outside import HookWish
from tests.commands.stage import BASE, Stage, shown


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def failure(stage: Stage, words: str = "add group/repo") -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words)
    return str(caught.value)


# -- addresses ---------------------------------------------------------------------------------


async def test_without_a_public_url_it_says_what_to_set(stage: Stage) -> None:
    stage.public_url = None
    assert "PUBLIC_URL is not set" in await failure(stage)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "http://0.0.0.0:1"]
)
async def test_a_loopback_address_is_refused_for_a_forge_elsewhere(stage: Stage, url: str) -> None:
    stage.public_url = url
    assert f"PUBLIC_URL is {url}: that is this machine only" in await failure(stage)
    stage.assert_nothing()


async def test_a_loopback_address_will_do_for_a_forge_on_loopback(stage: Stage) -> None:
    stage.public_url = "http://127.0.0.1:8080"
    stage.sites = (replace(stage.sites[0], url="http://localhost:8929"),)
    # It is tried; that nobody is there is another matter.
    assert "test call" in await failure(stage)


# -- proofs that fail --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "a proxy strips the header X-Gitlab-Token"),
        (404, "another server or another bot answers there"),
        (302, "set PUBLIC_URL to the address it leads to"),
        (502, "the proxy in front of the bot does not reach it"),
        (418, "what answers there is not this bot"),
    ],
)
async def test_what_answered_instead_is_told_and_the_hook_deleted(
    stage: Stage, status: int, advice: str
) -> None:
    stage.answers_instead = status
    told = await failure(stage)
    assert f"{BASE} answered {status} to the test call" in told
    assert advice in told
    assert "No hook is left at the forge." in told
    stage.assert_nothing()


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("URL is blocked: Requests to localhost are not allowed", "Outbound requests"),
        ("SSL_connect: certificate verify failed", "TLS certificate"),
        ("Net::OpenTimeout: execution expired", "nothing answered in time"),
        ("getaddrinfo: Name or service not known", "does not resolve"),
        ("Failed to open TCP connection: Connection refused", "nothing listens there"),
        ("something else", "check that PUBLIC_URL is right"),
    ],
)
async def test_why_the_forge_could_not_deliver_is_told(
    stage: Stage, reason: str, advice: str
) -> None:
    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "test_hook"):
            raise ContentRefused(reason, code="undelivered")

    stage.watch = refuse
    told = await failure(stage)
    assert reason in told
    assert advice in told
    stage.assert_nothing()


async def test_a_delivery_that_never_arrives_is_told_after_ten_seconds(stage: Stage) -> None:
    stage.deaf = True
    began = stage.now
    assert "is https://bot.example.com (PUBLIC_URL) really this bot?" in await failure(stage)
    assert timedelta(seconds=9) < stage.now - began < timedelta(seconds=12)
    stage.assert_nothing()


async def test_a_proof_that_came_counts_whatever_the_forge_says_of_it(stage: Stage) -> None:
    def lie(when: str, name: str) -> None:
        if (when, name) == ("after", "test_hook"):
            raise ContentRefused("a proxy broke the answer", code="undelivered")

    stage.watch = lie
    assert "seen in 1.2 s" in shown(await stage.run("add group/repo"))


async def test_a_test_call_with_an_unclear_end_is_looked_for(stage: Stage) -> None:
    def lose(when: str, name: str) -> None:
        if (when, name) == ("after", "test_hook"):
            raise Unsure("broke the connection")

    stage.watch = lose
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_a_rate_limited_test_call_says_when_to_try_again(stage: Stage) -> None:
    def limit(when: str, name: str) -> None:
        if (when, name) == ("before", "test_hook"):
            raise NotSent("GitLab asks to slow down: try again in 60 s.", code="429")

    stage.watch = limit
    assert "try again in 60 s" in await failure(stage)
    stage.assert_nothing()


async def test_another_sample_serves_when_there_are_no_commits(stage: Stage) -> None:
    stage.forge.places["101"].samples = frozenset({"issues_events"})
    assert "seen in 1.2 s" in shown(await stage.run("add group/repo"))
    assert stage.forge.calls.count("test_hook") == 3


async def test_an_empty_project_gets_an_unproved_hook_and_is_told_so(stage: Stage) -> None:
    stage.forge.places["101"].samples = frozenset()
    answer = await stage.run("add group/repo")
    stage.assert_one_good_hook()
    assert stage.active()[0].proved_at is None
    assert "It is not proved" in shown(answer)
    assert "/hook test group/repo" in shown(answer)
    assert answer.color == "warning"


async def test_triggers_an_older_forge_lacks_are_named(stage: Stage) -> None:
    stage.forge.unknown = frozenset({"note_events"})
    answer = shown(await stage.run("add group/repo"))
    assert "This forge does not know note_events: those events will not come." in answer
    stage.assert_one_good_hook()


# -- the forge says no -------------------------------------------------------------------------


async def test_an_unknown_project_is_told(stage: Stage) -> None:
    assert "group/none" in await failure(stage, "add group/none")


async def test_a_refused_token_is_told_as_the_forge_half_words_it(stage: Stage) -> None:
    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "project"):
            raise CredentialRefused("set GITLAB_TOKEN to a new one", code="401")

    stage.watch = refuse
    assert await failure(stage) == "group/repo: set GITLAB_TOKEN to a new one"


async def test_a_full_project_is_told_and_leaves_nothing(stage: Stage) -> None:
    wish = HookWish(url="https://ci.example.com/x", triggers=frozenset(), secret="?")
    for _ in range(100):
        await stage.forge.create_hook("101", wish)
    assert "most hooks allowed" in await failure(stage)
    assert len(stage.forge.held("group/repo")) == 100
    assert stage.statuses() == []


async def test_a_hook_that_cannot_be_deleted_again_is_named(stage: Stage) -> None:
    stage.answers_instead = 404

    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "delete_hook"):
            raise NotSent("GitLab did not answer")

    stage.watch = refuse
    told = await failure(stage)
    (held,) = stage.forge.held("group/repo")
    assert f"Hook {held.shown.id} ({held.shown.url}) could not be deleted" in told
    assert "/hook remove group/repo" in told
    stage.watch, stage.answers_instead = lambda _when, _name: None, None
    await stage.run("remove group/repo --yes")
    stage.assert_nothing()


async def test_when_even_looking_fails_the_address_is_named(stage: Stage) -> None:
    made: list[str] = []

    def refuse(when: str, name: str) -> None:
        if (when, name) == ("after", "create_hook"):
            made.append(name)
            raise Unsure("broke the connection")
        if made and name == "hooks":
            raise NotSent("GitLab did not answer")

    stage.watch = refuse
    told = await failure(stage)
    (held,) = stage.forge.held("group/repo")
    assert f"A hook to {held.shown.url}" in told
    assert "may be left" in told


async def test_an_unclear_creation_that_is_not_listed_yet_is_named(stage: Stage) -> None:
    def refuse(when: str, name: str) -> None:
        if (when, name) == ("before", "create_hook"):
            raise Unsure("did not answer in time")

    stage.watch = refuse
    assert "may appear at the forge later" in await failure(stage)
    stage.assert_nothing()


async def test_an_unclear_creation_that_happened_is_gone_on_with(stage: Stage) -> None:
    def lose(when: str, name: str) -> None:
        if (when, name) == ("after", "create_hook"):
            raise Unsure("broke the connection")

    stage.watch = lose
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_an_unclear_move_is_made_again(stage: Stage) -> None:
    lost: list[str] = []

    def lose(when: str, name: str) -> None:
        if (when, name) == ("after", "update_hook") and not lost:
            lost.append(name)
            raise Unsure("broke the connection")

    stage.watch = lose
    await stage.run("add group/repo")
    stage.assert_one_good_hook()
