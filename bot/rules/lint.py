"""Warnings about rules that load but cannot do what their author wanted."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.model import Level
from bot.rules.catalogue import ANY, UNMATCHED
from bot.rules.nodes import Scalar, Seq, Spot
from bot.rules.template import Template
from bot.rules.template_hints import idle_hint, idle_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.actions.spec import ActionSpec
    from bot.model import Fault
    from bot.rules.nodes import Map
    from bot.rules.reading import Reading
    from bot.rules.ruleset import Rule

#: Comparing each rule with each `stop` is quadratic; beyond this nobody reads the list.
_STOPS: Final = 50


def lint(
    rules: Sequence[Rule], reading: Reading, documents: Mapping[str, Map], *, strict: bool
) -> None:
    """Tells of unused aliases, of rules that a `stop` above takes everything from, of rules that
    say the same, and of threads that fall apart. `strict`: private projects go to declared
    channels only."""
    broken = reading.faults.of_level(Level.ERROR)
    if not broken:
        _unused(reading, documents)
    rules = _read(rules, broken)
    _repeated(rules, reading)
    for rule in rules:
        for spec in rule.actions:
            _unstable(rule, spec, reading)
            _idle(rule, spec, reading)
            if strict:
                _undeclared(rule, spec, reading)
    stops: list[Rule] = []
    for rule in rules:
        shadow = next((stop for stop in stops if _covers(stop, rule)), None)
        if shadow is not None:
            reading.faults.warn(
                Spot(rule.file, rule.line, 1, 200),
                f"unreachable: rule `{shadow.name}` (line {shadow.line}, stop) matches everything "
                "this rule can",
            )
        if rule.stop and len(stops) < _STOPS and all(c.field == "project" for c in rule.conditions):
            stops.append(rule)


def _read(rules: Sequence[Rule], broken: Sequence[Fault]) -> Sequence[Rule]:
    """Those without a fault in their lines: of the others nobody knows what they were to say."""
    if not broken:
        return rules
    starts: dict[str, list[int]] = {}
    for rule in rules:
        starts.setdefault(rule.file, []).append(rule.line)
    lines = {file: sorted(found) for file, found in starts.items()}
    bad = {
        (fault.file, lines[fault.file][at - 1])
        for fault in broken
        if (at := bisect_right(lines.get(fault.file, []), fault.line))
    }
    return [rule for rule in rules if (rule.file, rule.line) not in bad]


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


def _repeated(rules: Sequence[Rule], reading: Reading) -> None:
    """A rule that another one above repeats sends everything twice."""
    known: dict[tuple[object, ...], list[tuple[Rule, list[ActionSpec]]]] = {}
    for rule in rules:
        wanted = tuple((one.field, one.wanted) for one in rule.conditions)
        # Beside what is compared, so that a thousand rules for one event are not all compared.
        says = tuple((one.verb, one.to.to, one.text and one.text.source) for one in rule.actions)
        alike = known.setdefault((rule.on, wanted, rule.confidential, says), [])
        does = [replace(spec, line=0) for spec in rule.actions]
        twin = next((one for one, done in alike if done == does), None)
        if twin is None or rule.first or rule.timing != twin.timing:
            alike.append((rule, does))
        else:
            reading.faults.warn(
                Spot(rule.file, rule.line, 1, 200),
                f"duplicate: rule `{twin.name}` ({twin.file}:{twin.line}) wants the same events "
                "and does the same",
                "remove one of them",
            )


#: What changes while a thread goes on: a key made of it begins a new one each time.
_CHANGING: Final = frozenset(
    (
        *("title", "description", "labels", "added_labels", "removed_labels", "state", "status"),
        *("draft", "approvals", "approved", "conflicts", "milestone", "reviewers", "assignees"),
        *("additions", "deletions", "commit_count", "duration", "broken_for", "message"),
        *("comment.text", "actor", "count", "previous_status", "failed_jobs", "reason"),
    )
)


def _unstable(rule: Rule, spec: ActionSpec, reading: Reading) -> None:
    if not isinstance(spec.thread, Template):
        return
    changing = [name for name, _ in spec.thread.fields if name in _CHANGING]
    if changing:
        reading.faults.warn(
            Spot(rule.file, spec.line, 1, 200),
            f"`thread` of rule `{rule.name}` is made of `{changing[0]}`, which changes from event "
            "to event: each change begins a new thread",
            "make the key of what stays: iid, branch, environment, sha",
        )


def _idle(rule: Rule, spec: ActionSpec, reading: Reading) -> None:
    """`@here` in a text pings nobody, `{title}` shows itself."""
    for word, name in idle_words(spec.text.source) if isinstance(spec.text, Template) else ():
        told = idle_hint(word, name, reading.catalogue.fields)
        if told is not None:
            text, hint = told
            at = Spot(rule.file, spec.line, 1, 200)
            reading.faults.warn(at, f"{text} (rule `{rule.name}`)", hint)


def _undeclared(rule: Rule, spec: ActionSpec, reading: Reading) -> None:
    declared = {channel.to for channel in reading.channels.values()}
    for channel in spec.to.channels:
        if channel not in declared:
            reading.faults.warn(
                Spot(rule.file, spec.line, 1, 200),
                f"`{channel}` of rule `{rule.name}` is not declared: with `private: declared`"
                " nothing of a private project goes there",
                "declare it under `channels:`",
            )
