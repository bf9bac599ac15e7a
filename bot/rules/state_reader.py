"""Reads the state that was loaded for a decision, and notes what was not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Needs

if TYPE_CHECKING:
    from bot.model import Json, State, SubjectKey, Thread


class StateReader:
    """Reads the loaded state and notes what was not loaded."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._memory: dict[str, None] = {}
        self._threads: dict[SubjectKey, None] = {}

    def get(self, key: str) -> Json:
        if key not in self._state.memory and not self._state.whole:
            self._memory[key] = None
        return self._state.memory.get(key)

    def threads(self, key: SubjectKey) -> tuple[Thread, ...]:
        if key not in self._state.threads and not self._state.whole:
            self._threads[key] = None
        return self._state.threads.get(key, ())

    @property
    def needs(self) -> Needs | None:
        if not self._memory and not self._threads:
            return None
        return Needs(memory=tuple(self._memory), threads=tuple(self._threads))
