"""What waits, and what is open: the words of batches, hours, time rules and the backlog."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.message import Text
    from bot.model import (
        Action,
        DeliveryId,
        Json,
        Lane,
        Person,
        Ref,
        SubjectKey,
        Thread,
        Value,
    )
    from bot.ports import Settled


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
    #: When its first event came, as far as that was kept.
    opened_at: datetime | None = None


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
    #: The deepest lanes of channels, how much waits in each, and since when; deepest first.
    deepest: tuple[tuple[str, int, datetime | None], ...] = ()
    #: Hooks by status.
    hooks: Mapping[str, int] = field(default_factory=dict)
    #: Hooks that bring nothing: switched off by their forge, or gone from it.
    hooks_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something whose time has come, and the right to handle it; see `token` of Claim."""

    key: str
    #: `held`, `every`.
    kind: str
    token: str
    due: datetime
    #: Of a time rule: its schedule as text.
    spec: str = ""
    #: What waited, oldest first.
    entries: tuple[Held, ...] = ()
    #: The last of those in the store's order: what came later is not part of the claim.
    upto: int = 0


class Schedules(Protocol):
    """Batches, hours, throttles and time rules."""

    async def plan_rules(self, wanted: Mapping[str, tuple[str, datetime]]) -> None:
        """Time rules by key: (schedule as text, next time). One that is planned already keeps its
        time, unless its schedule was edited, or a clock that was set back since had planned it."""

    async def hasten(self, wanted: Mapping[str, tuple[datetime, datetime]]) -> None:
        """What is held under each key is due by the first moment, and at the latest by the second;
        sooner as it was."""

    async def held(self) -> tuple[Held, ...]:
        """What waits, oldest first."""

    async def decision(self, delivery: DeliveryId) -> Mapping[str, Json] | None:
        """The trace of what was decided under that id, when something was."""

    async def claim_due(self, *, now: datetime, lease: timedelta) -> Due | None:
        """What has been due longest and nobody is at; None when nothing is due."""

    async def settle_due(
        self, due: Due, settled: Settled | None, *, next_due: datetime | None, now: datetime
    ) -> None:
        """Ends the claim, with what it led to. Without `settled` what waits goes on waiting; a
        time rule without `next_due` is forgotten. Raises LeaseLost or StateChanged, and then
        nothing is written."""

    async def set_aside(self, due: Due, until: datetime) -> None:
        """Nobody claims it before then."""

    async def open_subjects(self, kind: str) -> tuple[OpenSubject, ...]:
        """What is open, as far as events told."""

    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]: ...

    async def load_state(
        self, memory: Sequence[str], threads: Sequence[SubjectKey]
    ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]: ...

    async def busy_lanes(self, keys: Sequence[Lane]) -> frozenset[Lane]: ...
