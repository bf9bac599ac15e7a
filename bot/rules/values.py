"""Values of fields as JSON and back: what waits outlives the process, and the rules of its day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.model import Person, Ref

if TYPE_CHECKING:
    from bot.model import Json, Value


def dump_value(value: object) -> Json:
    """Texts, numbers and flags as they are, the rest as a map of one tagged member."""
    match value:
        case Person():
            return {"person": [value.username, value.name, value.id, value.bot]}
        case Ref():
            return {"ref": [value.label, value.url]}
        case timedelta():
            return {"duration": value.total_seconds()}
        case datetime():
            return {"time": value.isoformat()}
        case tuple() | list():
            return [dump_value(item) for item in value]
        case _:
            return value


def load_value(raw: Json) -> Any:  # a Value, or a tuple of them
    if isinstance(raw, list | tuple):
        return tuple(load_value(item) for item in raw)
    if not isinstance(raw, Mapping):
        return raw
    ((tag, held),) = raw.items()
    if tag == "person":
        username, name, id_, bot = held
        return Person(username=username, name=name, id=id_, bot=bot)
    if tag == "ref":
        return Ref(label=held[0], url=held[1])
    return timedelta(seconds=held) if tag == "duration" else datetime.fromisoformat(held)


def key_of(value: Value | None) -> str:
    """The value as one part of a key: what is the same has the same text."""
    if isinstance(value, tuple):
        return ",".join(sorted(key_of(item) for item in value))
    if isinstance(value, Person):
        return value.username.lower()
    if isinstance(value, Ref):
        # A label may be edited, an address stays.
        return value.url or value.label
    return "" if value is None else str(value)
