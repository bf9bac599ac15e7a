"""Says, once for each set of rules, which channels they name and the bot cannot reach."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, StoreError
from bot.message import Code, text
from bot.rules.rooms import unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.message import Text
    from bot.model import Json
    from bot.outside import Room
    from bot.rules.ruleset import Ruleset

log = structlog.get_logger()

#: In `meta`: the hash of the rules that were looked at last, by whichever process.
LOOKED_AT: Final = "channels_looked_at"
_LOOK_S: Final = 5.0
#: After Slack did not answer.
_AGAIN_S: Final = 120.0
_ENOUGH_S: Final = 30.0


class Book(Protocol):
    @property
    def current(self) -> Ruleset: ...


class Notes(Protocol):
    async def get_meta(self, key: str) -> Json: ...

    async def set_meta(self, key: str, value: Json) -> None: ...


class Presence:
    """Looks whenever other rules are in force; nothing waits for it, and nothing is held up."""

    def __init__(
        self,
        *,
        book: Book,
        store: Notes,
        rooms: Callable[[], Awaitable[Sequence[Room]]],
        tell: Callable[[Text], None],
    ) -> None:
        self._book = book
        self._store = store
        self._rooms = rooms
        self._tell = tell
        self._looked_at = ""

    async def run(self, stop: asyncio.Event) -> None:
        wait_s = 0.0
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await stop.wait()
            if not stop.is_set():
                wait_s = _LOOK_S if await self.look() else _AGAIN_S

    async def look(self) -> bool:
        """Whether nothing is left to look at."""
        ruleset = self._book.current
        if ruleset.hash == self._looked_at:
            return True
        try:
            if await self._store.get_meta(LOOKED_AT) != ruleset.hash:
                async with asyncio.timeout(_ENOUGH_S):
                    rooms = await self._rooms()
                await self._store.set_meta(LOOKED_AT, ruleset.hash)
                self._say(ruleset, rooms)
        except (CallError, StoreError, TimeoutError) as error:
            log.warning("channels of the rules not looked at", error=str(error) or "timeout")
            return False
        self._looked_at = ruleset.hash
        return True

    def _say(self, ruleset: Ruleset, rooms: Sequence[Room]) -> None:
        for fault in unreachable(ruleset, rooms):
            where = f"{fault.file}:{fault.line}"
            log.warning("channel not reached", rule=where, reason=fault.text)
            self._tell(text("📜 ", Code(where), f" {fault.text}; {fault.hint}"))
