"""Gives the commands what they may ask of the rest of the bot, and runs them."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot import commands, events
from bot.app_forges import token_setting
from bot.commands import Context, Site
from bot.errors import CommandError
from bot.forges.github_admin import GithubAdmin
from bot.forges.gitlab import OPEN_TRIGGERS, TEST_TRIGGERS
from bot.forges.gitlab_admin import GitlabAdmin
from bot.rules.catalogue import LISTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from bot.commands.spec import Audit, Mutes, People
    from bot.commands.tracing import History
    from bot.config import Instance, Settings
    from bot.message import Message
    from bot.model import Job
    from bot.outside import ForgeAdmin
    from bot.ports import Clock, Hooks
    from bot.rules.ruleset import Rule, Ruleset
    from bot.worker.jobs import Save

log = structlog.get_logger()

#: What a live card needs besides its own events: it shows the pipeline and the talk.
_CARD_TRIGGERS: Final = frozenset({"pipeline_events"})
_FOLLOW_TRIGGERS: Final = {"comments": "note_events", "pipeline": "pipeline_events"}
#: The confidential twin of a trigger, asked for only by rules with `confidential: true`.
_TWINS: Final = {
    "issues_events": "confidential_issues_events",
    "note_events": "confidential_note_events",
}


class Book(Protocol):
    @property
    def current(self) -> Ruleset: ...


class Channels(Protocol):
    async def id_of(self, name: str) -> str | None: ...

    async def name_of(self, channel: str) -> str: ...


class Once(Protocol):
    async def put_once(self, title: str, secret: str) -> str:
        """The token of the page that shows the secret once."""


class RulesForHooks:
    """`commands.RulesView` over the rules in force."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def triggers(self, project: str) -> frozenset[str]:
        found: set[str] = set()
        for rule in self._rules(project):
            found |= _triggers(rule)
        return frozenset(found)

    def destinations(self, project: str) -> tuple[str, ...]:
        ruleset = self._book.current
        shown = {channel.to: f"#{channel.alias}" for channel in ruleset.channels.values()}
        return tuple(
            to if to.startswith("#") else shown.get(to, to) for to in ruleset.destinations(project)
        )

    def names(self) -> tuple[str, ...]:
        return tuple(rule.name for top in self._book.current.rules for rule in (top, *top.first))

    def timezone(self) -> str:
        return self._book.current.timezone

    def _rules(self, project: str) -> Iterator[Rule]:
        """Those that do something."""
        for rule in self._book.current.could_match(project):
            if rule.actions or any(child.actions for child in rule.first):
                yield rule


def _triggers(rule: Rule) -> set[str]:
    found: set[str] = set()
    for name in rule.on:
        if name in {events.ANY, events.UNMATCHED, "other"}:
            found |= OPEN_TRIGGERS
        elif (kind := events.kind_of(name)) is not None:
            found |= set(events.SPECS[kind].gitlab_triggers)
    listed = rule.timing.listed or rule.timing.each
    if listed is not None:
        # What is open is known from events.
        found |= {*events.SPECS[LISTS[listed]].gitlab_triggers, "note_events"}
    for spec in (*rule.actions, *(spec for child in rule.first for spec in child.actions)):
        if spec.verb == "card":
            found |= _CARD_TRIGGERS
        found |= {_FOLLOW_TRIGGERS[topic] for topic in spec.follow if topic in _FOLLOW_TRIGGERS}
    if rule.confidential:
        found |= {_TWINS[trigger] for trigger in found if trigger in _TWINS}
    return found


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
        self._instances = {instance.name: instance for instance in settings.instances}

    async def run(self, job: Job, save: Save) -> Message:
        if job.command != "hook":
            raise CommandError(f"There is no command /{job.command}; try /hook help.")

        async def say(progress: str) -> None:
            log.info("command under way", job=job.id, step=progress)

        return await commands.run(
            Context(
                hooks=self._hooks,
                forge=self._forge,
                rules=self._rules,
                sites=tuple(_site(instance) for instance in self._settings.instances),
                public_url=self._settings.public_url,
                admins=self._settings.bot_admins,
                clock=self._clock,
                say=say,
                progress=save,
                pause=asyncio.sleep,
                new_secret=lambda: secrets.token_urlsafe(32),
                new_id=lambda: secrets.token_urlsafe(16),
                channel=self._channels.id_of,
                channel_name=self._channels.name_of,
                history=self._history,
                mutes=self._mutes,
                people=self._people,
                audit=self._audit,
                tell=self._tell,
                one_time=self._one_time if self._settings.public_url else None,
            ),
            job,
        )

    def _forge(self, name: str) -> ForgeAdmin | None:
        instance = self._instances.get(name)
        if instance is None or instance.token is None:
            return None
        admin = GithubAdmin if instance.forge == "github" else GitlabAdmin
        return admin(
            url=instance.url, token=instance.token.reveal(), setting=token_setting(instance)
        )

    async def _one_time(self, title: str, secret: str) -> str:
        return f"{self._settings.public_url}/once/{await self._once.put_once(title, secret)}"


def _site(instance: Instance) -> Site:
    return Site(
        name=instance.name,
        forge=instance.forge,
        url=instance.url,
        setting=token_setting(instance),
        open_triggers=OPEN_TRIGGERS,
        test_triggers=TEST_TRIGGERS,
    )
