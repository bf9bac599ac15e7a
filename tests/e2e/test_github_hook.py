"""`/hook add owner/repo` against a GitHub that delivers: made, proved by a ping, used, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import Place, Process
from tests.fakes import github_talk
from tests.fakes.github_server import GithubServer
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def github() -> AsyncIterator[GithubServer]:
    async with GithubServer() as server:
        server.add("shop/api")
        yield server


@pytest.fixture
def hooked(place: Place, github: GithubServer) -> Place:
    place.reached_by(GITHUB_URL=github.url, GITHUB_TOKEN=github.token)
    return place


async def _typed(slack: FakeSlack, bot: Process, text: str) -> str:
    before = len(slack.answers)
    ack = await slack.command(bot.url, text)
    assert ack.status == 200
    await until(lambda: len(slack.answers) > before, f"the answer to {text}")
    answer = slack.answers[-1]
    return f"{answer['text']} {answer.get('blocks')} {answer.get('attachments')}"


async def _push(github: GithubServer) -> list[int]:
    home = github.homes[101]
    return await github.emit("shop/api", "push", github_talk.push(home, github.page))


async def test_a_hook_is_made_proved_used_tested_and_removed(
    hooked: Place, slack: FakeSlack, github: GithubServer
) -> None:
    async with hooked.bot() as bot:
        said = await _typed(slack, bot, "/hook add shop/api")
        assert "its events would go to *#dev*" in said
        assert "seen" in said
        [hook] = github.hooks("shop/api")
        assert hook.events == ["push"]
        assert hook.config["url"].startswith(f"{bot.url}/hooks/github/")
        assert {one["event"] for one in hook.deliveries} == {"ping"}
        assert not slack.texts("dev"), "a ping was routed"
        assert await _push(github) == [202]
        await until(lambda: bool(slack.messages("dev")), "the push")
        again = await _typed(slack, bot, f"/hook add {github.page}/shop/api/pulls")
        assert "has its hook already" in again
        assert f"{github.page}/shop/api" in await _typed(slack, bot, "/hook list")
        assert "seen" in await _typed(slack, bot, "/hook test shop/api")
        assert len(github.hooks("shop/api")) == 1
        await _typed(slack, bot, "/hook remove shop/api --yes")
        assert github.hooks("shop/api") == []
    [message] = slack.messages("dev")
    assert "Sell more" in str(message.blocks) + str(message.attachments)


async def test_what_github_refuses_is_told_and_nothing_is_left(
    hooked: Place, slack: FakeSlack, github: GithubServer
) -> None:
    github.add("shop/read", permission="read")
    async with hooked.bot() as bot:
        assert "spelling" in await _typed(slack, bot, "/hook add shop/none")
        assert "admin rights" in await _typed(slack, bot, "/hook add shop/read")
        github.blocked = lambda _url: True
        assert "PUBLIC_URL" in await _typed(slack, bot, "/hook add shop/api")
    assert github.hooks("shop/api") == github.hooks("shop/read") == []
