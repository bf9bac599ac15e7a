"""Takes bodies in that no hook delivered: what was open before there was one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from bot.forges import ALL
from bot.model import Delivery, Lane
from bot.outside import Received
from bot.web.ids import delivery_ids

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from datetime import datetime

    from bot.deploy_keys import KeyRecord
    from bot.model import HookRecord, Json
    from bot.ports import Clock

#: Says in a delivery's headers what kind of delivery it is; forges cannot set it.
ORIGIN = "x-bot-origin"


class Keeper(Protocol):
    """What the commands ask of the store besides."""

    def append(self, delivery: Delivery) -> Awaitable[bool]: ...

    async def received_keys(self, hook: str, keys: Sequence[str]) -> frozenset[str]: ...

    async def announce_late(self, hook: str, keys: Mapping[str, datetime]) -> None: ...

    async def deploy_keys(self, *, project: str | None = None) -> tuple[KeyRecord, ...]: ...

    async def save_deploy_key(self, key: KeyRecord) -> None: ...


class Feeder:
    """`commands.spec.Feed`."""

    def __init__(self, store: Keeper, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._new_id = delivery_ids(clock)

    async def __call__(
        self, record: HookRecord, body: Mapping[str, Json], *, event: str, key: str
    ) -> bool:
        raw = json.dumps(body).encode()
        (forge,) = (one for one in ALL if one.name == record.forge)
        found = forge.identify(Received(headers={}, body=raw), body)
        lane = f"decide:{record.instance}:{found.project_id or f'hook-{record.id}'}"
        delivery = Delivery(
            id=self._new_id(),
            forge=record.forge,
            instance=record.instance,
            hook=record.id,
            key=key,
            event=event,
            lane=Lane(lane),
            headers={"content-type": "application/json", ORIGIN: "open"},
            body=raw,
            received_at=self._clock.now(),
        )
        return await self._store.append(delivery)
