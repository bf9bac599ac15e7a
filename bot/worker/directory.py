"""Channel ids by name, from what Slack lists and listed before; asked often, read rarely."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import CallError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from bot.outside import Chat
    from bot.ports import Clock

log = structlog.get_logger()

_FRESH: Final = timedelta(seconds=30)
_AFTER_FAILURE: Final = timedelta(minutes=2)
#: What other processes learnt: a thread is filed by the id at once, and must be found by it.
_LEARNT_FRESH: Final = timedelta(seconds=1)
#: Decisions wait for the first listing, and must not wait long.
_LIST_S: Final = 10.0


class Learnt(Protocol):
    async def channel_ids(self) -> dict[str, str]:
        """Channel ids that receipts and listings taught, by name without `#`."""

    async def learn_channels(self, ids: Mapping[str, str]) -> None:
        """By `#name`."""


class Directory:
    def __init__(
        self,
        *,
        chat: Chat,
        store: Learnt,
        clock: Clock,
        used: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`used`: the `#names` of which threads and lanes are filed under the channels' ids. Their
        ids are kept: after a start at which Slack lists nothing they must be found there."""
        self._chat = chat
        self._store = store
        self._clock = clock
        self._used = used
        self._learnt: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._listed: dict[str, str] = {}
        self._shared: frozenset[str] = frozenset()
        self._list_at: datetime | None = None
        self._learn_at: datetime | None = None
        self._refreshing = asyncio.Lock()

    async def ids(self) -> Mapping[str, str]:
        """By lower-case name without `#`; a name nobody knows is missing and stays a name."""
        now = self._clock.now()
        # Whoever asks while it is read waits for what is read.
        if self._refreshing.locked() or not self._fresh(now):
            await self._refresh(now)
        return self._known

    def _fresh(self, now: datetime) -> bool:
        learnt, listed = self._learn_at, self._list_at
        return learnt is not None and listed is not None and now < min(learnt, listed)

    async def _refresh(self, now: datetime) -> None:
        async with self._refreshing:
            if self._learn_at is None or now >= self._learn_at:
                self._learn_at = now + _LEARNT_FRESH
                await self._read_learnt()
            if self._list_at is None or now >= self._list_at:
                self._list_at = now + _FRESH
                await self._list(now)

    async def shared(self) -> frozenset[str]:
        """Ids of channels that people of another organisation read, as far as they are listed;
        before a message is sent it is asked again."""
        await self.ids()
        return self._shared

    def learn(self, name: str, channel: str) -> None:
        """A receipt is about to say that `#name` is that channel."""
        self._add({name.removeprefix("#"): channel})

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

    async def _read_learnt(self) -> None:
        try:
            self._learnt = await self._store.channel_ids()
        except StoreError as error:
            log.warning("learnt channels not read", error=str(error))
        self._add(self._learnt)

    async def _list(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(_LIST_S):
                listed = await self._chat.channels()
                self._shared = await self._chat.shared_channels()
        except (CallError, TimeoutError) as error:
            # Posting by name still works; only what needs ids waits for the first receipt.
            self._list_at = now + _AFTER_FAILURE
            log.warning("channels not listed", error=str(error) or "timeout")
            return
        self._listed = {name.lower(): channel for name, channel in listed.items()}
        self._add({})
        await self._keep()

    async def _keep(self) -> None:
        found = ((name, self._listed.get(name[1:].lower())) for name in sorted(self._used()))
        fresh = {name: id_ for name, id_ in found if id_ and self._learnt.get(name[1:]) != id_}
        if fresh:
            try:
                await self._store.learn_channels(fresh)
            except StoreError as error:
                log.warning("listed channels not kept", error=str(error))

    def _add(self, learnt: Mapping[str, str]) -> None:
        """What Slack lists now is truer than what was learnt before."""
        lower = {name.lower(): channel for name, channel in learnt.items()}
        self._known = {**self._known, **lower, **self._listed}
