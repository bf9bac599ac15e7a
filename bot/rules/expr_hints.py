"""What to write instead of what an expression does not take, by what others have it do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.rules.faults import did_you_mean
from bot.rules.habits import field_hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.expr_parts import Part

_CALLS: Final = {
    "startswith": "the map form has it: if: {title: {starts: feat}}",
    "endswith": "the map form has it: if: {title: {ends: x}}",
    "contains": 'write `"x" in title`',
    "includes": 'write `"bug" in labels`',
    "matches": "for a pattern, use the map form: if: {title: /wip/i}",
    "match": "for a pattern, use the map form: if: {title: /wip/i}",
    "lower": "case: for a pattern, use the map form: if: {title: /wip/i}",
    "success": "the event says it: on: pipeline.success",
    "failure": "the event says it: on: pipeline.failed",
    "always": "without `if:` it always holds",
}
_STRAY: Final = {
    "is": "write `==`; for a value or none, the map form: if: {milestone: set}",
    "contains": 'write `"x" in title`, `"bug" in labels`',
    "includes": 'write `"bug" in labels`',
    "has": 'write `"bug" in labels`',
    "matches": "for a pattern, use the map form: if: {title: /wip/i}",
    "like": "for a pattern, use the map form: if: {title: /wip/i}",
    "startswith": "the map form has it: if: {title: {starts: feat}}",
    "equals": "write `==`",
    "eq": "write `==`",
    "gt": "write `>`",
    "lt": "write `<`",
    "if": "write two rules, or `first:`",
}


def stray(word: str) -> str | None:
    """For a word that stands where an expression could end."""
    lower = word.lower()
    if lower in {"and", "or", "not", "in"}:
        return f"write `{lower}`"
    return _STRAY.get(lower)


def call(name: str) -> str:
    """For a function: there is only one."""
    return _CALLS.get(name.rpartition(".")[2].lower(), "only `len()`")


def field_meant(name: str, fields: Iterable[str], *, right: bool) -> str:
    """For a field that does not exist. `right`: of a comparison, where it is more often a text
    without its quotes."""
    known = (*fields, "not", "and", "or")
    nothing = field_hint(name, ()) if name in {"null", "None", "nil"} else None
    hint = did_you_mean(name, known) if right else field_hint(name, known)
    return nothing or hint or f'for a text: "{name}"'


def comparable(left: Part, right: Part) -> str | None:
    """How two sides of different types could be compared."""
    kinds = {left.type, right.type}
    if "texts" in kinds:
        return 'use `in` for lists: "bug" in labels'
    if kinds == {"duration", "number"}:
        unit = "a duration has a unit: 30m, 2h, 1d"
        return unit if "number" in {left.at.kind, right.at.kind} else "leave the unit out"
    if "text" in kinds and right.at.kind == "text":
        return f"leave the quotes out: {right.at.value}"
    return None
