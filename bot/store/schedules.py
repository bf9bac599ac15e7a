"""The schedules' side of the store: what waits for its time, time rules, what is open."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from bot.store import decisions, holding, open_subjects
from bot.store.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from bot.model import DeliveryId
    from bot.ports import Settled
    from bot.waiting import Due, Held, OpenSubject


class SchedulesWork(Part):
    async def plan_rules(self, wanted: Mapping[str, tuple[str, datetime]]) -> None:
        await self._backend.write(partial(holding.plan_rules, wanted=wanted), "schedules")

    async def hasten(self, wanted: Mapping[str, tuple[datetime, datetime]]) -> None:
        await self._backend.write(partial(holding.hasten, wanted=wanted), "schedules")

    async def claim_due(self, *, now: datetime, lease: timedelta) -> Due | None:
        do = partial(holding.claim, token=secrets.token_hex(8), now=now, lease=lease)
        return await self._backend.write(do)

    async def settle_due(
        self, due: Due, settled: Settled | None, *, next_due: datetime | None, now: datetime
    ) -> None:
        do = partial(decisions.settle_due, due=due, settled=settled, next_due=next_due, now=now)
        await self._backend.write(do, "outbox")

    async def set_aside(self, due: Due, until: datetime) -> None:
        await self._backend.write(partial(holding.set_aside, due=due, until=until))

    async def next_due(self) -> datetime | None:
        return await self._backend.read(holding.next_due)

    async def open_subjects(self, kind: str) -> tuple[OpenSubject, ...]:
        return await self._backend.read(partial(open_subjects.listed, kind=kind))

    async def held(self) -> tuple[Held, ...]:
        """What waits, oldest first."""
        return await self._backend.read(holding.listed)

    async def held_of(self, delivery: DeliveryId) -> tuple[tuple[Held, str | None], ...]:
        """What of a delivery waits or waited, with the id under which it was decided what became
        of it: `decision` of that id tells."""
        return await self._backend.read(partial(holding.of_delivery, delivery=delivery))
