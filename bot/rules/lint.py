"""Warnings about rules that load but cannot do what their author wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.rules.catalogue import ANY, UNMATCHED
from bot.rules.nodes import Scalar, Seq, Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.rules.nodes import Map
    from bot.rules.reading import Reading
    from bot.rules.ruleset import Rule

#: Comparing each rule with each `stop` is quadratic; beyond this nobody reads the list.
_STOPS: Final = 50


def lint(rules: Sequence[Rule], reading: Reading, documents: Mapping[str, Map]) -> None:
    """Tells of unused aliases and of rules that a `stop` above takes everything from."""
    _unused(reading, documents)
    stops: list[tuple[int, Rule]] = []
    for number, rule in enumerate(rules):
        shadow = next((stop for _, stop in stops if _covers(stop, rule)), None)
        if shadow is not None:
            reading.faults.warn(
                Spot(rule.file, rule.line, 1, 200),
                f"unreachable: rule `{shadow.name}` (line {shadow.line}, stop) matches everything "
                "this rule can",
            )
        if rule.stop and len(stops) < _STOPS and all(c.field == "project" for c in rule.conditions):
            stops.append((number, rule))


def _covers(stop: Rule, rule: Rule) -> bool:
    if stop.included and stop.file != rule.file:
        return False
    if UNMATCHED in rule.on or (ANY not in stop.on and not set(rule.on) <= set(stop.on)):
        return False
    if rule.confidential and not stop.confidential:
        return False
    if not stop.conditions:
        return True
    if len(stop.conditions) != 1 or not stop.projects or not rule.projects:
        return False
    if stop.conditions[0].wanted.count("!"):
        return False
    return all(any(_below(wide, narrow) for wide in stop.projects) for narrow in rule.projects)


def _below(wide: str, narrow: str) -> bool:
    """Whether every project of one pattern is one of the other."""
    wide, narrow = wide.casefold(), narrow.casefold()
    if wide in {narrow, "**"}:
        return True
    stem = wide[:-2]
    return wide.endswith("/**") and "*" not in stem and "{" not in stem and narrow.startswith(stem)


def _unused(reading: Reading, documents: Mapping[str, Map]) -> None:
    for document in documents.values():
        table = document.get("channels")
        for key, _ in () if table is None or isinstance(table, Scalar | Seq) else table.entries:
            if key.text in reading.channels and key.text not in reading.used:
                reading.faults.warn(key, f"channel `{key.text}` is not used")
