"""One-time pages and signing in, on a real store and a forge's double."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession

from bot.app.signing_in import WaysIn
from bot.config import Settings
from bot.errors import NotSent
from bot.handover import Handover
from bot.message import Message
from bot.slack.mrkdwn import render
from bot.store import Store, open_store
from bot.web.once import OncePage
from bot.web.signing_in import SignInPage
from tests.fakes.oauth_server import CLIENT, SECRET, OAuth, signing_in
from tests.ports import free_port
from tests.web.console_fakes import ConsoleSite
from tests.web.fakes import served

ALICE, BOB, ADMIN = "U0ALICE01", "U0BOB0001", "U0ADMIN01"
TOKEN = "a token of the console"


@dataclass
class OnceSite:
    store: Store
    console: ConsoleSite
    ways: WaysIn
    oauth: OAuth
    client: ClientSession = field(init=False)
    #: What was written to people: Slack id and text.
    written: list[tuple[str, str]] = field(default_factory=list)
    slack_is_away: bool = False

    @property
    def url(self) -> str:
        return self.console.site.url

    async def page(self, who: str = ALICE, title: str = "Key of group/app") -> str:
        """The path of a fresh one."""
        made = Handover(
            title=title, secret="s3<cr>et", who=who, instance="gitlab", project="group/app"
        )
        return f"/once/{await self.store.put_once(made)}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.client.get(path) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, **form: str) -> tuple[int, str]:
        async with self.client.post(path, data=form) as answer:
            return answer.status, await answer.text()

    async def code(self, path: str) -> str:
        """What the person is sent."""
        await self.post(f"{path}/code")
        return self.written[-1][1].split("`")[1]

    async def write(self, person: str, message: Message) -> None:
        if self.slack_is_away:
            raise NotSent("down")
        self.written.append((person, render(message.text)))


@asynccontextmanager
async def once_site(folder: Path, *, token: str | None = TOKEN) -> AsyncIterator[OnceSite]:
    async with (
        open_store(f"sqlite:///{folder}/bot.db", secret_key="k" * 32) as store,
        signing_in("/api/v4/user") as (forge, oauth),
    ):
        console = ConsoleSite(token=token)
        port = free_port()
        environ = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "GITLAB_URL": forge}
        environ |= {"GITLAB_OAUTH_ID": CLIENT, "GITLAB_OAUTH_SECRET": SECRET}
        ways = WaysIn(Settings.from_env(environ), store)
        written: list[tuple[str, str]] = []
        site = OnceSite(store=store, console=console, ways=ways, oauth=oauth, written=written)
        once = OncePage(
            secrets=store, access=console.access, ways=ways, write=site.write, clock=console.clock
        )
        back = SignInPage(ways=ways, store=store, admins=(ADMIN,))
        console.site.pages = (once, back)
        async with served(console.site, port=port) as client:
            site.client = client
            yield site
