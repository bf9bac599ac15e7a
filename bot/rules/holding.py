"""What waits: which planned actions, under which key, until when (1.4.11-12). Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from bot.actions import plan as planning
from bot.actions.plan import kind_of
from bot.message import one_line
from bot.model import Person, Ref
from bot.rules.catalogue import MEMBERS
from bot.rules.hours import is_open, next_after, opens
from bot.rules.opposites import changes_of
from bot.rules.template import Template
from bot.waiting import Held

if TYPE_CHECKING:
    from bot.actions.plan import View
    from bot.actions.spec import ActionSpec
    from bot.model import Action, Json, Value
    from bot.rules.ruleset import Rule
    from bot.rules.times import Batch, Timing

#: Verbs whose messages can be made one.
MESSAGES: Final = frozenset({"post", "reply", "dm"})
#: Fields of a text that speaks of everything that waited.
FOLDING: Final = frozenset({"count", "items", "actors"})
#: Kept of every event, for mutes and summaries.
_ALWAYS: Final = ("project", "group", "title", "url")
_LETTERS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What becomes of one planned action: it goes, it waits, or it is dropped."""

    outcome: Literal["go", "hold", "drop"]
    reason: str = ""
    #: Of what waits: `batch`, `hours`, `throttle`.
    kind: str = ""
    due: datetime | None = None
    latest: datetime | None = None
    #: A window of the throttle begins with it, and ends then.
    opens_until: datetime | None = None


def turn(rule: Rule, verb: str, view: View, window: Json) -> Turn:
    """In the order of 1.4.12. `window`: the state under the throttle's key.

    A throttle looks at hours first: what is dropped opens no window, and what waits for its hours
    becomes one summary anyway.
    """
    timing, now = rule.timing, view.now
    if timing.during is not None and not is_open(timing.during, now):
        return Turn(outcome="drop", reason=f"hours (outside {timing.during.name})")
    waits = timing.wait_for is not None and not is_open(timing.wait_for, now)
    until = None
    if timing.throttle is not None and not waits:
        until = now + timing.throttle.every
        # One that ends later than any that begins now is of a clock that was set back since.
        if isinstance(window, str) and now < (end := datetime.fromisoformat(window)) <= until:
            return _throttled(rule, verb, end)
    if timing.batch is not None:
        due, latest = _batched(timing, timing.batch, now)
        return replace(_hold("batch", due, latest), opens_until=until)
    if waits and timing.wait_for is not None:
        due = opens(timing.wait_for, now)
        return _hold("hours", due, due)
    return Turn(outcome="go", opens_until=until)


def _throttled(rule: Rule, verb: str, end: datetime) -> Turn:
    if verb not in MESSAGES:
        return Turn(outcome="drop", reason=f"throttle (until {_shown(end)})")
    if rule.timing.wait_for is not None:
        end = opens(rule.timing.wait_for, end)
    return _hold("throttle", end, end)


def _batched(timing: Timing, batch: Batch, now: datetime) -> tuple[datetime, datetime]:
    """When it is due, and when at the latest."""
    if batch.daily is not None:
        due = latest = next_after(batch.daily, now) or now
    else:
        due, latest = now + min(batch.quiet, batch.max_wait), now + batch.max_wait
    if timing.wait_for is not None:
        due, latest = opens(timing.wait_for, due), opens(timing.wait_for, latest)
    return due, latest


def due_again(one: Held, timing: Timing | None, now: datetime) -> tuple[datetime, datetime]:
    """When it is due, and when at the latest; of one that a clock planned which was set back since,
    as if it began to wait now. `timing`: of its rule, when it is still there."""
    if one.at <= now:
        return one.due, one.latest
    if timing is not None and one.kind == "hours" and timing.wait_for is not None:
        due = latest = opens(timing.wait_for, now)
    elif timing is not None and one.kind == "batch" and timing.batch is not None:
        due, latest = _batched(timing, timing.batch, now)
    else:
        due, latest = now + (one.due - one.at), now + (one.latest - one.at)
    return min(one.due, due), min(one.latest, latest)


def _hold(kind: str, due: datetime, latest: datetime) -> Turn:
    reason = f"{kind} (until {_shown(due)})"
    return Turn(outcome="hold", reason=reason, kind=kind, due=due, latest=latest)


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


# -- keys ----------------------------------------------------------------------------------------


def throttle_key(rule: Rule, verb: str, channel: str, view: View) -> str:
    """The state key of the window."""
    by = rule.timing.throttle.by if rule.timing.throttle else ()
    return f"throttle:{_key(rule, verb, channel, by, view)}"


def _held_key(kind: str, rule: Rule, action: Action, view: View) -> str:
    timing = rule.timing
    by: tuple[str, ...] = ()
    if kind == "throttle":
        by = timing.throttle.by if timing.throttle else ()
    elif timing.batch is not None:
        by = timing.batch.by
    key = f"{kind}:{_key(rule, action.verb, action.channel, by, view)}"
    # Replies and the like never mix threads.
    return f"{key}:{action.subject}" if action.verb not in {"post", "dm"} else key


def _key(rule: Rule, verb: str, channel: str, by: tuple[str, ...], view: View) -> str:
    values = [key_of(view.lookup(name)) for name in by]
    if not by:
        # The project, by its id: a renamed one stays the same.
        values = view.subjects[0].split(":", 2)[:2]
    return f"{rule.name}:{verb}:{channel}:{json.dumps(values, ensure_ascii=False)}"


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


# -- what is kept --------------------------------------------------------------------------------


def hold(rule: Rule, spec: ActionSpec, action: Action, view: View, made: Turn) -> Held:
    """The action as it waits. `action`: planned without mentions."""
    return Held(
        key=_held_key(made.kind, rule, action, view),
        kind=made.kind,
        rule=rule.name,
        file=rule.file,
        line=rule.line,
        delivery=view.delivery,
        at=view.now,
        due=made.due or view.now,
        latest=made.latest or view.now,
        action=action,
        mentions=planning.mentions(spec, view),
        text=spec.text.source if spec.text is not None and folds(spec) else None,
        names=view.names,
        fields=_kept(spec, view),
        about=about(view),
        actor=view.event.actor,
        changes=changes_of(rule, view),
    )


def folds(spec: ActionSpec) -> bool:
    """Whether its text speaks of everything that waited, not of one event."""
    return spec.text is not None and any(
        name.partition(".")[0] in FOLDING for name, _ in spec.text.fields
    )


def _kept(spec: ActionSpec, view: View) -> dict[str, Value]:
    """The fields that the text shows of the key or of its items."""
    names = dict.fromkeys(_ALWAYS)
    if isinstance(spec.text, Template):
        for name, _ in (*spec.text.fields, *spec.text.members):
            base, _, last = name.rpartition(".")
            names |= dict.fromkeys((name, base) if last in MEMBERS else (name,))
    found = {name: view.lookup(name) for name in names if name and name not in FOLDING}
    return {
        name: value[:_LETTERS] if isinstance(value, str) else value
        for name, value in found.items()
        if value is not None
    }


def about(view: View) -> Ref:
    """What the event is about, to be linked."""
    for name in (view.event.kind, kind_of(view.subjects[0])):
        value = view.lookup(name)
        if isinstance(value, Ref):
            return value
    title = view.lookup("title")
    label = (
        title[:_LETTERS]
        if isinstance(title, str)
        else view.names[0]
        if view.names
        else view.event.kind
    )
    return Ref(label=one_line(label), url=view.event.url)
