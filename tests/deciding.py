"""Runs samples through rules without a store: what tests of rules, verbs and cards share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot import events
from bot.events.samples import sample
from bot.model import DeliveryId
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from bot.slack.mrkdwn import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Action, Decision, Event

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def event_of(name: str, **overrides: Any) -> Event:
    """A sample as an event."""
    headers, body = sample(name, overrides=overrides)
    source = Source(forge="gitlab", instance="gitlab", event=headers["X-Gitlab-Event"])
    return events.understand(source, json.loads(body))


def shown(action: Action) -> str:
    """`post #dev: text`, `react #dev: +tada`, `card #dev edit: text`."""
    what = action.verb
    if action.verb == "card" and action.root is not None:
        what = "card edit"
    if action.emoji is not None:
        return f"{what} {action.channel}: {'-' if action.remove else '+'}{action.emoji}"
    text = render(action.message.text) if action.message is not None else ""
    return f"{what} {action.channel}: {text}"


@dataclass
class Bench:
    """A bot without a store: rules and what it remembers."""

    rules: str
    default_route: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    now: datetime = START

    def __post_init__(self) -> None:
        self.ruleset = load({"rules.yaml": self.rules}, "rules.yaml")
        around = Surroundings(
            specs=events.SPECS, channels=self.channels, default_route=self.default_route
        )
        self.playback = Playback(self.ruleset, around)
        self.count = 0

    def decide(self, name: str, **overrides: Any) -> Decision:
        return self.take(event_of(name, **overrides))

    def take(self, event: Event) -> Decision:
        self.count += 1
        decision = self.playback.feed(event, delivery=DeliveryId(f"d{self.count}"), now=self.now)
        self.now += timedelta(minutes=5)
        return decision

    def does(self, name: str, **overrides: Any) -> list[str]:
        """What is done about a sample, as lines."""
        return [shown(action) for action in self.decide(name, **overrides).actions]
