"""Reports on stored deliveries: for `/hook why` and `bot explain`."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from bot import events
from bot.actions.values import load_value
from bot.errors import BotError, PayloadError
from bot.model import DeliveryId, Place
from bot.payload import read_object
from bot.registry import Source
from bot.rules.load import load
from bot.rules.report import Report, load_trace, report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Delivery, DeliverySummary, Event, Json, OutboxItem
    from bot.ports import StoredRuleset
    from bot.rules.ruleset import Ruleset


class History(Protocol):
    """What is kept of deliveries, decisions and rules."""

    async def delivery(self, delivery: DeliveryId) -> tuple[Delivery, str] | None:
        """With its status."""

    async def decision(self, delivery: DeliveryId) -> Mapping[str, Json] | None: ...

    async def ruleset(self, hash_: str) -> StoredRuleset | None: ...

    async def done_at(self, place: Place, *, limit: int = 50) -> tuple[OutboxItem, ...]:
        """What was done to a message, oldest first."""

    async def list_deliveries(
        self, *, limit: int = 50, project: str | None = None
    ) -> tuple[DeliverySummary, ...]:
        """Newest first."""


_PERMALINK: Final = re.compile(
    r"https?://[^/\s]+/archives/([A-Z0-9]+)/p([0-9]{10,})([0-9]{6})(?:[?#].*)?"
)
#: As the message shortcut passes it on.
_PLACE: Final = re.compile(r"([^\s/]+)/([0-9]{10,}\.[0-9]{6})")


def place_of(link: str) -> Place | None:
    """The message that a Slack permalink (or `C0123/1763844574.000100`) names."""
    found = _PERMALINK.fullmatch(link)
    if found is not None:
        return Place(channel=found[1], ts=f"{found[2]}.{found[3]}")
    found = _PLACE.fullmatch(link)
    return Place(channel=found[1], ts=found[2]) if found is not None else None


def understand(delivery: Delivery) -> Event:
    """Raises PayloadError."""
    source = Source(forge=delivery.forge, instance=delivery.instance, event=delivery.event)
    return events.understand(source, read_object(delivery.body))


async def report_of(
    history: History, delivery: DeliveryId, *, everything: bool = False
) -> tuple[Report, Ruleset | None] | None:
    """With the rules it was decided by, when they are kept and still load; None when the
    delivery is not known or not decided. Also of what fell due by itself, which has no event."""
    kept, raw = await history.delivery(delivery), await history.decision(delivery)
    if raw is None:
        return None
    came_at = kept[0].received_at if kept else datetime.fromisoformat(raw["decided_at"])
    values = {name: load_value(value) for name, value in raw.get("learned", {}).items()}
    trace = load_trace(raw, {name: value for name, value in values.items() if value is not None})
    ruleset = await _ruleset(history, trace.ruleset)
    try:
        event = understand(kept[0]) if kept is not None else None
    except PayloadError:
        event = None
    # Of hundreds of patterns and files it says which come near: not in the loop.
    told = await asyncio.to_thread(
        report,
        str(delivery),
        trace,
        event=event,
        ruleset=ruleset,
        received_at=came_at,
        everything=everything,
    )
    return told, ruleset


async def _ruleset(history: History, hash_: str) -> Ruleset | None:
    stored = await history.ruleset(hash_)
    if stored is None:
        return None
    try:
        # Thousands of rules take seconds to compile: not in the loop.
        return await asyncio.to_thread(load, stored.files, stored.entry)
    except BotError:
        return None
