"""Conditions of a rule: `project`, `branch`, and `if:` as a map or as an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.rules.atoms import every, shown, some
from bot.rules.catalogue import COMMON
from bot.rules.match import compile_test
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word, shorten, written
from bot.rules.ruleset import Condition

if TYPE_CHECKING:
    from bot.actions.spec import Lookup
    from bot.registry import Field
    from bot.rules.expr_parts import Branch
    from bot.rules.reading import Reading, Scope

#: Conditions that stand on a rule itself, cheapest first.
ON_RULE: Final = ("project", "group", "branch", "confidential")
NESTS: Final = ("any", "all", "not")
_COMMON: Final = {field.name: field for field in COMMON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a rule's entries demand together."""

    conditions: tuple[Condition, ...] = ()
    #: They ask for confidential events.
    confidential: bool = False
    #: Positive patterns of `project`, one tuple per condition on it.
    projects: tuple[str, ...] = ()


def read_conditions(node: Map, reading: Reading, scope: Scope) -> Conditions:
    """Those of one rule entry: the keys on it, then its `if:`."""
    reader = _Reader(reading, scope)
    found: list[Condition] = []
    projects: tuple[str, ...] = ()
    for key, value in node.entries:
        if key.text in ON_RULE:
            found += reader.field(key, value)
            if key.text == "project":
                projects = positive_patterns(value)
    rest = node.get("if")
    if rest is not None:
        found += reader.condition(rest)
    found.sort(key=cost)
    return Conditions(conditions=tuple(found), confidential=reader.confidential, projects=projects)


def cost(condition: Condition) -> int:
    """Cheapest first: what an API may have to tell comes last."""
    if condition.asks:
        return len(ON_RULE) + 1
    return ON_RULE.index(condition.field) if condition.field in ON_RULE else len(ON_RULE)


def positive_patterns(node: Node) -> tuple[str, ...]:
    """The texts of which a value must match one; empty when the matcher is of another kind."""
    items = node.items if isinstance(node, Seq) else (node,)
    if not all(isinstance(item, Scalar) for item in items):
        return ()
    texts = [item for item in items if isinstance(item, Scalar)]
    if any(item.plain and item.text in {"set", "unset"} for item in texts):
        return ()
    return tuple(item.text for item in texts if not item.text.startswith("!"))


class _Reader:
    def __init__(self, reading: Reading, scope: Scope) -> None:
        self._reading = reading
        self._scope = scope
        self.confidential = False

    def condition(self, node: Node, *, negated: bool = False) -> list[Condition]:
        """`if:`: a map whose entries all must hold, or an expression."""
        if isinstance(node, Map):
            if not node.entries:
                self._reading.faults.add(node, "`if` has an empty map")
            found: list[Condition] = []
            for key, value in node.entries:
                if key.text in NESTS:
                    found += self._nest(key, value, negated=negated)
                else:
                    found += self.field(key, value, negated=negated)
            return found
        if isinstance(node, Scalar) and not node.is_null and node.as_bool() is None:
            return self._expression(node, negated=negated)
        hint = "that is `if: {all: […]}`, or `{any: […]}`" if isinstance(node, Seq) else None
        said = f"`if` must be a map or an expression, not {kind_word(node)}"
        self._reading.faults.add(node, said, hint)
        return []

    def _expression(self, node: Scalar, *, negated: bool) -> list[Condition]:
        expression = self._reading.expression(node, self._scope)
        if expression is None:
            return []
        self.confidential |= expression.confidential and not negated
        whole = _of_branch(expression.tree)
        names = tuple(dict.fromkeys(name for name, _ in expression.fields))
        return [
            replace(
                whole,
                field="if",
                wanted=shorten(node.text, 200),
                passed=expression.holds,
                asks=self._reading.catalogue.asks(names),
            )
        ]

    def field(self, key: Scalar, value: Node, *, negated: bool = False) -> list[Condition]:
        """One field and its matcher."""
        field = self._reading.field(key.text, key, self._scope)
        field = field or _COMMON.get(key.text)
        if field is None:
            return []
        if isinstance(value, Seq) and not value.items and value.inserted:
            return []
        condition = self._made(field, value)
        if field.name == "confidential":
            self.confidential |= condition.passed(_secret) is not negated
        return [condition]

    def _made(self, field: Field, value: Node) -> Condition:
        """Rules that ask the same share the condition: many do."""
        asks = self._reading.catalogue.asks([field.name])
        key = (field.name, asks, _shape(value))
        known = self._reading.conditions.get(key)
        if known is not None:
            return known
        faults = self._reading.faults
        before = faults.count
        made = _condition(field, value, compile_test(value, field, faults), asks)
        if faults.count == before:
            self._reading.conditions[key] = made
        return made

    def _nest(self, key: Scalar, value: Node, *, negated: bool) -> list[Condition]:
        if key.text == "not":
            parts = [tuple(self.condition(value, negated=not negated))]
        else:
            items = self._reading.items(value, key.text)
            parts = [tuple(self.condition(item, negated=negated)) for item in items]
        groups = [_held(part) for part in parts if part]
        if not groups:
            return []
        return [
            Condition(
                field=key.text,
                wanted=shorten(written(value), 200),
                passed=_NESTED[key.text](groups),
                seen=_seen_of([c for part in parts for c in part]),
                parts=tuple(c for part in parts for c in part),
                join=key.text,
                groups=tuple(part for part in parts if part),
                asks=tuple(dict.fromkeys(a for part in parts for c in part for a in c.asks)),
            )
        ]


