"""Gives the commands what they may ask of the rest of the bot, and runs them."""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import structlog

from bot import commands
from bot.app.feeding import Feeder, Keeper
from bot.app.forges import token_setting
from bot.app.triggers import HOOKED, Book, RulesForHooks
from bot.commands import Context, Site
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.app.signing_in import WaysIn
    from bot.commands.spec import Audit, Mutes, People
    from bot.commands.tracing import History
    from bot.config import Instance, Settings
    from bot.forges.github_admin import GithubAdmin
    from bot.forges.gitlab_admin import GitlabAdmin
    from bot.handover import Handover
    from bot.message import Message
    from bot.model import Job
    from bot.outside import ForgeAdmin
    from bot.ports import Clock, Hooks
    from bot.worker.jobs import Count, Save

log = structlog.get_logger()


class Channels(Protocol):
    async def id_of(self, name: str) -> str | None: ...

    async def name_of(self, channel: str) -> str: ...


class Once(Protocol):
    async def put_once(self, handover: Handover) -> str:
        """The token of the page that shows it once."""


class CommandRunner:
    """`worker.jobs.Commands` over `bot.commands`."""

    def __init__(
        self,
        *,
        settings: Settings,
        hooks: Hooks,
        rules: Book,
        clock: Clock,
        channels: Channels,
        once: Once,
        history: History,
        mutes: Mutes | None = None,
        people: People | None = None,
        audit: Audit | None = None,
        tell: Callable[[str, Message], Awaitable[None]] | None = None,
        keeper: Keeper | None = None,
        ways: WaysIn | None = None,
    ) -> None:
        self._settings = settings
        self._hooks = hooks
        self._rules = RulesForHooks(rules)
        self._clock = clock
        self._channels = channels
        self._once = once
        self._history = history
        self._mutes = mutes
        self._people = people
        self._audit = audit
        self._tell = tell
        self._keeper = keeper
        self._ways = ways

    async def run(self, job: Job, save: Save, count: Count) -> Message:
        if job.command != "hook":
            raise CommandError(f"There is no command /{job.command}; try /hook help.")
        return await commands.run(self.context(job.id, save, count), job)

    def context(self, job: str, save: Save, count: Count) -> Context:
        """`job` names it in the log."""

        async def say(progress: str) -> None:
            log.info("command under way", job=job, step=progress)

        keeper = self._keeper
        return Context(
            hooks=self._hooks,
            forge=self._forge,
            rules=self._rules,
            sites=self._sites(),
            public_url=self._settings.public_url,
            admins=self._settings.bot_admins,
            clock=self._clock,
            say=say,
            count=count,
            progress=save,
            pause=asyncio.sleep,
            new_secret=new_secret,
            new_id=lambda: secrets.token_urlsafe(16),
            channel=self._channels.id_of,
            channel_name=self._channels.name_of,
            history=self._history,
            mutes=self._mutes,
            people=self._people,
            audit=self._audit,
            tell=self._tell,
            keys=keeper,
            feed=Feeder(keeper, self._clock) if keeper is not None else None,
            received=keeper.received_keys if keeper is not None else None,
            announce=keeper.announce_late if keeper is not None else None,
            one_time=self._one_time if self._settings.public_url else None,
            sign_in=self._ways.way_in if self._ways is not None else None,
        )

    def _sites(self) -> tuple[Site, ...]:
        """Those first that the bot can ask: the first is meant by a bare path."""
        instances = sorted(self._settings.instances, key=lambda one: one.token is None)
        ways = self._ways
        return tuple(
            replace(_site(one), oauth=ways is not None and ways.at(one.name)) for one in instances
        )

    def _forge(self, name: str) -> ForgeAdmin | None:
        return forge_of(self._settings, name)

    async def _one_time(self, handover: Handover) -> str:
        return f"{self._settings.public_url}/once/{await self._once.put_once(handover)}"


def forge_of(settings: Settings, name: str) -> ForgeAdmin | None:
    """The REST half of an instance; None when it has no token."""
    instance = next((one for one in settings.instances if one.name == name), None)
    if instance is None or instance.token is None:
        return None
    return admin_of(instance.forge)(
        url=instance.url, token=instance.token.reveal(), setting=token_setting(instance)
    )


def admin_of(forge: str) -> type[GithubAdmin | GitlabAdmin]:
    """Read, with the library it stands on, by who has a token for it."""
    if forge == "github":
        from bot.forges.github_admin import GithubAdmin

        return GithubAdmin
    from bot.forges.gitlab_admin import GitlabAdmin

    return GitlabAdmin


def new_secret() -> str:
    """A key of 32 bytes in the form that GitLab signs with; elsewhere it is a text like others."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _site(instance: Instance) -> Site:
    return Site(
        name=instance.name,
        forge=instance.forge,
        url=instance.url,
        setting=token_setting(instance),
        open_triggers=HOOKED[instance.forge].open,
        test_triggers=HOOKED[instance.forge].tests,
        pages=instance.pages,
    )
