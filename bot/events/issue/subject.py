"""What is known of an issue, whichever forge it is at: its subject, names and fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import wording
from bot.model import Person, Ref, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """As it is after the event, and what the event did to it."""

    iid: int | None
    #: `issue`, `incident`, `task`, `epic`, `key result`, …
    type: str
    title: str
    url: str
    description: str
    state: str
    author: Person | None
    labels: tuple[str, ...] | None
    assignees: tuple[Person, ...]
    severity: str = ""
    milestone: str = ""
    added_labels: tuple[str, ...] = ()
    removed_labels: tuple[str, ...] = ()
    added_assignees: tuple[Person, ...] = ()
    #: What was done where no name tells it, `pinned`, and what follows it: ` as not planned`.
    done: str = "updated"
    details: Text = ()
    #: What was changed, a clause for each thing: `added label bug`.
    edits: tuple[Text, ...] = ()

    @property
    def label(self) -> str:
        mark = "&" if self.type == "epic" else "#"
        number = f"{mark}{self.iid}" if self.iid is not None else ""
        return wording.short(f"{number} {self.title}")


def fields_of(subject: Issue) -> Mapping[str, Value | None]:
    return {
        "issue": Ref(label=subject.label, url=subject.url),
        "iid": subject.iid,
        "type": subject.type,
        "title": subject.title or None,
        "description": subject.description,
        "state": subject.state or None,
        "author": subject.author,
        "labels": subject.labels,
        "added_labels": subject.added_labels,
        "removed_labels": subject.removed_labels,
        "assignees": subject.assignees,
        "added_assignees": subject.added_assignees,
        "milestone": subject.milestone or None,
        "severity": subject.severity or None,
    }
