"""One event that several hooks bring: a project's own and its group's. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Json

#: What was missed is fetched for so long; what comes later is no copy of what was told then.
_LATEST: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Twins:
    """Of deliveries with the same body: how many events they were, and how often each hook brought
    it. A branch that is made again at the same commit has the same body, and is another event."""

    #: The hook and the delivery that brought the last of them.
    hook: str
    delivery: str
    events: int
    by_hook: Mapping[str, int]
    #: When it did.
    at: datetime

    @classmethod
    def of(cls, kept: Json, now: datetime) -> Twins:
        """From what `kept` returned; None: before the first delivery."""
        if kept is None:
            return cls("", "", 0, {}, now)
        hook, delivery = kept["hook"], kept["delivery"]
        if "events" not in kept:  # earlier versions kept, and read, only these two
            return cls(hook, delivery, 1, {hook: 1}, now)
        at = datetime.fromisoformat(kept["at"])
        return cls(hook, delivery, kept["events"], kept["by"], at)

    def with_one(self, hook: str, delivery: str, now: datetime) -> tuple[Twins, bool]:
        """After one more delivery, and whether it is an event that none of them had brought: the
        nth that a hook brings is the nth event."""
        count = self.by_hook.get(hook, 0) + 1
        if count <= self.events and now - self.at < _LATEST:
            return replace(self, by_hook={**self.by_hook, hook: count}), False
        events = self.events + 1
        return Twins(hook, delivery, events, {**self.by_hook, hook: events}, now), True

    def kept(self) -> Json:
        return {
            "hook": self.hook,
            "delivery": self.delivery,
            "events": self.events,
            "by": dict(self.by_hook),
            "at": self.at.isoformat(),
        }
