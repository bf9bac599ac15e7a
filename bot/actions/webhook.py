"""`webhook`: calls another server with what the rule says of the event, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from bot.actions import plan as planning
from bot.actions.late import awaited, slot
from bot.message import dump_text
from bot.model import Call, Lane

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, View, Withheld
    from bot.actions.spec import ActionSpec, Template
    from bot.model import Json

TIMEOUT_S: Final = 10.0
#: Marks a text among the JSON that a rule gives.
TEXT: Final = "~text"
_BODILESS: Final = frozenset({"GET", "DELETE"})


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """The address is the rule's, never an event's; one that is a secret is known by its name."""
    view = to.view
    if view.event.confidential:
        return "confidential"
    url = str(spec.extra.get("url") or "")
    target = url if url.startswith("${") else urlsplit(url).netloc
    after = awaited(spec, asker, to)
    if isinstance(after, str) or not asker.may(target):
        return after if isinstance(after, str) else "called once already"
    made = tuple(after)
    headers = spec.extra.get("headers")
    actor = view.event.actor
    call = Call(
        lane=Lane(f"http:{target}"),
        asked_by=actor.username if actor is not None else "",
        data={
            "url": url,
            "method": spec.extra.get("method") or "POST",
            "timeout_s": spec.extra.get("timeout") or TIMEOUT_S,
            "headers": _filled(headers or {}, made, view),
            "body": _body(spec, made, view),
        },
    )
    action = planning.new_action("webhook", asker, target, view.subjects[0])
    added = to.add(replace(action, call=call, after=after))
    return None if added else "limit of actions reached"


def _body(spec: ActionSpec, made: tuple[str, ...], view: View) -> Json:
    if "json" in spec.extra:
        return _filled(spec.extra["json"], made, view)
    if spec.extra.get("method") in _BODILESS:
        return None
    event = view.event
    return {
        "text": {TEXT: {"spans": dump_text(view.spec.line(event).text)}},
        "event": list(view.names),
        "project": event.project.path if event.project is not None else None,
        "actor": event.actor.username if event.actor is not None else None,
        "url": event.url,
    }


def _filled(value: object, made: tuple[str, ...], view: View) -> Any:  # JSON of any shape
    if isinstance(value, Mapping):
        return {str(key): _filled(item, made, view) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, made, view) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return {TEXT: slot(cast("Template", value), made, view)}
