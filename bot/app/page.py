"""Gives the page what it shows, and does what is asked for there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

from bot.app.late import read
from bot.browsing import About
from bot.errors import PayloadError
from bot.message import one_line
from bot.rules.report_text import as_text
from bot.rules.times import zone
from bot.slack.blocks import blocks
from bot.worker.understanding import understand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.browsing import Stretch, Wanted
    from bot.message import Message
    from bot.model import Delivery, DeliveryId, DeliverySummary, Event, Json, OutboxItem
    from bot.ports import Clock
    from bot.store import Store

#: Deliveries whose few words are remembered: an open page asks for the same ones again and again.
_REMEMBERED: Final = 1_000
_LONGEST: Final = 100
_SIGNS: Final = {"mr": "!", "issue": "#", "pipeline": "#"}


class Reads:
    """`web.ConsoleReads` over the store."""

    def __init__(self, store: Store) -> None:
        self.preview_messages = store.preview_messages
        self.decision_trace = store.decision
        self.delivery = store.delivery
        self.backlog = store.backlog
        self._store = store
        self._about: OrderedDict[str, About | None] = OrderedDict()

    async def browse(
        self, wanted: Wanted, *, limit: int, before: DeliveryId | None
    ) -> tuple[Stretch, Mapping[str, About]]:
        stretch = await self._store.browse(wanted, limit=limit, before=before)
        found: dict[str, About] = {}
        for one in stretch.found:
            if one.delivery is None:
                continue
            # Reading a body is a long step; whoever waits for the loop goes first.
            await asyncio.sleep(0)
            about = self.about(one.delivery)
            if about is not None:
                found[one.summary.id] = about
        return stretch, found

    def about(self, delivery: Delivery) -> About | None:
        if delivery.id not in self._about:
            self._about[delivery.id] = about(delivery)
            while len(self._about) > _REMEMBERED:
                self._about.popitem(last=False)
        return self._about[delivery.id]

    async def explained(self, delivery: DeliveryId) -> str | None:
        await read("bot.commands.tracing")
        from bot.commands.tracing import report_of

        found = await report_of(self._store, delivery)
        if found is None:
            return None
        told, ruleset = found
        if ruleset is None:
            return as_text(told, UTC, {})
        aliases = {one.to: one.alias for one in ruleset.channels.values()}
        return as_text(told, zone(ruleset.timezone) or UTC, aliases)

    async def recent_deliveries(self, *, limit: int) -> tuple[DeliverySummary, ...]:
        return await self._store.list_deliveries(limit=limit)

    async def dead_items(self, *, limit: int) -> tuple[OutboxItem, ...]:
        return await self._store.list_outbox(state="dead", limit=limit)


class Repairs:
    """`web.ConsoleRepairs` over the store."""

    def __init__(self, store: Store, clock: Clock, new_id: Callable[[], DeliveryId]) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def replay(self, original: DeliveryId) -> DeliveryId:
        copy = self._new_id()
        await self._store.replay_delivery(original, copy=copy, now=self._clock.now())
        return copy

    async def retry(self, ids: Sequence[str] | None) -> int:
        return await self._store.retry_outbox(ids, now=self._clock.now())

    async def drop(self, item: str) -> bool:
        return await self._store.drop_outbox(item, now=self._clock.now())


def about(delivery: Delivery) -> About | None:
    """Who did what, in a few words; None when nobody can read it."""
    try:
        event = understand(delivery)
    except PayloadError:
        return None
    return About(
        project=event.project.path if event.project is not None else "",
        who=event.actor.username if event.actor is not None else "",
        what=one_line(_what(event))[:_LONGEST],
        url=event.url,
    )


def _what(event: Event) -> str:
    """`!7 Add a cache`, or the branch or tag."""
    fields = event.fields
    number, sign = fields.get("iid"), _SIGNS.get(event.kind, "")
    parts = (f"{sign}{number}" if number is not None and sign else "", fields.get("title") or "")
    found = " ".join(str(part) for part in parts if part)
    return found or str(fields.get("branch") or fields.get("tag") or "")


def render(message: Message) -> Mapping[str, Json]:
    """As Slack's JSON: `text`, `blocks`, `attachments`."""
    return asdict(blocks(message))
