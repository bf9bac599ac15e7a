"""Which channels may receive what is confidential, by the rules in force when it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.rules.decide import channel_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.rules.ruleset import Ruleset


class Book(Protocol):
    """The rules in force."""

    @property
    def current(self) -> Ruleset: ...


class Privacy:
    """`channels`: ids by name without `#`; a channel may have been planned by either."""

    def __init__(self, book: Book, channels: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        self._book = book
        self._channels = channels

    async def confidential(self, channel: str) -> bool:
        declared = [c.to for c in self._book.current.channels.values() if c.confidential]
        one = channel_of(await self._channels())
        return one(channel) in {one(to) for to in declared}
