"""Gives the page what it shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.slack.blocks import blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Message
    from bot.model import DeliverySummary, Json, OutboxItem
    from bot.store import Store


class Reads:
    """`web.ConsoleReads` over the store."""

    def __init__(self, store: Store) -> None:
        self.preview_messages = store.preview_messages
        self.decision_trace = store.decision
        self.backlog = store.backlog
        self._store = store

    async def recent_deliveries(self, *, limit: int) -> tuple[DeliverySummary, ...]:
        return await self._store.list_deliveries(limit=limit)

    async def dead_items(self, *, limit: int) -> tuple[OutboxItem, ...]:
        return await self._store.list_outbox(state="dead", limit=limit)


def render(message: Message) -> Mapping[str, Json]:
    """As Slack's JSON: `text`, `blocks`, `attachments`."""
    return asdict(blocks(message))
