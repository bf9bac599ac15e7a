"""Gives the loops what they may ask of forges and of other servers, by instance."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog

from bot import tracing
from bot.errors import CallError
from bot.worker.calling import Caller
from bot.worker.facts import FactFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.config import Instance, Settings
    from bot.forges.github_calls import GithubCalls
    from bot.forges.github_facts import GithubFacts
    from bot.forges.gitlab_calls import GitlabCalls
    from bot.forges.gitlab_facts import GitlabFacts
    from bot.model import Event, Value
    from bot.outside import ForgeCalls, ForgeFacts, WebCalls
    from bot.ports import Clock
    from bot.worker.calling import Memories

log = structlog.get_logger()

_FRESH: Final = timedelta(hours=1)
_AFTER_FAILURE: Final = timedelta(minutes=1)
#: A decision waits for it, once in a while.
_PATIENCE_S: Final = 5.0


class Timed:
    """`ForgeFacts` whose answers are timed."""

    def __init__(self, facts: ForgeFacts, called: Callable[[str, float], None]) -> None:
        self._facts = facts
        self._called = called

    async def fetch(self, event: Event, names: frozenset[str]) -> Mapping[str, Value | None]:
        started = perf_counter()
        try:
            with tracing.call("forge facts", names=", ".join(sorted(names))):
                return await self._facts.fetch(event, names)
        finally:
            self._called("facts", perf_counter() - started)


class Forges:
    """Instances without a token are asked for nothing. `called` is told how long each look-up
    took."""

    def __init__(
        self, settings: Settings, clock: Clock, called: Callable[[str, float], None]
    ) -> None:
        known = [one for one in settings.instances if one.token]
        self._facts: Mapping[str, ForgeFacts] = {
            one.name: Timed(_facts_of(one), called) for one in known
        }
        self._calls: Mapping[str, ForgeCalls] = {one.name: _calls_of(one) for one in known}
        self._clock = clock
        self._accounts: dict[str, str] = {}
        self._until: dict[str, datetime] = {}

    def facts(self) -> FactFinder:
        return FactFinder(self._facts, self._clock)

    def caller(self, web: WebCalls, memories: Memories) -> Caller:
        return Caller(forges=self._calls, web=web, memories=memories)

    async def accounts(self) -> Mapping[str, str]:
        """User names of the tokens' own bot accounts; a person's token is not among them."""
        now = self._clock.now()
        for name in self._calls:
            if name not in self._until or self._until[name] <= now:
                self._until[name] = now + _FRESH
                await self._ask(name)
        return self._accounts

    async def _ask(self, name: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._calls[name].account()
        except (CallError, TimeoutError) as error:
            self._until[name] = self._clock.now() + _AFTER_FAILURE
            log.warning("the token's account is not known", instance=name, error=str(error))
            return
        self._accounts = {k: v for k, v in self._accounts.items() if k != name}
        if found.bot:
            self._accounts[name] = found.username


def _facts_of(instance: Instance) -> ForgeFacts:
    """Each forge's library is read by who has a token for it."""
    made: type[GithubFacts | GitlabFacts]
    if instance.forge == "github":
        from bot.forges.github_facts import GithubFacts as made
    else:
        from bot.forges.gitlab_facts import GitlabFacts as made
    return made(url=instance.url, token=_token(instance), setting=token_setting(instance))


def _calls_of(instance: Instance) -> ForgeCalls:
    made: type[GithubCalls | GitlabCalls]
    if instance.forge == "github":
        from bot.forges.github_calls import GithubCalls as made
    else:
        from bot.forges.gitlab_calls import GitlabCalls as made
    return made(url=instance.url, token=_token(instance), setting=token_setting(instance))


def token_setting(instance: Instance) -> str:
    """The name of the setting that holds the token."""
    if instance.name == instance.forge:
        return f"{instance.forge.upper()}_TOKEN"
    return f"{instance.forge.upper()}_{instance.name.upper()}_TOKEN"


def _token(instance: Instance) -> str:
    return instance.token.reveal() if instance.token is not None else ""
