"""The dashboard and the alerts speak of metrics that there are, and every alert can fire."""

from __future__ import annotations

import json
import operator
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER: Final = Path("docs/grafana")
ALERTS: Final[list[dict[str, Any]]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
NAMES: Final = [rule["alert"] for rule in ALERTS]
TARGETS: Final[list[str]] = [
    target["expr"]
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    for target in panel["targets"]
]
#: All of PromQL that the alerts use.
EXPRESSION: Final = re.compile(
    r"(?P<increase>increase\()?(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})?(?:\[\w+\]\))?"
    r" (?P<sign>>|==) (?P<than>[\d.]+)"
)
SIGNS: Final = {">": operator.gt, "==": operator.eq}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scraped:
    """What Prometheus would read, with the labels it adds by itself."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.metrics = Metrics(registry)
        self.up = 1.0
        #: Not this process's own, which runs a thousand other tests.
        self.memory = 100e6

    def read(self) -> Samples:
        text = generate_latest(self.metrics.registry).decode()
        found: Samples = {("up", frozenset({("job", "bot")})): self.up}
        for family in text_string_to_metric_families(text):
            for one in family.samples:
                found[one.name, frozenset({**one.labels, "job": "bot"}.items())] = one.value
        memory = "process_resident_memory_bytes", frozenset({("job", "bot")})
        assert memory in found
        return {**found, memory: self.memory}


def fires(expression: str, before: Samples, after: Samples) -> bool:
    found = EXPRESSION.fullmatch(expression)
    assert found is not None, f"the test does not know how to read {expression}"
    wanted = set(re.findall(r'(\w+)="([^"]*)"', found["labels"] or ""))
    for (name, labels), value in after.items():
        if name == found["name"] and wanted <= labels:
            grown = value - before.get((name, labels), 0) if found["increase"] else value
            if SIGNS[found["sign"]](grown, float(found["than"])):
                return True
    return False


def _down(made: Scraped) -> None:
    made.up = 0


def _large(made: Scraped) -> None:
    made.memory = 2e9


def _mended(made: Scraped) -> None:
    for _ in range(3):
        made.metrics.found_off(True)


def _answered(outcome: str, times: int) -> Callable[[Scraped], None]:
    return lambda made: made.metrics.deliveries.labels("gitlab", outcome).inc(times)


def _waits(stage: str, age_s: float) -> Callable[[Scraped], None]:
    return lambda made: made.metrics.oldest_s.labels(stage=stage).set(age_s)


#: What goes wrong, by the alert that tells it.
TROUBLE: Final[dict[str, Callable[[Scraped], None]]] = {
    "BotDown": _down,
    "BotCannotStore": _answered("503", 1),
    "BotRefusesDeliveries": _answered("401", 30),
    "BotDecidesLate": _waits("decide", 90),
    "BotSendsLate": _waits("send", 700),
    "BotCommandsLate": _waits("command", 200),
    "BotDecisionsFail": lambda made: made.metrics.decisions.labels(outcome="failed").inc(),
    "BotDeadLetters": lambda made: made.metrics.dead_letters.set(1),
    "BotRulesStale": lambda made: made.metrics.rules_stale.set(1),
    "BotRateLimited": lambda made: made.metrics.limited_s.labels(method="post").inc(900),
    "BotHooksUnproved": lambda made: made.metrics.hooks.labels(status="proving").set(1),
    "BotHooksOff": lambda made: made.metrics.hooks_off.set(1),
    "BotHooksKeepFailing": _mended,
    "BotMemory": _large,
}


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_for_its_trouble_and_no_other_does(name: str) -> None:
    made = Scraped()
    before = made.read()
    quiet = [rule["alert"] for rule in ALERTS if fires(rule["expr"], before, before)]
    assert quiet == []
    TROUBLE[name](made)
    after = made.read()
    assert [rule["alert"] for rule in ALERTS if fires(rule["expr"], before, after)] == [name]


@pytest.mark.parametrize("expression", [*TARGETS, *(rule["expr"] for rule in ALERTS)])
def test_every_metric_that_is_asked_for_is_told(expression: str) -> None:
    told = {"up"}
    for family in text_string_to_metric_families(
        generate_latest(Scraped().metrics.registry).decode()
    ):
        ends = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_sum", "_count"),
        }.get(family.type, ("",))
        stem = family.name.removesuffix("_total")
        told |= {f"{stem}{end}" for end in ends}
    asked = set(re.findall(r"\b(?:bot|process)_\w+|\bup\b", expression))
    assert asked
    assert asked <= told


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_says_where_to_read_what_to_do(name: str) -> None:
    [rule] = [rule for rule in ALERTS if rule["alert"] == name]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    heads = re.findall(r"^#+ (.*)$", Path(path).read_text(), re.MULTILINE)
    assert anchor in {head.lower().replace(" ", "-") for head in heads}
