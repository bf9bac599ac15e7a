"""Fields that only the forge's API knows: which of them an event has and does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.model import Event
    from bot.registry import Spec
    from bot.rules.state_reader import StateReader


class Facts:
    """Asks for a rule's fields, once its cheap conditions hold."""

    def __init__(self, event: Event, spec: Spec, reader: StateReader) -> None:
        self._event = event
        self._spec = spec
        self._reader = reader
        self._askable: frozenset[str] | None = None

    def unknown(self, names: Iterable[str]) -> str | None:
        """Why one of the fields cannot be known; None when all are, or will be asked for: see
        `missing`."""
        found = self._reader.unknown(self._lacking(names))
        return None if found is None else f"`{found[0]}` is not known: {found[1]}"

    def missing(self, names: Iterable[str]) -> bool:
        """Whether one of the fields must be asked for first; it is from now on."""
        lacking = self._lacking(names)
        return bool(lacking) and not self._reader.told(lacking)

    def wish(self, names: Iterable[str]) -> None:
        """Asks for fields that no rule depends on, as far as there is an API to ask."""
        if not self._reader.offline:
            self._reader.wish(self._lacking(names))

    def _lacking(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those that this event has at its forge and did not bring."""
        fields = self._event.fields
        absent = tuple(name for name in names if name not in fields)
        if not absent:
            return absent
        if self._askable is None:
            said = set(self._event.names)
            self._askable = frozenset(
                field.name
                for field in self._spec.fields
                if (field.fetched or field.completed) and (not field.only or said & {*field.only})
            )
        return tuple(name for name in absent if name in self._askable)
