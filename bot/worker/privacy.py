"""Whether an action may still go where it was planned to go, by the rules in force when it is
sent and by who reads there now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from bot.actions.plan import TO_CHANNELS
from bot.errors import CredentialRefused, Refused
from bot.rules.decide import channel_of
from bot.rules.privacy import Bounds
from bot.worker.notices import NOTICES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.model import Action
    from bot.rules.ruleset import Ruleset

log = structlog.get_logger()


class Book(Protocol):
    """The rules in force."""

    @property
    def current(self) -> Ruleset: ...


class Readers(Protocol):
    async def is_shared(self, channel: str) -> bool:
        """Whether people of another organisation read there. Raises CallError."""


class Quiet(Protocol):
    async def quiet_people(self) -> frozenset[str]:
        """Slack ids of those who want no direct messages."""


class Privacy:
    """`channels`: ids by name without `#`; a channel may have been planned by either."""

    def __init__(
        self,
        book: Book,
        channels: Callable[[], Awaitable[Mapping[str, str]]],
        *,
        readers: Readers,
        quiet: Quiet,
    ) -> None:
        self._book = book
        self._channels = channels
        self._readers = readers
        self._quiet = quiet

    async def refuses(self, action: Action) -> str | None:
        """Why it may not be sent; None when it may. Raises CallError when that cannot be known
        now: then nothing is sent."""
        if action.verb == "dm":
            return await self._disturbs(action)
        if action.verb not in TO_CHANNELS or not (action.confidential or action.private):
            return None
        one = channel_of(await self._channels())
        foreign = await self._is_shared(action.channel)
        bounds = Bounds(
            ruleset=self._book.current,
            channel=one,
            shared=frozenset({one(action.channel)} if foreign else ()),
            confidential=action.confidential,
            private=action.private,
        )
        return bounds.refuses(action.channel)

    async def _is_shared(self, channel: str) -> bool:
        """A channel that Slack tells nothing of is not waited for: what is confidential still
        needs a declared one, and posting tells what is wrong with it. Raises CallError, also when
        the app lacks the scope to ask."""
        try:
            return await self._readers.is_shared(channel)
        except Refused as error:
            if isinstance(error, CredentialRefused) and error.code != "unknown_method":
                raise
            log.warning("who reads a channel is not known", channel=channel, error=str(error))
            return False

    async def _disturbs(self, action: Action) -> str | None:
        """What the bot itself has to tell somebody is no message of a rule."""
        if action.rule == NOTICES or action.channel not in await self._quiet.quiet_people():
            return None
        return "they want no direct messages"
