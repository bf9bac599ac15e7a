"""The store as the other parts see it: every port that keeps something."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from bot.store import deliveries, forgetting, history, lanes
from bot.store.appending import Appender
from bot.store.browsing import BrowsingRecords
from bot.store.deploy_keys import DeployKeyRecords
from bot.store.erasing import ErasingRecords
from bot.store.late import LateRecords
from bot.store.mutes import MuteRecords
from bot.store.once import OnceRecords
from bot.store.pace import Pace
from bot.store.past import PastRecords
from bot.store.people import PeopleRecords
from bot.store.records import HookRecords, JobRecords, PreviewRecords, RulesetRecords
from bot.store.resealing import Resealing
from bot.store.schedules import SchedulesWork
from bot.store.sessions import SessionRecords
from bot.store.stepping import SteppingRecords
from bot.store.turns import TurnRecords
from bot.store.work import DecidingWork, SendingWork

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from bot.model import Delivery, DeliveryId, DeliverySummary, Json, Lane
    from bot.store.engine import Backend
    from bot.store.vault import Vault
    from bot.waiting import Backlog

#: Compressing a body of this many bytes would stop the event loop for milliseconds.
_LARGE: Final = 256 * 1024


class Store(
    DecidingWork,
    SchedulesWork,
    SendingWork,
    HookRecords,
    JobRecords,
    RulesetRecords,
    PreviewRecords,
    OnceRecords,
    MuteRecords,
    DeployKeyRecords,
    LateRecords,
    TurnRecords,
    Resealing,
    ErasingRecords,
    PastRecords,
    PeopleRecords,
    SessionRecords,
    SteppingRecords,
    BrowsingRecords,
):
    """Implements Inbox, Deciding, Sending, Wakeups, Hooks, Jobs, Rulesets and PreviewStore."""

    def __init__(self, backend: Backend, vault: Vault) -> None:
        super().__init__(backend, vault)
        self._appender = Appender(backend)

    # -- Inbox -------------------------------------------------------------------------------

    def append(self, delivery: Delivery) -> Awaitable[bool]:
        if len(delivery.body) > _LARGE:
            return self._append_large(delivery)
        return self._appender.append(deliveries.pack_delivery(delivery))

    async def _append_large(self, delivery: Delivery) -> bool:
        row = await asyncio.to_thread(deliveries.pack_delivery, delivery)
        return await self._appender.append(row)

    async def probe(self) -> None:
        await self._backend.write(deliveries.probe)

    # -- Wakeups -----------------------------------------------------------------------------

    async def wait(self, topic: str, timeout_s: float) -> None:
        """Also `preview`."""
        await self._backend.wait(topic, timeout_s)

    # -- lanes -------------------------------------------------------------------------------

    async def busy_lanes(self, keys: Sequence[Lane]) -> frozenset[Lane]:
        return await self._backend.read(partial(lanes.busy, keys=keys))

    # -- history -----------------------------------------------------------------------------

    async def list_deliveries(
        self,
        *,
        limit: int = 50,
        before: DeliveryId | None = None,
        status: str | None = None,
        project: str | None = None,
    ) -> tuple[DeliverySummary, ...]:
        """Newest first, those older than `before`."""
        do = partial(
            deliveries.summaries, limit=limit, before=before, status=status, project=project
        )
        return await self._backend.read(do)

    async def delivery(self, delivery: DeliveryId) -> tuple[Delivery, str] | None:
        """With its status."""
        row = await self._backend.read(partial(deliveries.find, delivery=delivery))
        return None if row is None else (deliveries.unpack_row(row), row.status)

    async def replay_delivery(
        self, original: DeliveryId, *, copy: DeliveryId, now: datetime
    ) -> None:
        """Has it decided again, as a new delivery with the id `copy`. StoreError when unknown."""
        do = partial(deliveries.replay, original=original, copy=copy, now=now)
        await self._backend.write(do, "deliveries")

    async def backlog(self) -> Backlog:
        return await self._backend.read(history.backlog)

    async def prune(
        self,
        *,
        before: datetime,
        forgotten: Callable[[str, int], None] = lambda _table, _rows: None,
    ) -> int:
        """Forgets what ended before then, a little at a time; how many rows that were.
        `forgotten` is told of each step."""
        gone = 0
        for kind in forgetting.KINDS:
            gone += await self._forget(kind, before, forgotten)
        gone += await self._backend.write(partial(lanes.forget_idle, before=before))
        await self._backend.shrink()
        return gone

    async def _forget(
        self, kind: forgetting.Kind, before: datetime, forgotten: Callable[[str, int], None]
    ) -> int:
        gone = 0
        pace = Pace(first=forgetting.STEP // 10, least=5, most=forgetting.STEP)
        while keys := await self._backend.read(partial(kind.find, before=before)):
            some, start = 0, 0
            while start < len(keys):
                step = keys[start : start + pace.step]
                start += len(step)
                do = partial(kind.forget, keys=step, before=before)
                rows = await pace.take(self._backend.write, do)
                forgotten(kind.table.name, rows)
                some += rows
            gone += some
            if not some or len(keys) < forgetting.FIND:
                break
        return gone

    async def set_meta(self, key: str, value: Json) -> None:
        await self._backend.write(partial(history.set_meta, key=key, value=value))

    async def get_meta(self, key: str) -> Json:
        """None when it was never set."""
        return await self._backend.read(partial(history.get_meta, key=key))
