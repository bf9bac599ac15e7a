"""What an event turns on or off, so that opposite changes that wait together can cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.rules.catalogue import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.actions.plan import View
    from bot.rules.ruleset import Rule
    from bot.waiting import Held

#: Event name -> what it changes, and in which direction.
_CHANGES: Final[Mapping[str, tuple[str, int]]] = {
    "mr.opened": ("open", 1),
    "mr.reopened": ("open", 1),
    "mr.closed": ("open", -1),
    "mr.ready": ("ready", 1),
    "mr.drafted": ("ready", -1),
    "mr.approved": ("approval", 1),
    "mr.unapproved": ("approval", -1),
    "issue.opened": ("open", 1),
    "issue.reopened": ("open", 1),
    "issue.closed": ("open", -1),
    "pipeline.broken": ("health", -1),
    "pipeline.fixed": ("health", 1),
    "branch.created": ("branch", 1),
    "branch.deleted": ("branch", -1),
    "tag": ("tag", 1),
    "tag.deleted": ("tag", -1),
    "feature_flag.enabled": ("flag", 1),
    "feature_flag.disabled": ("flag", -1),
    "milestone.reopened": ("open", 1),
    "milestone.closed": ("open", -1),
}
#: Names that say the same less precisely.
_ACCOMPANIES: Final = {"pipeline.broken": "pipeline.failed", "pipeline.fixed": "pipeline.success"}
#: The subject that a topic is a state of, when it is not what the event is about.
_OF: Final = {"health": "branch", "branch": "branch"}
_LABELS: Final = frozenset({"mr.labeled", "issue.labeled", "mr.updated", "issue.updated"})


def changes_of(rule: Rule, view: View) -> tuple[tuple[str, int], ...]:
    """(topic, direction) of everything the rule heard of the event; nothing when there is more
    to it than that."""
    heard = [name for name in view.names if ANY in rule.on or name in rule.on]
    vaguer = {_ACCOMPANIES[name] for name in heard if name in _ACCOMPANIES}
    found: list[tuple[str, int]] = []
    for name in heard:
        if name in _LABELS:
            found += _labels(view)
        elif name in _CHANGES:
            found.append(_change(name, view))
        elif name not in vaguer:
            return ()
    return tuple(dict.fromkeys(found))


def _change(name: str, view: View) -> tuple[str, int]:
    topic, direction = _CHANGES[name]
    subject = view.subject(_OF.get(topic, "")) or view.subjects[0]
    who = view.event.actor if topic == "approval" else None
    return f"{topic}:{subject}:{who.username if who else ''}", direction


def _labels(view: View) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for field, direction in (("added_labels", 1), ("removed_labels", -1)):
        value = view.lookup(field)
        labels = value if isinstance(value, tuple) else ()
        found += [(f"label:{view.subjects[0]}:{label}", direction) for label in labels]
    return found


def cancelled(entries: Sequence[Held]) -> list[Held]:
    """Those that are left when each has been set off against the opposite one before it."""
    left: list[Held] = []
    for entry in entries:
        place = _opposite(left, entry)
        if place is None:
            left.append(entry)
        else:
            del left[place]
    return left


def _opposite(left: Sequence[Held], entry: Held) -> int | None:
    """The place of the last one that the entry takes back; None when there is none, or when
    something else of the same topics came in between."""
    if not entry.changes:
        return None
    wanted = {(topic, -direction) for topic, direction in entry.changes}
    topics = {topic for topic, _ in wanted}
    for place in range(len(left) - 1, -1, -1):
        changes = left[place].changes
        if wanted == set(changes):
            return place
        if topics & {topic for topic, _ in changes}:
            return None
    return None
