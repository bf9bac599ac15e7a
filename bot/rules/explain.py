"""Why a rule wants an event, or does not: every condition, never stopping at the first that fails.

A second evaluator over the compiled rules. It combines the results itself and shares only the
leaves' tests with the walk that decides; a property test holds the two together. Pure.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.rules.atoms import texts_of
from bot.rules.catalogue import ANY, UNMATCHED
from bot.rules.match import DEFAULT
from bot.rules.nodes import shorten
from bot.rules.patterns import is_glob, split_regex

if TYPE_CHECKING:
    from bot.actions.spec import Lookup
    from bot.rules.ruleset import Condition, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One condition's outcome, with those of its parts."""

    #: Empty for a part of an expression.
    field: str
    wanted: str
    #: None when the event does not have it.
    seen: str | None
    passed: bool
    #: What comes nearest to what was wanted.
    hint: str = ""
    parts: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    rule: Rule
    matched: bool
    #: `on` first, then the conditions in the order they are tried.
    lines: tuple[Line, ...]
    #: The children of `first`, each with its own conditions.
    children: tuple[Explained, ...] = ()

    @property
    def failed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.passed)


def explain(
    rule: Rule, names: Sequence[str], lookup: Lookup, *, confidential: bool = False
) -> Explained:
    """`names`: the event's, derived ones included. `unmatched` counts as listed."""
    lines = [_on(rule, names)]
    if confidential and not rule.confidential:
        lines.append(_CONFIDENTIAL)
    lines += [line_of(condition, lookup) for condition in rule.conditions]
    children = tuple(_child(child, lookup) for child in rule.first)
    matched = all(line.passed for line in lines)
    if rule.first:
        matched = matched and any(child.matched for child in children)
    return Explained(rule=rule, matched=matched, lines=tuple(lines), children=children)


def _child(rule: Rule, lookup: Lookup) -> Explained:
    """Its parent's `on` and privacy hold for it too."""
    lines = tuple(line_of(condition, lookup) for condition in rule.conditions)
    return Explained(rule=rule, matched=all(line.passed for line in lines), lines=lines)


_CONFIDENTIAL: Final = Line(
    field="confidential",
    wanted="false",
    seen="true",
    passed=False,
    hint="a rule must ask for it: `confidential: true`",
)


def _on(rule: Rule, names: Sequence[str]) -> Line:
    passed = any(name in rule.on for name in (*names, ANY, UNMATCHED))
    return Line(
        field="on",
        wanted=_listed(rule.on) or "a time rule: no event",
        seen=_listed(names) or None,
        passed=passed,
        hint="" if passed else "event not listed",
    )


def _listed(names: Sequence[str], limit: int = 6) -> str:
    more = f", … ({len(names)})" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def line_of(condition: Condition, lookup: Lookup) -> Line:
    """The condition, worked out from its parts; a leaf by its own test."""
    groups = [[line_of(part, lookup) for part in group] for group in condition.groups]
    held = [all(line.passed for line in group) for group in groups]
    passed = _JOINED[condition.join](held) if condition.join else condition.passed(lookup)
    return Line(
        field=condition.field,
        wanted=condition.wanted,
        seen=condition.seen(lookup),
        passed=passed,
        hint="" if passed or condition.join else _nearest(condition, lookup),
        parts=tuple(line for group in groups for line in group),
    )


_JOINED: Final[Mapping[str, Callable[[Sequence[bool]], bool]]] = {
    "any": any,
    "all": all,
    "not": lambda held: not all(held),
}

#: Below this likeness a hint would be noise; more texts than this are not compared.
_ALIKE: Final = 0.6
_COMPARED: Final = 200


def _nearest(condition: Condition, lookup: Lookup) -> str:
    """The value that is most like one of the texts wanted, for typing mistakes and near misses."""
    if DEFAULT in condition.patterns:
        return f"the default branch is {lookup('default_branch') or 'not known'}"
    values = (texts_of(lookup(condition.field)) or ())[:_COMPARED]
    wanted = [text for text in condition.patterns[:_COMPARED] if split_regex(text) is None]
    best, pair = _ALIKE, ("", "")
    for pattern in wanted:
        for value in values:
            alike = _likeness(pattern, value)
            if alike > best and value != pattern:
                best, pair = alike, (pattern, value)
    return f"nearest: {shorten(pair[1])} is not {shorten(pair[0])}" if pair[0] else ""


def _likeness(pattern: str, value: str) -> float:
    """Of a glob the fixed beginning counts, against as much of the value."""
    if is_glob(pattern):
        pattern = pattern.partition("*")[0].partition("{")[0]
        value = value[: len(pattern) + 2]
    if not pattern:
        return 0.0
    return difflib.SequenceMatcher(None, pattern[:200].lower(), value[:200].lower()).ratio()
