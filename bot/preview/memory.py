"""A `PreviewStore` that forgets with the process: for tests and try-outs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.model import Place
from bot.ports import PreviewMessage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.model import Json


class MemoryPreview:
    def __init__(self) -> None:
        self._messages: dict[Place, PreviewMessage] = {}
        self._seq = 0
        self._last_ts: dict[str, int] = {}

    async def preview_post(
        self,
        channel: str,
        *,
        key: str,
        thread: str | None,
        broadcast: bool,
        rendered: Mapping[str, Json],
        now: datetime,
    ) -> Place:
        micros = max(int(now.timestamp() * 1_000_000), self._last_ts.get(channel, 0) + 1)
        self._last_ts[channel] = micros
        seconds, fraction = divmod(micros, 1_000_000)
        place = Place(channel=channel, ts=f"{seconds}.{fraction:06}")
        self._keep(
            place,
            PreviewMessage(
                seq=0,
                channel=channel,
                ts=place.ts,
                thread=thread,
                broadcast=broadcast,
                key=key,
                rendered=rendered,
                posted_at=now,
            ),
        )
        return place

    async def preview_edit(
        self, place: Place, rendered: Mapping[str, Json], *, now: datetime
    ) -> bool:
        message = self._messages.get(place)
        if message is None:
            return False
        self._keep(place, replace(message, rendered=rendered, edited_at=now))
        return True

    async def preview_react(self, place: Place, emoji: str, *, remove: bool) -> bool:
        message = self._messages.get(place)
        if message is None:
            return False
        if (emoji in message.reactions) == remove:
            others = tuple(name for name in message.reactions if name != emoji)
            kept = others if remove else (*others, emoji)
            self._keep(place, replace(message, reactions=kept))
        return True

    async def preview_find(
        self, channel: str, *, key: str, since: datetime, thread: str | None
    ) -> Place | None:
        for place, message in self._messages.items():
            if (message.channel, message.key, message.thread) == (channel, key, thread) and (
                message.posted_at >= since
            ):
                return place
        return None

    async def preview_note(self, place: Place, note: Mapping[str, Json]) -> None:
        message = self._messages.get(place)
        if message is not None:
            self._keep(place, replace(message, note={**message.note, **note}))

    async def preview_messages(
        self, *, since: int = 0, limit: int = 500
    ) -> tuple[PreviewMessage, ...]:
        changed = sorted((m for m in self._messages.values() if m.seq > since), key=lambda m: m.seq)
        return tuple(changed[:limit] if since else changed[-limit:])

    def _keep(self, place: Place, message: PreviewMessage) -> None:
        self._seq += 1
        self._messages[place] = replace(message, seq=self._seq)
