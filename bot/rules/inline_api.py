"""`api:` of inline tests: what the forge's API would say, as values of the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Person
from bot.registry import FieldType
from bot.rules.faults import did_you_mean
from bot.rules.nodes import Node, Scalar, Seq, kind_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Value
    from bot.rules.reading import Reading


def read_api(node: Node | None, reading: Reading) -> Mapping[str, Value | None]:
    """None for a field that the API knows to have no value."""
    table = reading.map_of(node, "api") if node is not None else None
    found: dict[str, Value | None] = {}
    for key, value in table.entries if table is not None else ():
        if key.text in reading.catalogue.askable:
            found[key.text] = _value(key.text, value, reading)
            continue
        known = key.text in reading.catalogue.fields
        told = f"no API is asked for `{key.text}`" if known else f"unknown field `{key.text}`"
        hint = "give it under `with:`" if known else None
        reading.faults.add(key, told, hint or did_you_mean(key.text, reading.catalogue.askable))
    return found


def _value(name: str, node: Node, reading: Reading) -> Value | None:
    if isinstance(node, Scalar) and node.is_null:
        return None
    kind = reading.catalogue.fields[name].type
    if kind is FieldType.TEXTS:
        return tuple(_text(item, name, reading) for item in _items(node))
    if kind is FieldType.PEOPLE:
        return tuple(Person(username=_text(item, name, reading)) for item in _items(node))
    if kind is FieldType.PERSON:
        return Person(username=_text(node, name, reading))
    number = node.as_number() if isinstance(node, Scalar) else None
    if kind is FieldType.NUMBER and number is None:
        reading.faults.add(node, f"{kind_word(node)} is no value of `{name}`", f"{name}: 2")
    return number if kind is FieldType.NUMBER else _text(node, name, reading)


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Seq) else (node,)


def _text(node: Node, name: str, reading: Reading) -> str:
    return reading.text(node, name) or ""