def _secret(_name: str) -> bool:
    return True


def _shape(node: Node) -> object:
    """The same for nodes that say the same, wherever they stand."""
    if isinstance(node, Scalar):
        return (node.text, node.plain)
    if isinstance(node, Seq):
        return ("list", *[_shape(item) for item in node.items])
    return ("map", *[(key.text, _shape(value)) for key, value in node.entries])


def _condition(
    field: Field, node: Node, passed: Callable[[Lookup], bool], asks: tuple[str, ...]
) -> Condition:
    name = field.name

    def seen(lookup: Lookup) -> str | None:
        return shown(lookup(name))

    wanted = shorten(written(node), 200)
    return Condition(
        field=name,
        wanted=wanted,
        passed=passed,
        seen=seen,
        asks=asks,
        patterns=texts_in(node),
        positive=positive_patterns(node),
    )


def texts_in(node: Node) -> tuple[str, ...]:
    """Every text of a matcher, those that subtract without their `!`."""
    if isinstance(node, Map):
        return tuple(text for _, value in node.entries for text in texts_in(value))
    if isinstance(node, Seq):
        return tuple(text for item in node.items for text in texts_in(item))
    return (node.text.removeprefix("!"),)


def _of_branch(branch: Branch) -> Condition:
    """A part of an expression as a condition without a field."""
    names = branch.fields

    def seen(lookup: Lookup) -> str:
        return ", ".join(f"{name}={shown(lookup(name), 40) or 'absent'}" for name in names)

    return Condition(
        field="",
        wanted=shorten(branch.source, 200),
        passed=branch.holds,
        seen=seen,
        join=branch.join,
        groups=tuple((_of_branch(part),) for part in branch.parts),
    )


def _held(conditions: Sequence[Condition]) -> Callable[[Lookup], bool]:
    if len(conditions) == 1:
        return conditions[0].passed
    return every(condition.passed for condition in conditions)


def _not(tests: Sequence[Callable[[Lookup], bool]]) -> Callable[[Lookup], bool]:
    held = every(tests)
    return lambda lookup: not held(lookup)


_NESTED: Final = {"any": some, "all": every, "not": _not}


def _seen_of(parts: Sequence[Condition]) -> Callable[[Lookup], str]:
    def seen(lookup: Lookup) -> str:
        pairs = {part.field: part.seen(lookup) for part in parts}
        return shorten(", ".join(f"{k}={v or 'absent'}" for k, v in pairs.items()), 200)

    return seen
