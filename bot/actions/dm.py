"""`dm`: a message to people themselves, never to the one who caused the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.actions import plan as planning
from bot.message import Mention, one_line
from bot.model import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.actions.plan import Asker, Plan, View, Withheld
    from bot.actions.spec import ActionSpec

#: Before a name in `to` that is a person's, not a field's.
NAMED: Final = "@"


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """One message to each person whose Slack id is known; the others are named in the trace."""
    view = to.view
    ids, told = _receivers(spec, asker, to)
    for remark in told:
        to.remark(asker, remark)
    if not ids:
        return "nobody to write to"
    made = planning.message(spec, view, to.line)
    who = planning.mentions(spec, view)
    reasons: list[Withheld] = []
    for slack_id in ids:
        action = planning.new_action("dm", asker, slack_id, view.subjects[0], message=made)
        reasons.append(planning.say(action, spec, who, to))
    return None if None in reasons else reasons[0]


def _receivers(spec: ActionSpec, asker: Asker, to: Plan) -> tuple[list[str], list[str]]:
    """Slack ids, each once, and what the trace says of the others."""
    view = to.view
    ids: dict[str, None] = {}
    told: list[str] = []
    for person in _people(spec, view):
        slack_id, shown = _id_of(person, view), one_line(person.shown)
        if slack_id is None and person.email.lower() in view.unasked:
            told.append(f"Slack did not say who {shown} is by the address")
        elif slack_id is None:
            told.append(f"{shown} has no entry under `people:` and linked no account")
        elif slack_id in view.quiet:
            told.append(f"{shown} wants no direct messages")
        elif asker.may(slack_id):
            ids[slack_id] = None
    return list(ids), told


def _people(spec: ActionSpec, view: View) -> Iterator[Person]:
    """Of a confidential event only those whom the rule itself names may know."""
    for name in _names(spec):
        if name.startswith(NAMED):
            found: tuple[object, ...] = (Person(username=name.removeprefix(NAMED)),)
        elif view.event.confidential:
            continue
        else:
            value = view.lookup(name)
            found = value if isinstance(value, tuple) else (value,)
        for person in found:
            if isinstance(person, Person) and not planning.own_act(person, view):
                yield person


def _names(spec: ActionSpec) -> tuple[str, ...]:
    listed = spec.extra.get("to")
    return listed if isinstance(listed, tuple) else ()


def _id_of(person: Person, view: View) -> str | None:
    span = view.person(person)
    # A user group has no conversation of its own.
    return span.id if isinstance(span, Mention) and span.id[:1] in {"U", "W"} else None
