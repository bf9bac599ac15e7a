"""A bot without a store on a clock that tests set, for everything that has to do with time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot import events
from bot.errors import RulesError
from bot.model import DeliveryId
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from tests.deciding import event_of, shown

if TYPE_CHECKING:
    from bot.model import Decision

HEAD = """
channels:
  dev: C0DEV0001
  ci: C0CI00001
people: {alice: U0ALICE01, bob: U0BOB0001}
hours:
  work: {days: mon-fri, from: "09:00", to: "18:00"}
"""
DEV, CI = "post C0DEV0001", "post C0CI00001"

OPPOSITES = "rules:\n- {name: m, on: mr, batch: {quiet: 5m, max_wait: 1h}, post: dev}"


class Days:
    """A bot without a store, on a clock that the test sets: `15:04`, `tue 09:00`."""

    def __init__(self, rules: str, *, head: str = HEAD) -> None:
        self.ruleset = load({"rules.yaml": head + rules}, "rules.yaml")
        self.playback = Playback(self.ruleset, Surroundings(specs=events.SPECS))
        self.now = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
        self.count = 0
        self.playback.advance(self.now)

    def moment(self, clock: str) -> datetime:
        """The next time the clock shows it."""
        day, _, at = clock.rpartition(" ")
        hour, minute = (int(part) for part in at.split(":"))
        found = self.now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        while found < self.now or (day and names[found.weekday()] != day):
            found += timedelta(days=1)
        return found

    def until(self, clock: str) -> list[str]:
        """What falls due by itself, with its time."""
        self.now = self.moment(clock)
        return [
            f"{at:%a %H:%M} {shown(action)}"
            for at, actions in self.playback.advance(self.now)
            for action in actions
        ]

    def decide(self, clock: str, name: str, **overrides: Any) -> Decision:
        assert self.until(clock) == [], "something fell due before the event"
        self.count += 1
        return self.playback.feed(
            event_of(name, **overrides), delivery=DeliveryId(f"d{self.count}"), now=self.now
        )

    def does(self, clock: str, name: str, **overrides: Any) -> list[str]:
        return [shown(action) for action in self.decide(clock, name, **overrides).actions]


def reasons(decision: Decision) -> list[tuple[str, str]]:
    return [(v.outcome.value, v.reason) for v in decision.verdicts]


def faults_of(rules: str) -> str:
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": HEAD + rules}, "rules.yaml")
    return str(caught.value)
