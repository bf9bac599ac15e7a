"""The state of one claim: what the store held, then what its decisions changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.rules.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import Json, Needs, SubjectKey, Thread


class Memories(Protocol):
    """The part of the store that decisions read."""

    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]: ...

    async def load_threads(
        self, subjects: Sequence[SubjectKey]
    ) -> dict[SubjectKey, tuple[Thread, ...]]: ...


class Overlay(Remembered):
    """Belongs to one claim, as a lane's state does."""

    def __init__(self, stored: Memories) -> None:
        super().__init__()
        self._stored = stored

    async def load(self, needs: Needs) -> None:
        missing = self.missing(needs)
        self.learn(
            await self._stored.load_memory(missing.memory) if missing.memory else {},
            await self._stored.load_threads(missing.threads) if missing.threads else {},
        )
