"""Channel ids by name, from what Slack lists and receipts taught; asked often, read rarely."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Chat, Clock

log = structlog.get_logger()

_FRESH: Final = timedelta(seconds=30)
_AFTER_FAILURE: Final = timedelta(minutes=2)
#: Decisions wait for the first listing, and must not wait long.
_LIST_S: Final = 10.0


class Learnt(Protocol):
    async def channel_ids(self) -> dict[str, str]:
        """Channel ids that receipts taught, by name without `#`."""


class Directory:
    def __init__(self, *, chat: Chat, store: Learnt, clock: Clock) -> None:
        self._chat = chat
        self._store = store
        self._clock = clock
        self._known: dict[str, str] = {}
        self._until: datetime | None = None
        self._refreshing = asyncio.Lock()

    async def ids(self) -> Mapping[str, str]:
        """By lower-case name without `#`; a name nobody knows is missing and stays a name."""
        async with self._refreshing:
            now = self._clock.now()
            if self._until is None or now >= self._until:
                self._until = now + _FRESH
                await self._refresh(now)
            return self._known

    async def id_of(self, name: str) -> str | None:
        """An id as it is; a `#name` by its id; None when nobody knows the name."""
        if not name.startswith("#"):
            return name
        return (await self.ids()).get(name[1:].lower())

    async def name_of(self, channel: str) -> str:
        """`#name` of an id, else the id as it is."""
        for name, known in (await self.ids()).items():
            if known == channel:
                return f"#{name}"
        return channel

    async def _refresh(self, now: datetime) -> None:
        try:
            learnt = await self._store.channel_ids()
        except StoreError as error:
            log.warning("learnt channels not read", error=str(error))
            learnt = {}
        listed: Mapping[str, str] = {}
        try:
            async with asyncio.timeout(_LIST_S):
                listed = await self._chat.channels()
        except (CallError, TimeoutError) as error:
            # Posting by name still works; only what needs ids waits for the first receipt.
            self._until = now + _AFTER_FAILURE
            log.warning("channels not listed", error=str(error) or "timeout")
        self._known = {
            name.lower(): channel for name, channel in {**self._known, **learnt, **listed}.items()
        }
