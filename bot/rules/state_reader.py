"""Reads the state that was loaded for a decision, and notes what was not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Needs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.model import Json, State, SubjectKey, Thread


class StateReader:
    """Reads the loaded state and notes what was not loaded."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._memory: dict[str, None] = {}
        self._threads: dict[SubjectKey, None] = {}
        self._facts: dict[str, None] = {}

    def get(self, key: str) -> Json:
        if key not in self._state.memory and not self._state.whole:
            self._memory[key] = None
        return self._state.memory.get(key)

    def threads(self, key: SubjectKey) -> tuple[Thread, ...]:
        if key not in self._state.threads and not self._state.whole:
            self._threads[key] = None
        return self._state.threads.get(key, ())

    def unknown(self, names: Iterable[str]) -> tuple[str, str] | None:
        """The first of the fields that the forge's API did not tell, and why not."""
        for name in names:
            if name in self._state.unknown:
                return name, self._state.unknown[name]
        return None

    def told(self, names: Iterable[str]) -> bool:
        """Whether the forge's API was asked for all of the fields; else it will be."""
        missing = [name for name in names if name not in self._state.facts]
        self._facts |= dict.fromkeys(missing)
        return not missing

    def wish(self, names: Iterable[str]) -> None:
        """The forge's API is asked for those of the fields that it did not fail to tell before."""
        known = {*self._state.facts, *self._state.unknown}
        self._facts |= {name: None for name in names if name not in known}

    @property
    def offline(self) -> bool:
        return self._state.offline

    @property
    def past(self) -> bool:
        """It is replayed, and there is nobody to ask: nothing is guessed."""
        return self._state.whole and self._state.offline

    @property
    def asking(self) -> bool:
        """Something was missing: what is decided now will be decided again."""
        return bool(self._memory or self._threads or self._facts)

    @property
    def needs(self) -> Needs | None:
        if not self.asking:
            return None
        return Needs(
            memory=tuple(self._memory), threads=tuple(self._threads), facts=tuple(self._facts)
        )
