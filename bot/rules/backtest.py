"""Replays recorded deliveries through two sets of rules with a clock of their own; pure.

Nothing is sent and nothing is asked: a fact that history does not hold makes a rule unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot import events
from bot.errors import PayloadError
from bot.payload import read_object
from bot.rules.comparison import Comparison, Tally
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.model import DeliveryId, Event, Json, SubjectKey, Thread, Value
    from bot.registry import Source
    from bot.rules.comparison import Due
    from bot.rules.ruleset import Ruleset
    from bot.waiting import Held, OpenSubject

#: Replayed before the window and not reported: it brings the state up to date.
WARM_UP: Final = timedelta(days=3)
#: The twin of an event that came through two hooks comes at once, or not at all.
_TWINS: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A delivery of the past."""

    id: DeliveryId
    source: Source
    body: bytes
    received_at: datetime
    #: The hook it came through, a hash of what the forge sent, and the hook's default route.
    hook: str = ""
    content: str = ""
    route: str | None = None
    #: It was missed while the bot was away, and fetched later.
    late: bool = False
    #: What the forge's API told when it was decided.
    history: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What was known when the replay begins."""

    memory: Mapping[str, Json] = field(default_factory=dict)
    threads: Mapping[SubjectKey, tuple[Thread, ...]] = field(default_factory=dict)
    #: For time rules, whatever its project.
    opened: tuple[OpenSubject, ...] = ()
    #: What waited for its batch, its hours or the end of its throttle, oldest first.
    held: tuple[Held, ...] = ()


class Backtest:
    """Feed it deliveries, oldest first; `tally` is what came of them."""

    def __init__(
        self,
        old: Ruleset,
        new: Ruleset,
        *,
        since: datetime | None = None,
        seed: Seed | None = None,
        channels: Mapping[str, str] | None = None,
        rule: str | None = None,
        project: str | None = None,
    ) -> None:
        known = seed or Seed()
        self._around = Surroundings(specs=events.SPECS, channels=channels or {})
        self._sides = tuple(Playback(ruleset, self._around) for ruleset in (old, new))
        for side in self._sides:
            side.seed(known.memory, known.threads, held=known.held, opened=known.opened)
        self._comparison = Comparison(old, new, rule=rule)
        self._since = since
        self._project = project.casefold() if project is not None else None
        self._swept: datetime | None = None
        #: Keys of events whose twin may come: of the hour before, and of this one.
        self._twins: tuple[set[str], set[str]] = (set(), set())
        #: When the first and the last reported delivery came.
        self.first: datetime | None = None
        self.last: datetime | None = None

    @property
    def tally(self) -> Tally:
        return self._comparison.tally

    def feed(self, recorded: Recorded) -> None:
        now = recorded.received_at
        reported = self._since is None or now >= self._since
        try:
            event = events.understand(recorded.source, read_object(recorded.body))
        except PayloadError:
            if reported:
                self._comparison.skip()
            return
        if not self._wanted(event):
            return
        self.advance(now)
        around = Surroundings(
            specs=events.SPECS,
            channels=self._around.channels,
            hook=recorded.hook,
            content=recorded.content,
            default_route=recorded.route,
            late=recorded.late,
        )
        told = askable(event, recorded.history)
        old, new = (
            side.feed(event, delivery=recorded.id, now=now, around=around, history=told)
            for side in self._sides
        )
        self._sides[1].share(new.remember, self._sides[0])
        if reported:
            self.first = self.first or now
            self.last = now
            self._comparison.take(old, new, delivery=recorded.id, now=now)
        self._sweep(f"seen:{recorded.content}", now)

    def advance(self, now: datetime) -> None:
        """Lets time pass: what falls due by itself up to then."""
        old, new = (self._reported(side.advance(now)) for side in self._sides)
        self._comparison.due(old, new)

    def _reported(self, due: Iterable[Due]) -> list[Due]:
        return [one for one in due if self._since is None or one[0] >= self._since]

    def _wanted(self, event: Event) -> bool:
        if self._project is None:
            return True
        return event.project is not None and event.project.path.casefold() == self._project

    def _sweep(self, twin: str, now: datetime) -> None:
        """Forgets twins that cannot come any more, so that memory stays flat."""
        before, current = self._twins
        current.add(twin)
        self._swept = self._swept or now
        if now - self._swept < _TWINS:
            return
        for side in self._sides:
            side.forget(before)
        self._swept, self._twins = now, (current, set())


def askable(event: Event, history: Mapping[str, Value]) -> Mapping[str, Value]:
    """What of it the API told; the rest is what state told then, and is told by it again."""
    if not history:
        return history
    fields = events.SPECS[event.kind].fields
    names = {field.name for field in fields if field.fetched or field.completed}
    return {name: value for name, value in history.items() if name in names}
