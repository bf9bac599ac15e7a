"""Fields' values as JSON and back: for what is fetched once, and for texts rendered later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.model import Person, Ref

if TYPE_CHECKING:
    from bot.model import Json, Value

#: Marks what JSON has no form of its own for; no field's value is an object.
_KIND: Final = "~"


def dump_value(value: Value | None) -> Json:
    if isinstance(value, tuple):
        return [dump_value(item) for item in value]
    if isinstance(value, Person):
        # Addresses are looked at, not kept.
        return {_KIND: "person", **asdict(replace(value, email=""))}
    if isinstance(value, Ref):
        return {_KIND: "ref", **asdict(value)}
    if isinstance(value, timedelta):
        return {_KIND: "duration", "s": value.total_seconds()}
    if isinstance(value, datetime):
        return {_KIND: "time", "at": value.isoformat()}
    return value


def load_value(raw: Json) -> Value | None:
    """What `dump_value` wrote."""
    if isinstance(raw, list):
        return tuple(load_value(item) for item in raw)  # type: ignore[return-value] # of one kind
    if isinstance(raw, Mapping):
        return _KINDS[raw[_KIND]]({key: item for key, item in raw.items() if key != _KIND})
    value: Value | None = raw
    return value


_KINDS: Final[Mapping[str, Callable[[dict[str, Any]], Value]]] = {
    "person": lambda raw: Person(**raw),
    "ref": lambda raw: Ref(**raw),
    "duration": lambda raw: timedelta(seconds=raw["s"]),
    "time": lambda raw: datetime.fromisoformat(raw["at"]),
}
