"""The events and fields that rules may name, as text and as JSON: `bot fields [EVENT]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot import events as families
from bot.rules.catalogue import ANY, Catalogue
from bot.rules.habits_events import event_hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.registry import Field, Spec


def as_json(event: str | None = None, *, specs: Iterable[Spec] | None = None) -> str:
    """`{"events": [{name, doc, fields: […]}]}`: of one word of `on:`, or of all. Raises KeyError
    with a hint for a word that is none."""
    return json.dumps(_found(event, specs), indent=2, ensure_ascii=False)


def as_text(event: str | None = None, *, specs: Iterable[Spec] | None = None) -> str:
    """Without an event the events; with one, its fields with type and meaning. Raises as above."""
    found: Mapping[str, Any] = _found(event, specs)
    if event is None:
        return _columns([(e["name"], e["doc"]) for e in found["events"]])
    fields: dict[str, tuple[str, str, str]] = {}
    for one in found["events"]:
        for field in one["fields"]:
            doc = field["doc"] + (" (from the forge's API)" if field["fetched"] else "")
            fields.setdefault(field["name"], (field["name"], field["type"], doc))
    rows = [*fields.values(), ("payload.…", "any", "the body as it came: payload.<path>")]
    title = ", ".join(one["name"] for one in found["events"])
    return f"{title}\n\n{_columns(rows)}"


def _found(event: str | None, specs: Iterable[Spec] | None) -> dict[str, Any]:
    catalogue = Catalogue.of(families.ALL if specs is None else specs)
    return {
        "events": [
            {
                "name": name,
                "doc": catalogue.events[name],
                "fields": [_field(field) for field in catalogue.of_event(name).values()],
            }
            for name in _names(event, catalogue)
        ]
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": field.type.value,
        "doc": field.doc,
        "path": field.path,
        "case_ignored": field.fold,
        "fetched": field.fetched,
    }


def _names(event: str | None, catalogue: Catalogue) -> tuple[str, ...]:
    if event is None or event == ANY:
        return tuple(catalogue.events)
    names = catalogue.expand(event)
    if names is None or any(name not in catalogue.events for name in names):
        raise KeyError(event_hint(event, catalogue))
    return names


def _columns(rows: Iterable[tuple[str, ...]]) -> str:
    table = list(rows)
    if not table:
        return ""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]) - 1)]
    return "\n".join(
        "  ".join((*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1])).rstrip()
        for row in table
    )
