"""Says under a message that it comes late, or that it tells of something that was there already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from bot.message import Message, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.message import Text
    from bot.model import Action, Decision, Delivery
    from bot.ports import Clock

#: A process may hear of what was announced so much later: see `commands.catching`.
FRESH: Final = timedelta(seconds=5)
_ORIGIN: Final = "x-bot-origin"


class Announced(Protocol):
    async def late(self) -> Mapping[tuple[str, str], datetime]:
        """Deliveries that were missed and are sent again: when they should have come."""


class Lateness:
    """Tells what comes late, and marks its messages."""

    def __init__(self, store: Announced, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: Mapping[tuple[str, str], datetime] = {}
        self._read_at: datetime | None = None

    async def mark(self, delivery: Delivery, decision: Decision) -> Decision:
        note = await self._note(delivery)
        if note is None:
            return decision
        return replace(decision, actions=tuple(_marked(one, note) for one in decision.actions))

    async def missed(self, delivery: Delivery) -> datetime | None:
        """When it should have come; None when it came in time."""
        return (await self._late()).get((delivery.hook, delivery.key))

    async def _note(self, delivery: Delivery) -> Text | None:
        if delivery.headers.get(_ORIGIN) == "open":
            return text("it was open already when its hook was made")
        at = await self.missed(delivery)
        if at is None:
            return None
        return text(f"🕰 late: this was at {at:%Y-%m-%d %H:%M} UTC, while the bot was away")

    async def _late(self) -> Mapping[tuple[str, str], datetime]:
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= FRESH:
            self._known = await self._store.late()
            self._read_at = now
        return self._known


def _marked(action: Action, note: Text) -> Action:
    if action.message is None:
        return action
    message: Message = action.message
    return replace(action, message=replace(message, context=(*message.context, note)))
