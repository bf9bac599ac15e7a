"""The state of one claim: what the store held, then what its decisions changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.rules.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.model import Json, Needs, SubjectKey, Thread


class Memories(Protocol):
    """The part of the store that decisions read."""

    async def load_state(
        self, memory: Sequence[str], threads: Sequence[SubjectKey]
    ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]: ...


class Overlay(Remembered):
    """Belongs to one claim, as a lane's state does."""

    def __init__(self, stored: Memories) -> None:
        super().__init__()
        self._stored = stored

    async def load(self, needs: Needs) -> None:
        missing = self.missing(needs)
        if missing.memory or missing.threads:
            self.learn(*await self._stored.load_state(missing.memory, missing.threads))
