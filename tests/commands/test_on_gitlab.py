"""The commands against GitLab's double over real HTTP, with a receiver that checks the secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot import commands
from bot.commands import Context
from bot.errors import CommandError
from bot.forges.gitlab import GITLAB as PURE
from bot.forges.gitlab_admin import GitlabAdmin
from bot.message import Message
from bot.model import Job
from bot.outside import Received
from tests.commands.stage import GITLAB, Stage, shown
from tests.fakes.gitlab_server import Fault, GitlabServer, running


@dataclass
class Bot:
    """The receiving half of a bot on loopback, and the commands around it."""

    stage: Stage
    server: GitlabServer
    url: str = ""
    routed: list[str] = field(default_factory=list)
    #: A proxy in between takes the secret away.
    strips: bool = False

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if self.strips:
            headers.pop("x-gitlab-token", None)
        received = Received(headers=headers, body=await request.read())
        record = self.stage.store.rows.get(request.match_info["hook_id"])
        if record is None or record.status == "removed":
            return web.Response(status=404, text="no such hook")
        if not PURE.verify(received, record.secrets, now=datetime.now(UTC)):
            return web.Response(status=401, text="wrong secret")
        proved = record.status == "proving"
        await self.stage.store.mark_seen(record.id, proved=proved, now=self.stage.now)
        if not proved:
            self.routed.append(PURE.identify(received, await request.json()).event)
        return web.Response(status=202)

    async def run(self, words: str) -> Message:
        site = replace(GITLAB, url=self.server.url)
        context: Context = replace(
            self.stage.context(),
            sites=(site,),
            public_url=self.url,
            forge=lambda _name: GitlabAdmin(url=self.server.url, token=self.server.token),
        )
        job = Job(id="job", command="/hook", args=tuple(words.split()), who="local")
        return await commands.run(context, job)


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running("group/repo") as server:
        made = Bot(Stage(), server)
        app = web.Application()
        app.router.add_post("/hooks/gitlab/{hook_id}", made.receive)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
        await runner.cleanup()


async def test_a_hook_is_made_proved_and_then_brings_pushes(bot: Bot) -> None:
    answer = shown(await bot.run("add group/repo"))
    assert "group/repo: hook 1001 is made and proved (test call seen" in answer
    assert bot.routed == []
    assert await bot.server.push("group/repo") == [202]
    assert bot.routed == ["Push Hook"]
    assert not bot.server.refused


async def test_adding_again_testing_and_removing_leave_what_they_say(bot: Bot) -> None:
    await bot.run("add group/repo")
    assert "has its hook already" in shown(await bot.run("add group/repo"))
    assert "test call seen" in shown(await bot.run("test group/repo"))
    assert len(bot.server.hooks("group/repo")) == 1
    assert await bot.server.push("group/repo") == [202]
    await bot.run("remove group/repo --yes")
    assert bot.server.hooks("group/repo") == []
    assert bot.routed == ["Push Hook"]


async def test_a_hook_that_gitlab_disabled_is_brought_back(bot: Bot) -> None:
    await bot.run("add group/repo")
    (hook,) = bot.server.hooks("group/repo")
    hook.health = "disabled"
    assert "hook 1002 takes its place" in shown(await bot.run("test group/repo"))
    assert await bot.server.push("group/repo") == [202]


async def test_a_secret_that_is_lost_on_the_way_is_told(bot: Bot) -> None:
    bot.strips = True
    with pytest.raises(CommandError, match="answered 401") as caught:
        await bot.run("add group/repo")
    assert "a proxy strips the header X-Gitlab-Token" in str(caught.value)
    assert bot.server.hooks("group/repo") == []


async def test_a_gitlab_that_breaks_off_while_creating_leaves_one_hook(bot: Bot) -> None:
    bot.server.faults.append(Fault("POST", "/hooks$", None, after=True))
    await bot.run("add group/repo")
    assert len(bot.server.hooks("group/repo")) == 1
    assert await bot.server.push("group/repo") == [202]


async def test_a_blocked_address_is_explained_and_nothing_is_left(bot: Bot) -> None:
    bot.server.blocked = lambda _url: True
    with pytest.raises(CommandError, match="Outbound requests"):
        await bot.run("add group/repo")
    assert bot.server.hooks("group/repo") == []


async def test_a_low_role_is_explained(bot: Bot) -> None:
    bot.server.projects[101].access = 30
    with pytest.raises(CommandError, match="must be Maintainer or Owner"):
        await bot.run("add group/repo")
