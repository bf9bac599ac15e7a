"""What waits as a column: the action and what its release needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from bot.actions.values import dump_value, load_value
from bot.message import dump_text, load_text
from bot.model import DeliveryId, Person, Ref
from bot.store.codec import dump_action, load_action
from bot.waiting import Held

if TYPE_CHECKING:
    from collections.abc import Mapping


def dump_held(one: Held) -> dict[str, Any]:
    return {
        "key": one.key,
        "kind": one.kind,
        "rule": one.rule,
        "file": one.file,
        "line": one.line,
        "delivery": one.delivery,
        "at": one.at.isoformat(),
        "due": one.due.isoformat(),
        "latest": one.latest.isoformat(),
        "action": dump_action(one.action),
        "mentions": dump_text(one.mentions),
        "text": one.text,
        "names": one.names,
        "fields": {name: dump_value(value) for name, value in one.fields.items()},
        "about": dump_value(one.about),
        "actor": dump_value(one.actor),
        "changes": one.changes,
    }


def load_held(raw: Mapping[str, Any]) -> Held:
    fields = {name: load_value(value) for name, value in raw["fields"].items()}
    return Held(
        key=raw["key"],
        kind=raw["kind"],
        rule=raw["rule"],
        file=raw["file"],
        line=raw["line"],
        delivery=DeliveryId(raw["delivery"]),
        at=datetime.fromisoformat(raw["at"]),
        due=datetime.fromisoformat(raw["due"]),
        latest=datetime.fromisoformat(raw["latest"]),
        action=load_action(raw["action"]),
        mentions=load_text(raw["mentions"]),
        text=raw["text"],
        names=tuple(raw["names"]),
        fields={name: value for name, value in fields.items() if value is not None},
        about=cast("Ref | None", load_value(raw["about"])),
        actor=cast("Person | None", load_value(raw["actor"])),
        changes=tuple((topic, direction) for topic, direction in raw["changes"]),
    )
