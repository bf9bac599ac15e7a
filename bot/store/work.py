"""The two loops' side of the store: deliveries to decide, actions to carry out."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot.model import DeliveryId
from bot.ports import Next
from bot.store import audit, carrying, decisions, deliveries, lanes, memory, outbox, threads
from bot.store.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from bot.model import Action, Json, Lane, OutboxItem, Place, SubjectKey, Thread
    from bot.ports import Carried, Claim, Decided, Turned
    from bot.store.audit import Audited

_KINDS: Final[Mapping[str, str]] = {"deliveries": lanes.DECIDE, "outbox": lanes.SEND}


class DecidingWork(Part):
    async def settle_and_claim_deliveries(
        self, made: Sequence[Decided], *, now: datetime, lease: timedelta, lanes: int, limit: int
    ) -> Next:
        settled = any(each.settled for each in made)
        token = _token()

        def turn(conn: Connection) -> tuple[tuple[Claim, ...], list[Any]]:
            lost = decisions.settle(conn, made, now=now) if made else ()
            claim = partial(deliveries.claim, token=token, now=now, lease=lease)
            return lost, claim(conn, most=lanes, limit=limit) if lanes else []

        lost, claimed = await self._backend.write(turn, *(("outbox",) if settled else ()))
        return Next(lost=lost, claimed=deliveries.unpack_claims(claimed))

    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]:
        return await self._backend.read(partial(memory.load, keys=keys))

    async def load_state(
        self, keys: Sequence[str], subjects: Sequence[SubjectKey]
    ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]:
        """Threads: in each channel at most one card and one other root, the card last."""

        def load(
            conn: Connection,
        ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]:
            return memory.load(conn, keys), threads.load(conn, subjects)

        return await self._backend.read(load)

    async def channel_ids(self) -> dict[str, str]:
        """What receipts and listings taught: channel ids by name without `#`."""
        return await self._backend.read(threads.channel_ids)

    async def learn_channels(self, ids: Mapping[str, str]) -> None:
        """By `#name` as rules write it; threads that were filed under the name move along."""
        await self._backend.write(partial(threads.learn, ids=ids))

    async def decision(self, delivery: DeliveryId) -> dict[str, Any] | None:
        """The trace as JSON, with the state of each action; None when it was not decided."""
        return await self._backend.read(partial(decisions.find, delivery=delivery))


class SendingWork(Part):
    async def settle_and_claim(
        self, carried: Sequence[Carried], *, now: datetime, lease: timedelta, limit: int
    ) -> Turned:
        turn = partial(carrying.turn, carried=carried, token=_token(), limit=limit)
        return await self._backend.write(partial(turn, now=now, lease=lease))

    async def enqueue(self, actions: Sequence[tuple[Action, Lane]], *, now: datetime) -> None:
        """Into the outbox, outside of any delivery's decision."""
        planned = [
            (DeliveryId(action.id.rpartition(".")[0]), action, lane) for action, lane in actions
        ]
        await self._backend.write(partial(outbox.plan, planned=planned, now=now), "outbox")

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> Claim:
        return await self._backend.write(partial(lanes.renew, held=claim, now=now, lease=lease))

    async def hold(self, prefix: str, until: datetime) -> None:
        """Also lanes that are made later; an earlier end than one that is set changes nothing."""
        await self._backend.write(partial(lanes.hold, prefix=prefix, until=until))

    async def next_ready(self, *, now: datetime, topic: str | None = None) -> datetime | None:
        """Never before `now`. `topic`: of the lanes of `deliveries` or `outbox` only."""
        kind = _KINDS[topic] if topic is not None else None
        return await self._backend.read(partial(lanes.next_ready, now=now, kind=kind))

    async def list_audit(
        self, *, limit: int = 100, project: str | None = None
    ) -> tuple[Audited, ...]:
        """What rules did outside of chat and people by commands, newest first."""
        return await self._backend.read(partial(audit.listed, limit=limit, project=project))

    async def list_outbox(
        self, *, state: str | None = None, limit: int = 100
    ) -> tuple[OutboxItem, ...]:
        """Oldest first; those that wait, are under way or dead when no state is named."""
        return await self._backend.read(partial(outbox.listed, state=state, limit=limit))

    async def done_at(self, place: Place, *, limit: int = 50) -> tuple[OutboxItem, ...]:
        """What was done to the message at that place, oldest first."""
        return await self._backend.read(partial(outbox.at_place, place=place, limit=limit))

    async def retry_outbox(self, ids: Sequence[str] | None = None, *, now: datetime) -> int:
        """Puts dead items back in their lanes, all of them when None; how many those were."""
        return await self._backend.write(partial(outbox.retry, ids=ids, now=now), "outbox")

    async def drop_outbox(self, item: str, *, now: datetime) -> bool:
        """Gives up a dead or waiting item for good; False when it is neither."""
        return await self._backend.write(partial(outbox.drop, item=item, now=now))


def _token() -> str:
    return secrets.token_hex(8)
