"""The forges of the contract, each with what a test does to it and who receives its deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.forges.github import OPEN_TRIGGERS as GITHUB_OPEN
from bot.forges.github import signature
from bot.forges.github_admin import GithubAdmin
from bot.forges.gitlab import OPEN_TRIGGERS
from bot.forges.gitlab_admin import GitlabAdmin
from bot.outside import Attempt, ForgeAdmin, HookWish, Right
from tests.fakes.forge import FakeForge, Place
from tests.fakes.github_sender import Home
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import GitlabServer, running

LEVELS = {Right.NONE: 5, Right.READ: 20, Right.WRITE: 30, Right.MANAGE: 40, Right.OWN: 50}
#: GitHub's words for what somebody may do.
PERMISSIONS = {
    Right.NONE: "none",
    Right.READ: "read",
    Right.WRITE: "write",
    Right.MANAGE: "admin",
}


@dataclass
class Bot:
    """Who receives: its address, what it answers, and what came (path, secret)."""

    url: str
    status: int = 202
    got: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Stage:
    admin: ForgeAdmin
    bot: Bot
    add: Callable[..., object]
    block: Callable[[], None]
    #: (user name, what the profile says)
    user: Callable[[str, str], None]
    grant: Callable[[str, str, Right], None]
    variable: Callable[[str, str], str]
    #: A push on the project, to its hooks.
    deliver: Callable[[str], Awaitable[object]]
    #: The forge's words for pushes, issues and comments; every open one; what a test call sends.
    pushes: str = "push_events"
    issues: str = "issues_events"
    comments: str = "note_events"
    open: frozenset[str] = OPEN_TRIGGERS
    tested: str = "push_events"

    def wish(self, path: str = "/h", **changes: Any) -> HookWish:
        wished = {"triggers": frozenset({self.pushes}), "secret": "s3", **changes}
        return HookWish(**{"url": self.bot.url + path, **wished})


@asynccontextmanager
async def listening() -> AsyncIterator[Bot]:
    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        secret = request.headers.get("X-Gitlab-Token", "")
        if request.headers.get("X-Hub-Signature-256") == signature("s3", raw):
            secret = "s3"
        bot.got.append((request.path, secret))
        return web.Response(status=bot.status, text="no" if bot.status >= 400 else "")

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot = Bot(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield bot
    await runner.cleanup()


async def gitlab_stage(bot: Bot, server: GitlabServer) -> Stage:
    def add(path: str, *, managed: bool = True, **settings: Any) -> None:
        server.add(path, access=40 if managed else 30, **settings)

    def block() -> None:
        server.blocked = lambda _url: True

    def user(name: str, says: str) -> None:
        server.people.add(name, 31)
        server.people.bios[31] = says

    def grant(path: str, name: str, right: Right) -> None:
        project = next(p for p in server.projects.values() if p.path == path)
        server.people.member(project, name, LEVELS[right])

    def variable(path: str, name: str) -> str:
        project = next(p for p in server.projects.values() if p.path == path)
        return str(server.people.variables[project.id][name]["value"])

    admin = GitlabAdmin(url=server.url, token=server.token)
    return Stage(admin, bot, add, block, user, grant, variable, server.push)


async def github_stage(bot: Bot, server: GithubServer) -> Stage:
    def home(path: str) -> Home:
        return next(one for one in server.homes.values() if one.path == path)

    def add(path: str, *, managed: bool = True) -> None:
        server.add(path, permission="admin" if managed else "write")

    def block() -> None:
        server.blocked = lambda _url: True

    def user(name: str, says: str) -> None:
        server.user(name, bio=says)

    def grant(path: str, name: str, right: Right) -> None:
        home(path).people[name] = PERMISSIONS[right]

    async def deliver(path: str) -> None:
        await server.emit(path, "push", {})

    return Stage(
        GithubAdmin(url=server.url, token=server.token),
        bot,
        add,
        block,
        user,
        grant,
        lambda path, name: home(path).secrets[name],
        deliver,
        pushes="push",
        issues="issues",
        comments="issue_comment",
        open=GITHUB_OPEN,
        tested="ping",
    )


async def memory_stage(bot: Bot) -> Stage:
    forge = FakeForge()

    async def receive(url: str, secret: str) -> int:
        bot.got.append((url.removeprefix(bot.url), secret))
        return bot.status

    def block() -> None:
        forge.blocked = lambda _url: True

    def grant(path: str, name: str, right: Right) -> None:
        place(path).rights[name] = right

    def place(path: str) -> Place:
        return next(p for p in forge.places.values() if p.project.path == path)

    async def deliver(path: str) -> None:
        (held,) = forge.held(path)
        status = await receive(held.wish.url, held.wish.secret)
        now = datetime.now(UTC)
        held.attempts.append(Attempt(id="1", key="k1", event="Push Hook", at=now, status=status))

    async def resend(_attempt: Attempt) -> bool:
        (held,) = forge.held("group/repo")
        return await receive(held.wish.url, held.wish.secret) < 300

    forge.receiver, forge.resender = receive, resend
    return Stage(
        forge,
        bot,
        forge.add,
        block,
        forge.people.__setitem__,
        grant,
        lambda path, name: place(path).variables[name],
        deliver,
    )


async def staged(kind: str) -> AsyncIterator[Stage]:
    async with listening() as bot:
        if kind == "memory":
            yield await memory_stage(bot)
        elif kind == "gitlab":
            async with running() as gitlab:
                yield await gitlab_stage(bot, gitlab)
        else:
            async with GithubServer() as github:
                yield await github_stage(bot, github)
