"""What `/metrics` shows: every metric of the program, each label from a small closed set."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Distinct Slack error codes counted by name; later ones are counted as `other`.
MAX_CODES: Final = 60

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The metrics, registered once per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.deliveries = Counter(
            "bot_deliveries",
            "Requests of hooks by what became of them.",
            ("forge", "outcome"),
            registry=registry,
        )
        self.receive_s = Histogram(
            "bot_receive_seconds",
            "From a verified body to its answer.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.decisions = Counter(
            "bot_decisions", "Deliveries decided.", ("outcome",), registry=registry
        )
        self.actions = Counter(
            "bot_actions", "Actions settled.", ("verb", "outcome"), registry=registry
        )
        self.delay_s = Histogram(
            "bot_action_delay_seconds",
            "From the plan of an action to its settlement.",
            registry=registry,
            buckets=_SECONDS,
        )
        self.slack_errors = Counter(
            "bot_slack_errors", "Failed calls by Slack's word for it.", ("code",), registry=registry
        )
        self.lanes_waiting = Gauge(
            "bot_lanes_waiting", "Lanes with something to do.", registry=registry
        )
        self.oldest_age_s = Gauge(
            "bot_oldest_age_seconds", "Age of what has waited longest.", registry=registry
        )
        self.dead_letters = Gauge("bot_dead_letters", "Actions given up.", registry=registry)
        self.rules_stale = Gauge(
            "bot_rules_stale",
            "1 while the rules file is broken and older rules run.",
            registry=registry,
        )
        self._codes: set[str] = set()

    def slack_failed(self, code: str) -> None:
        """Counts an error code; a server cannot make the labels grow without end."""
        if code not in self._codes and len(self._codes) >= MAX_CODES:
            code = "other"
        self._codes.add(code)
        self.slack_errors.labels(code=code).inc()
