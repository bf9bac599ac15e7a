"""What an edit changed of an issue or merge request: one clause for each thing, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import gitlab, wording
from bot.message import join, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.message import Text
    from bot.model import Person
    from bot.payload import Payload


def said(clauses: Sequence[Text]) -> Text:
    """`: added label x, removed the milestone`; empty when there is nothing to say."""
    return text(": ", *join(", ", clauses)) if clauses else ()


def labels(verb: str, names: Sequence[str]) -> Text:
    """`added labels a, b`"""
    return text(f"{verb} {'label' if len(names) == 1 else 'labels'} ", *wording.codes(names))


def people(verb: str, everyone: Sequence[Person]) -> Text:
    return text(f"{verb} {wording.names(everyone)}")


def title(old: str) -> Text:
    """`old`: what it was, empty when that is not told."""
    was = wording.short(wording.without_draft(old), 80)
    return text(f"changed the title from “{was}”" if was else "changed the title")


def of_gitlab(body: Payload) -> tuple[Text, ...]:
    """By the `changes` of a body; what has no word of ours is not told."""
    return (*_labels(body), *_people(body, "assignees", "assigned", "unassigned"), *plain(body))


def of_github(body: Payload) -> tuple[Text, ...]:
    """By the `changes` of a body whose action is `edited`."""
    changes = body["changes"]
    found = (
        title(changes["title"]["from"].text_or()) if changes["title"] else (),
        text("changed the description") if changes["body"] else (),
    )
    return tuple(clause for clause in found if clause)


def plain(body: Payload) -> list[Text]:
    """Of what is no list."""
    told = body["changes"].value
    keys = [key for key in _WORDS if key in told] if isinstance(told, dict) else []
    changes = [(_WORDS[key], gitlab.change(body, key)) for key in keys]
    found = [words(*change, body) for words, change in changes if change is not None]
    return [clause for clause in found if clause]


def label_changes(body: Payload) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels that were added and removed, as GitLab tells it."""
    change = gitlab.change(body, "labels")
    if change is None:
        return (), ()
    before, after = gitlab.labels(change[0]), gitlab.labels(change[1])
    gone = tuple(label for label in before if label not in after)
    return tuple(label for label in after if label not in before), gone


def people_changes(body: Payload, key: str) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """People who were added to such a list, and removed from it, as GitLab tells it."""
    change = gitlab.change(body, key)
    if change is None:
        return (), ()
    before, after = map(gitlab.people, change)
    return gitlab.added(before, after), gitlab.added(after, before)


def _labels(body: Payload) -> list[Text]:
    pairs = zip(("added", "removed"), label_changes(body), strict=True)
    return [labels(verb, names) for verb, names in pairs if names]


def _people(body: Payload, key: str, *verbs: str) -> list[Text]:
    pairs = zip(verbs, people_changes(body, key), strict=True)
    return [people(verb, everyone) for verb, everyone in pairs if everyone]


def _value(name: str, key: str = "") -> Callable[[Payload, Payload, Payload], Text]:
    """`set <name> <value>`, or that it was removed; `key`: where the body tells the value's title,
    for what the change itself tells by number only."""

    def says(_old: Payload, new: Payload, body: Payload) -> Text:
        told = new.text_or() or new.id()
        if not told:
            return text(f"removed the {name}")
        shown = wording.short(body[key]["title"].text_or() if key else told, 60)
        return text(f"set the {name} to {shown}" if shown else f"changed the {name}")

    return says


def _titled(old: Payload, new: Payload, _body: Payload) -> Text:
    before, after = (wording.without_draft(side.text_or()) for side in (old, new))
    return title(before) if before != after else ()


def _switch(on: str, off: str) -> Callable[[Payload, Payload, Payload], Text]:
    return lambda _old, new, _body: text(on if new.bool_or() else off)


#: In the order in which they are told.
_WORDS: Final[Mapping[str, Callable[[Payload, Payload, Payload], Text]]] = {
    "milestone_id": _value("milestone", "milestone"),
    "severity": _value("severity"),
    "health_status": _value("health"),
    "weight": _value("weight"),
    "start_date": _value("start date"),
    "due_date": _value("due date"),
    "confidential": _switch("made it confidential", "made it no longer confidential"),
    "discussion_locked": _switch("locked the discussion", "unlocked the discussion"),
    "title": _titled,
    "description": lambda _old, _new, _body: text("changed the description"),
}
