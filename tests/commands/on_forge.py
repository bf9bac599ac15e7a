"""A bot's receiving half on loopback, and its commands, at either forge's double."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from aiohttp import web
from typing_extensions import override

from bot import commands
from bot.app.triggers import HOOKED
from bot.errors import CallError, CommandError
from bot.forges.github import GITHUB as GITHUB_FORGE
from bot.forges.github_admin import GithubAdmin
from bot.forges.gitlab import GITLAB as GITLAB_FORGE
from bot.forges.gitlab_admin import GitlabAdmin
from bot.message import Message
from bot.model import Job
from bot.outside import Forge, ForgeAdmin, Received
from bot.people import Account
from tests.commands.stage import GITHUB, GITLAB, Stage, shown
from tests.fakes import github_talk
from tests.fakes.github_server import GithubServer
from tests.fakes.gitlab_server import Fault, GitlabServer

PATH = "group/repo"
WANTED = {"gitlab": {"push_events", "note_events"}, "github": {"push", "issue_comment"}}
LEVELS = {"gitlab": {"maintains": 40, "develops": 30, "reads": 20}}
ROLES = {"maintains": "admin", "develops": "write", "reads": "read"}
#: Those that change something.
VERBS = (
    "add group/repo",
    "test group/repo",
    "rotate group/repo",
    "pause group/repo",
    "resume group/repo",
    "sync group/repo --yes",
    "remove group/repo --yes",
)
PURE: dict[str, Forge] = {"gitlab": GITLAB_FORGE, "github": GITHUB_FORGE}
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Nth:
    """Is the method of the n-th request from now on; `lasts`: and of all that follow."""

    def __init__(self, number: int, *, lasts: bool) -> None:
        self.left = number
        self.lasts = lasts

    @override
    def __eq__(self, _other: object) -> bool:
        self.left -= 1
        return self.left == 0 or (self.lasts and self.left < 0)

    __hash__ = None  # type: ignore[assignment] # compared only


class Lasting(list[Fault]):
    """Faults that do not go away by happening."""

    @override
    def remove(self, _value: Fault) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Held:
    """A hook at the forge."""

    id: str
    url: str
    secret: str
    triggers: frozenset[str]


@dataclass
class ForgeBot:
    kind: str
    server: GitlabServer | GithubServer
    stage: Stage = field(default_factory=Stage)
    url: str = ""
    routed: list[str] = field(default_factory=list)
    watched: Nth = field(init=False)
    #: The bot's own, when it is not the forge's.
    token: str = ""
    #: A proxy in between takes the signature away.
    strips: bool = False

    def __post_init__(self) -> None:
        self.stage.rules.needed = {PATH: frozenset(WANTED[self.kind])}
        self.stage.rules.places = {PATH: ("#dev",)}

    # -- what tests ask ------------------------------------------------------------------------

    def held(self, path: str = PATH) -> list[Held]:
        if isinstance(self.server, GitlabServer):
            return [
                Held(
                    str(one.id),
                    one.values["url"],
                    one.values.get("signing_token") or one.values.get("token") or "",
                    frozenset(n for n, on in one.values.items() if n.endswith("_events") and on),
                )
                for one in self.server.hooks(path)
            ]
        return [
            Held(str(o.id), o.config["url"], o.config.get("secret", ""), frozenset(o.events))
            for o in self.server.hooks(path)
        ]

    def keys(self) -> list[str]:
        """Titles of the project's deploy keys at the forge."""
        if isinstance(self.server, GitlabServer):
            return [key["title"] for key in self.server.people.keys.get(101, [])]
        return [key["title"] for key in self.server.homes[101].keys]

    def changes(self) -> list[str]:
        """Requests that could have changed something."""
        asked = [r for r in self.server.requests if not r.path.endswith("graphql")]
        return [f"{r.method} {r.path}" for r in asked if r.method in CHANGES]

    def assert_one_good_hook(self) -> None:
        (hook,) = self.held()
        (record,) = self.stage.active(PATH)
        assert hook.url == f"{self.url}/hooks/{self.kind}/{record.id}"
        assert hook.secret == record.secrets[0]
        assert hook.triggers == WANTED[self.kind]
        assert self.stage.statuses() == ["active"]

    async def push(self) -> list[int]:
        """What the hooks answered to a push."""
        if isinstance(self.server, GitlabServer):
            return await self.server.push(PATH)
        body = github_talk.push(self.server.homes[101], self.server.page)
        return await self.server.emit(PATH, "push", body)

    # -- what they do --------------------------------------------------------------------------

    async def run(self, words: str, *, who: str = "local") -> str:
        """The answer, or what is wrong."""
        try:
            return shown(await self.carry_out(words, who=who))
        except (CommandError, CallError) as error:
            return str(error)

    async def carry_out(self, words: str, *, who: str) -> Message:
        site = replace(GITLAB if self.kind == "gitlab" else GITHUB, url=self.server.url)
        hooked = HOOKED[self.kind]
        site = replace(site, open_triggers=hooked.open, test_triggers=hooked.tests)
        context = replace(
            self.stage.context(),
            sites=(site,),
            public_url=self.url,
            forge=lambda _name: self.admin(),
            new_secret=lambda: f"whsec_{'A' * 42}{next(self.stage._numbers) % 10}=",
        )
        job = Job(id="job", command="hook", args=tuple(words.split()), who=who)
        return await commands.run(context, job)

    def admin(self) -> ForgeAdmin:
        if self.kind == "gitlab":
            return GitlabAdmin(url=self.server.url, token=self.token or self.server.token)
        admin = GithubAdmin(url=self.server.url, token=self.token or self.server.token)
        admin.listed_s = 0.0
        return admin

    def break_at(self, number: int, *, after: bool = False, lasts: bool = False) -> None:
        """The n-th request from now on breaks off, before or after it was carried out; `lasts`:
        the forge stays away until it is `mended`."""
        self.watched = Nth(number, lasts=lasts)
        method: str = self.watched  # type: ignore[assignment] # compares as one
        faults = [Fault(method, "", None, after=after)]
        self.server.faults = Lasting(faults) if lasts else faults

    def mended(self) -> bool:
        """Whether anything had broken off."""
        self.server.faults = []
        return self.watched.left <= 0

    def link(self, slack: str, username: str, role: str) -> None:
        """Somebody whose account is known, and what they are on the project."""
        if isinstance(self.server, GitlabServer):
            project = self.server.projects[101]
            self.server.people.member(project, username, LEVELS["gitlab"].get(role, 0))
        else:
            self.server.user(username)
            if role in ROLES:
                self.server.homes[101].people[username] = ROLES[role]
        self.stage.known.rows[slack, self.kind] = Account(
            slack=slack, instance=self.kind, username=username, proved="code"
        )

    async def receive(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if self.strips:
            for name in ("x-gitlab-token", "webhook-signature", "x-hub-signature-256"):
                headers.pop(name, None)
        received = Received(headers=headers, body=await request.read())
        record = self.stage.store.rows.get(request.match_info["hook_id"])
        if record is None or record.status == "removed":
            return web.Response(status=404, text="no such hook")
        if not PURE[self.kind].verify(received, record.secrets, now=datetime.now(UTC)):
            return web.Response(status=401, text="wrong secret")
        proved = record.status == "proving"
        await self.stage.store.mark_seen(record.id, proved=proved, now=self.stage.now)
        identity = PURE[self.kind].identify(received, await request.json())
        if not proved and identity.event != "ping":
            self.routed.append(identity.event)
        return web.Response(status=202)


@asynccontextmanager
async def forge_bot(kind: str) -> AsyncIterator[ForgeBot]:
    server = GitlabServer() if kind == "gitlab" else GithubServer()
    async with server:
        server.add(PATH)
        bot = ForgeBot(kind, server)
        app = web.Application()
        app.router.add_post("/hooks/{forge}/{hook_id}", bot.receive)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield bot
        finally:
            await runner.cleanup()


async def prepared(bot: ForgeBot, words: str) -> None:
    """There is a hook, unless the verb makes it; paused, when it is to be resumed."""
    if not words.startswith("add"):
        await bot.run("add group/repo")
    if words.startswith("resume"):
        await bot.run("pause group/repo")
    bot.server.requests.clear()
