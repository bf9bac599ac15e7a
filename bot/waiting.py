"""What waits, and what is open: the words of batches, hours, time rules and the backlog."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.message import Text
    from bot.model import Action, DeliveryId, Json, Person, Ref, SubjectKey, Value


#: The note of the store that lists hooks which bring nothing.
HOOKS_OFF: Final = "hooks off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A planned action that waits with others of its key, and what their release needs: the rule
    may be edited or gone by then."""

    #: Of rule, verb, channel and what `by` tells apart; begins with the kind.
    key: str
    #: `batch`, `hours`, `throttle`.
    kind: str
    rule: str
    file: str
    line: int
    delivery: DeliveryId
    at: datetime
    #: When its key falls due if nothing else comes, and when at the latest if it is the first.
    due: datetime
    latest: datetime
    #: As planned, without its mentions.
    action: Action
    mentions: Text = ()
    #: The rule's own text when it speaks of all that waited (`count`, `items`, `actors`).
    text: str | None = None
    names: tuple[str, ...] = ()
    #: What texts may show of the event.
    fields: Mapping[str, Value] = field(default_factory=dict)
    #: The subject, to be linked.
    about: Ref | None = None
    actor: Person | None = None
    #: (topic, direction) of what the event changed: opposite ones that wait together cancel.
    changes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What an event means for the list of open subjects."""

    subject: SubjectKey
    kind: str
    project: str
    open: bool
    #: Somebody did something about it: `idle` begins anew.
    active: bool
    #: A review was asked for (True) or given (False); None = as before.
    asked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSubject:
    """One thing that is open, as far as its events told."""

    subject: SubjectKey
    kind: str
    project: str
    facts: Mapping[str, Json]
    active_at: datetime
    #: Since when somebody waits for a review; None when nobody does.
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits, for metrics and health."""

    deliveries: int
    #: Since when the oldest of them waits; None when none does.
    deliveries_since: datetime | None
    #: Items of the outbox that are `todo` or `sending`.
    outbox: int
    outbox_since: datetime | None
    dead: int
    jobs: int
    jobs_since: datetime | None = None
    #: How many lanes have something to do, by the loop that handles them: `decide`, `send`.
    lanes: Mapping[str, int] = field(default_factory=dict)
    #: The deepest lanes of channels and how much waits in each, deepest first.
    deepest: tuple[tuple[str, int], ...] = ()
    #: Hooks by status.
    hooks: Mapping[str, int] = field(default_factory=dict)
    #: Hooks that bring nothing: switched off by their forge, or gone from it.
    hooks_off: int = 0
