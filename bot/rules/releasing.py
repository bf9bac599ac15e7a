"""What is said when what waited falls due: one message for all of it (1.4.12). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from bot.actions.plan import signed
from bot.errors import RenderError
from bot.events import wording
from bot.message import Message, Plain, join, one_line, text
from bot.model import Decision, DeliveryId, Outcome, Person, Verdict, action_id
from bot.rules.holding import MESSAGES
from bot.rules.mutes import Muting
from bot.rules.opposites import cancelled
from bot.rules.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.actions.spec import Lookup
    from bot.message import Part, Span, Text
    from bot.model import Action, Value
    from bot.rules.mutes import Mute
    from bot.waiting import Held

#: Lines of a summary; the rest are counted.
_LINES: Final = 10
#: What becomes of a throttle's rest: a few of them, the number says it all.
_REST: Final = 3
#: A mute may be taken back before it ends.
_LOOK_AGAIN: Final = timedelta(minutes=15)


def release_id(key: str, first: Held) -> DeliveryId:
    """Of a release: the same for the same things, so that nothing is sent twice."""
    digest = hashlib.sha256(f"{key}\n{first.delivery}".encode(errors="replace")).hexdigest()
    return DeliveryId(f"held-{digest[:20]}")


def release(
    entries: Sequence[Held],
    *,
    ruleset: str,
    person: Callable[[Person], Span],
    channel: Callable[[str], str],
    footer: bool = False,
) -> Decision:
    """What the entries of one key, oldest first, become. `ruleset`: the hash of that in force.
    `channel`: the id of a channel that was known by name when they came. `footer`: messages name
    their rule."""
    first, newest = entries[0], entries[-1]
    left = list(entries) if first.kind == "throttle" else cancelled(entries)
    number = len(entries) - len(left)
    told = f"{first.kind} of {_listed(entries)}" + (f", {number} cancelled" if number else "")
    outcome = Outcome.SENT
    actions: list[Action] = []
    try:
        actions = _actions(left, person) if left else []
        actions = [_signed(action) for action in actions] if footer else actions
    except RenderError as error:
        outcome, told = Outcome.ERROR, f"{error}; {told}"
    if not actions and outcome is Outcome.SENT:
        outcome = Outcome.WITHHELD
    release = release_id(first.key, first)
    return Decision(
        ruleset=ruleset,
        names=(first.kind,),
        verdicts=(
            Verdict(
                rule=newest.rule, file=newest.file, line=newest.line, outcome=outcome, reason=told
            ),
        ),
        actions=tuple(
            replace(action, id=action_id(release, place), channel=channel(action.channel))
            for place, action in enumerate(actions)
        ),
    )


def postponed(
    entries: Sequence[Held],
    mutes: Iterable[Mute],
    channel: Callable[[str], str],
    *,
    now: datetime,
) -> datetime | None:
    """When to look again while its rule, channel or project is muted: what waited from before the
    mute is said after it. None when nothing is in the way."""
    newest = entries[-1]
    muting = Muting(mutes, cast("Lookup", newest.fields.get), channel)
    mute = muting.everything() or muting.of(newest.rule, newest.action.channel)
    if mute is None:
        return None
    return min(mute.until, now + _LOOK_AGAIN) if mute.until is not None else now + _LOOK_AGAIN


def instance_of(action: Action) -> str:
    """Of the forge that it is about."""
    return action.subject.partition(":")[0]


def _signed(action: Action) -> Action:
    if action.message is None:
        return action
    return replace(action, message=signed(action.message, action.rule))


def _listed(entries: Sequence[Held]) -> str:
    ids = [entry.delivery for entry in entries]
    more = f" and {len(ids) - 20} more" if len(ids) > 20 else ""
    return f"{len(ids)}: {', '.join(ids[:20])}{more}"


def _actions(left: list[Held], person: Callable[[Person], Span]) -> list[Action]:
    newest = left[-1]
    if newest.action.verb not in MESSAGES:
        return _replayed(left)
    message = _message(left, person)
    spans = dict.fromkeys(span for entry in left for span in entry.mentions if span != Plain(" "))
    message = message.with_mentions(join(" ", [(span,) for span in spans]))
    return [
        replace(
            newest.action,
            message=message,
            # A summary of several things is no thread of any of them.
            claims=newest.action.claims if _same(left, lambda e: e.action.claims) else (),
            confidential=any(entry.action.confidential for entry in left),
            # A summary is folded enough.
            apart=True,
        )
    ]


def _replayed(left: list[Held]) -> list[Action]:
    """Reactions, cards and the like: the newest of each slot."""
    found: dict[object, Action] = {}
    for entry in left:
        action = entry.action
        slot = (action.channel, action.slot) if action.slot else (entry.delivery, action.id)
        earlier = found.pop(slot, None)
        # A card that was to be made is made, whatever edited it since.
        found[slot] = (
            action
            if earlier is None
            else replace(action, root=earlier.root, claims=earlier.claims or action.claims)
        )
    return list(found.values())


def _message(left: list[Held], person: Callable[[Person], Span]) -> Message:
    newest = left[-1]
    if newest.kind == "throttle":
        return _rest(left)
    if newest.text is not None:
        made = newest.action.message or Message(text=())
        shown = Template(newest.text).render(_scope(left), people=person)
        return replace(made, text=shown)
    if len(left) == 1:
        return newest.action.message or Message(text=())
    rows = wording.rows([_line(entry) for entry in left], _LINES)
    return Message(text=text(f"{len(left)} × {_what(left)}", *_where(left)), body=(rows,))


def _rest(left: list[Held]) -> Message:
    """What came after the first of a throttle's window."""
    head = text(f"+{len(left)} more: {_what(left)}", *_where(left))
    return Message(text=head, context=tuple(_line(entry) for entry in left[-_REST:]))


def _line(entry: Held) -> Text:
    message = entry.action.message
    return message.text if message is not None else ()


def _what(left: list[Held]) -> str:
    """The event when it is the same every time."""
    names = {entry.names[0] for entry in left if entry.names}
    return names.pop() if len(names) == 1 else "events"


def _where(left: list[Held]) -> tuple[Part, ...]:
    projects = {str(entry.fields["project"]) for entry in left if "project" in entry.fields}
    if len(projects) == 1:
        return (" in ", one_line(projects.pop()))
    return (f" in {len(projects)} projects",) if projects else ()


def _same(left: list[Held], of: Callable[[Held], object]) -> bool:
    return len({of(entry) for entry in left}) == 1


def _scope(left: list[Held]) -> Lookup:
    """`count`, `items`, `actors`; else what the newest knows."""
    return scope(
        [item_of(entry) for entry in left],
        [entry.actor for entry in left if entry.actor is not None],
        left[-1].fields,
    )


def item_of(entry: Held) -> Mapping[str, object]:
    return {**entry.fields, "ref": entry.about, "actor": entry.actor}


def scope(
    items: Sequence[Mapping[str, object]], actors: Sequence[Person], fields: Mapping[str, Value]
) -> Lookup:
    """What a text sees that speaks of many."""
    people: dict[str, Person] = {}
    for person in actors:
        people.setdefault(person.username.lower(), person)
    known: dict[str, Any] = {
        **fields,
        "count": len(items),
        "items": tuple(items),
        "actors": tuple(people.values()),
    }
    return cast("Lookup", known.get)
