"""What `/metrics` shows: every metric of the program, each label from a small closed set."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Distinct Slack error codes counted by name; later ones are counted as `other`.
MAX_CODES: Final = 60
#: Rules counted by name; those first seen later are counted as `other`.
MAX_RULES: Final = 500

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
        self.malformed = Counter(
            "bot_requests_malformed",
            "Requests that were no HTTP, for anybody and nothing; they are not in the log.",
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
        self.items_waiting = Gauge(
            "bot_items_waiting", "What waits, by what for.", ("stage",), registry=registry
        )
        self.oldest_s = Gauge(
            "bot_stage_oldest_age_seconds",
            "Age of what has waited longest, by what for.",
            ("stage",),
            registry=registry,
        )
        self.channel_items = Gauge(
            "bot_channel_items_waiting",
            "Actions that wait in the deepest lanes.",
            ("lane",),
            registry=registry,
        )
        self.channel_oldest_s = Gauge(
            "bot_channel_oldest_age_seconds",
            "Age of what has waited longest in each of them.",
            ("lane",),
            registry=registry,
        )
        self.hooks = Gauge("bot_hooks", "Hooks by status.", ("status",), registry=registry)
        self.hooks_off = Gauge(
            "bot_hooks_off",
            "Hooks that bring nothing: switched off by their forge, or gone from it.",
            registry=registry,
        )
        self.hooks_found_off = Counter(
            "bot_hooks_found_off",
            "Hooks that were found so, by what became of it.",
            ("outcome",),
            registry=registry,
        )
        self.rules = Gauge("bot_rules", "Rules in force.", registry=registry)
        self.rule_matches = Counter(
            "bot_rule_matches", "Deliveries a rule acted on.", ("rule",), registry=registry
        )
        self.call_s = Histogram(
            "bot_call_seconds",
            "One try of an action at Slack, a forge or another server;"
            " `facts`: one look-up at a forge.",
            ("method",),
            registry=registry,
            buckets=_SECONDS,
        )
        self.limited_s = Counter(
            "bot_rate_limit_seconds",
            "Seconds that rate limits asked to wait.",
            ("method",),
            registry=registry,
        )
        self._codes: set[str] = set()
        #: Looking a child up by its labels costs more than counting.
        self._matched: dict[str, Counter] = {}
        self._called: dict[str, Histogram] = {}
        self._decided: dict[str, Counter] = {}
        self._acted: dict[tuple[str, str], Counter] = {}

    def decided(self, outcome: str) -> None:
        found = self._decided.get(outcome)
        if found is None:
            found = self._decided[outcome] = self.decisions.labels(outcome=outcome)
        found.inc()

    def acted(self, verb: str, outcome: str) -> None:
        found = self._acted.get((verb, outcome))
        if found is None:
            made = self.actions.labels(verb=verb, outcome=outcome)
            found = self._acted[verb, outcome] = made
        found.inc()

    def matched(self, rule: str) -> None:
        found = self._matched.get(rule)
        if rule not in self._matched and len(self._matched) >= MAX_RULES:
            rule = "other"
        found = self._matched.get(rule)
        if found is None:
            found = self._matched[rule] = self.rule_matches.labels(rule=rule)
        found.inc()

    def called(self, method: str, took_s: float) -> None:
        """`method`: one of those of the deliverer, which are few."""
        found = self._called.get(method)
        if found is None:
            found = self._called[method] = self.call_s.labels(method=method)
        found.observe(took_s)

    def found_off(self, mended: bool) -> None:  # noqa: FBT001 - a callback
        self.hooks_found_off.labels(outcome="mended" if mended else "left").inc()

    def slack_failed(self, code: str) -> None:
        """Counts an error code; a server cannot make the labels grow without end."""
        if code not in self._codes and len(self._codes) >= MAX_CODES:
            code = "other"
        self._codes.add(code)
        self.slack_errors.labels(code=code).inc()
