"""The expressions of `if: not draft and approvals < 2`: parsed, typed, compiled to closures.

Comparisons with an absent value are false and `!=`, `not`, `not in` are exact complements;
arithmetic on an absent value is absent.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.model import Value
from bot.registry import Field, FieldType
from bot.rules.atoms import every, some, texts_of
from bot.rules.catalogue import is_dynamic, is_list
from bot.rules.expr_hints import call, comparable, field_meant, stray
from bot.rules.expr_parts import Expression, Part, branch
from bot.rules.expr_tokens import ExprError, Tokens

if TYPE_CHECKING:
    from bot.actions.spec import Lookup
    from bot.rules.catalogue import Catalogue
    from bot.rules.expr_parts import Closure, Result
    from bot.rules.expr_tokens import Token

__all__ = ["DEPTH_LIMIT", "Expression", "compile_expression"]

DEPTH_LIMIT: Final = 50


def compile_expression(source: str, catalogue: Catalogue) -> Expression:
    """Raises ExprError, which says where in the source."""
    parser = _Parser(source, catalogue)
    part = parser.whole()
    if part.type not in {"bool", "any"}:
        name = part.field or source.strip()
        hint = f"compare it: `{name} > 0`" if part.type == "number" else None
        if part.type in {"text", "texts"}:
            hint = f"compare it, or write `len({name}) > 0`"
        raise ExprError(f"`{name}` is {_A[part.type]}, not true or false", part.at, hint)
    run = part.run
    return Expression(
        source=source,
        holds=lambda lookup: run(lookup) is True,
        fields=tuple(parser.fields),
        confidential=part.secret,
        tree=branch(part, source, parser.fields),
    )


_TYPES: Final = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "number",
    FieldType.BOOL: "bool",
    FieldType.DURATION: "duration",
    FieldType.TIME: "time",
    FieldType.PERSON: "text",
    FieldType.REF: "text",
}
_A: Final = {
    "text": "text",
    "number": "a number",
    "bool": "true or false",
    "duration": "a duration",
    "time": "a time",
    "texts": "a list",
    "any": "of any type",
}
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARISONS: Final = frozenset({*_ORDER, "==", "!=", "in"})
_ORDERED: Final = frozenset({"number", "duration", "time", "any"})


class _Parser:
    """Recursive descent with Python's precedence: or, and, not, comparison, + -, unary -."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._tokens = Tokens(source)
        self._catalogue = catalogue
        self._depth = 0
        #: What is read stands on the right of a comparison.
        self._right = False
        self.fields: list[tuple[str, int]] = []

    def whole(self) -> Part:
        part = self._or()
        left = self._tokens.peek()
        if left.kind != "end":
            raise ExprError(f"`{left.text}` does not belong here", left, stray(left.text))
        return part

    def _or(self) -> Part:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise ExprError(f"nested more than {DEPTH_LIMIT} deep", self._tokens.peek())
        parts = [self._and()]
        while self._tokens.take("or"):
            parts.append(self._and())
        self._depth -= 1
        if len(parts) == 1:
            return parts[0]
        runs = [_truth(part) for part in parts]
        return _joined("any", parts, some(runs))

    def _and(self) -> Part:
        parts = [self._not()]
        while self._tokens.take("and"):
            parts.append(self._not())
        if len(parts) == 1:
            return parts[0]
        runs = [_truth(part) for part in parts]
        return _joined("all", parts, every(runs))

    def _not(self) -> Part:
        count, start = 0, self._tokens.start
        while self._tokens.take("not"):
            count += 1
        part = self._comparison()
        if count == 0:
            return part
        run = _truth(part)
        if count % 2 == 0:
            return _joined("all", [part], run)
        negated = _joined("not", [part], lambda lookup: not run(lookup))
        negated = replace(negated, span=(start, part.span[1]))
        if part.field == "confidential":
            return replace(negated, secret=False)
        return negated

    def _comparison(self) -> Part:
        start = self._tokens.start
        part = self._compared()
        return replace(part, span=(start, self._tokens.end))

    def _compared(self) -> Part:
        left = self._sum()
        sign = self._tokens.comparison()
        if sign is None:
            return left
        self._right = True
        right = self._sum()
        self._right = False
        after = self._tokens.peek()
        if after.text in _COMPARISONS and after.kind == "sign":
            raise ExprError("comparisons do not chain", after, "write `a < b and b < c`")
        negate = sign.text in {"!=", "not in"}
        text = {"!=": "==", "not in": "in"}.get(sign.text, sign.text)
        test = _member(left, right, sign) if text == "in" else _compare(left, right, sign, text)
        held = (lambda lookup: not test(lookup)) if negate else test
        whole = _bool([left, right], held)
        if left.field == "confidential" and right.at.kind == "bool":
            return replace(whole, secret=(right.at.value is True) is not negate)
        return whole

    def _sum(self) -> Part:
        part = self._unary()
        while sign := self._tokens.take("+") or self._tokens.take("-"):
            part = _arithmetic(part, self._unary(), sign)
        return part

    def _unary(self) -> Part:
        sign = self._tokens.take("-")
        if sign is None:
            return self._atom()
        part = self._atom()
        zero = timedelta() if part.type == "duration" else 0
        nothing = Part(type=part.type, run=lambda _lookup: zero, at=sign)
        return _arithmetic(nothing, part, sign)

    def _atom(self) -> Part:
        token = self._tokens.next()
        if token.kind in {"number", "duration", "text", "bool"}:
            value = token.value
            return Part(type=token.kind, run=lambda _lookup: value, at=token)
        if token.kind == "name":
            return self._name(token)
        if token.text == "(":
            part = self._or()
            self._tokens.expect(")")
            return part
        if token.text == "[":
            return self._list(token)
        said = "it ends too early" if token.kind == "end" else f"`{token.text}` is not expected"
        raise ExprError(said, token, "a field, a number, a text in quotes, or `(`")

    def _name(self, token: Token) -> Part:
        if self._tokens.peek().text == "(":
            return self._call(token)
        name = "default_branch" if token.text == "$default" else token.text
        field = self._catalogue.field(name)
        if field is None:
            raise ExprError(
                f"unknown field `{name}`",
                token,
                field_meant(name, self._catalogue.fields, right=self._right),
            )
        self.fields.append((name, token.start))
        return _field_part(field, name, token)

    def _call(self, token: Token) -> Part:
        if token.text != "len":
            raise ExprError(f"there is no function `{token.text}`", token, call(token.text))
        self._tokens.expect("(")
        inner = self._or()
        self._tokens.expect(")")
        if inner.type not in {"text", "texts", "any"}:
            raise ExprError(f"`len` of {_A[inner.type]}", inner.at)
        run = inner.run

        def length(lookup: Lookup) -> Result:
            value = run(lookup)
            return len(value) if isinstance(value, str | tuple) else None

        return Part(type="number", run=length, at=token)

    def _list(self, token: Token) -> Part:
        items: list[str] = []
        while not self._tokens.take("]"):
            if items:
                self._tokens.expect(",")
            item = self._tokens.next()
            if item.kind not in {"text", "number"}:
                raise ExprError("a list holds texts and numbers", item)
            items.append(str(item.value))
        values = tuple(items)
        return Part(type="texts", run=lambda _lookup: values, at=token)


def _field_part(field: Field, name: str, token: Token) -> Part:
    kind = "any" if is_dynamic(field) else "texts" if is_list(field) else _TYPES[field.type]
    as_text = field.type in {FieldType.PERSON, FieldType.REF} or kind == "texts"

    def run(lookup: Lookup) -> Result:
        value = lookup(name)
        if not as_text or value is None:
            return value
        texts = texts_of(value) or ()
        return texts if kind == "texts" else texts[0] if texts else None

    return Part(
        type=kind, run=run, at=token, fold=field.fold, secret=name == "confidential", field=name
    )


def _bool(parts: list[Part], run: Callable[[Lookup], bool]) -> Part:
    return Part(type="bool", run=run, at=parts[0].at, secret=any(part.secret for part in parts))


def _joined(join: str, parts: list[Part], run: Callable[[Lookup], bool]) -> Part:
    span = (parts[0].span[0], parts[-1].span[1])
    return replace(_bool(parts, run), join=join, parts=tuple(parts), span=span)


def _truth(part: Part) -> Callable[[Lookup], bool]:
    if part.type not in {"bool", "any"}:
        hint = f"compare it, for example `{part.field or 'x'} == …`"
        if part.type in {"text", "texts"} and part.field:
            hint = f"compare it, or write `len({part.field}) > 0`"
        said = f"`{part.field or part.at.text}` is {_A[part.type]}, not true or false"
        raise ExprError(said, part.at, hint)
    run = part.run
    return lambda lookup: run(lookup) is True


def _fits(left: Part, right: Part) -> bool:
    return left.type == right.type or "any" in {left.type, right.type}


def _compare(left: Part, right: Part, sign: Token, text: str) -> Callable[[Lookup], bool]:
    if text == "==":
        if not _fits(left, right) or "texts" in {left.type, right.type}:
            raise ExprError(
                f"`{sign.text}` between {_A[left.type]} and {_A[right.type]}",
                sign,
                comparable(left, right),
            )
        return _equal(left.run, right.run, fold=left.fold or right.fold)
    if not _fits(left, right) or left.type not in _ORDERED or right.type not in _ORDERED:
        said = f"`{sign.text}` between {_A[left.type]} and {_A[right.type]}"
        raise ExprError(said, sign, comparable(left, right))
    test, one, other = _ORDER[text], left.run, right.run
    return lambda lookup: _ordered(test, one(lookup), other(lookup))


def _ordered(test: Callable[[Any, Any], bool], left: Result, right: Result) -> bool:
    for kind in (int | float, timedelta, datetime):
        if isinstance(left, kind) and isinstance(right, kind):
            if isinstance(left, bool) or isinstance(right, bool):
                return False
            try:
                return test(left, right)
            except TypeError:  # an aware and a naive time
                return False
    return False


def _equal(one: Closure, other: Closure, *, fold: bool) -> Callable[[Lookup], bool]:
    def equal(lookup: Lookup) -> bool:
        left, right = one(lookup), other(lookup)
        if left is None or right is None or isinstance(left, bool) != isinstance(right, bool):
            return False
        if fold and isinstance(left, str) and isinstance(right, str):
            return left.casefold() == right.casefold()
        return left == right

    return equal


def _member(left: Part, right: Part, sign: Token) -> Callable[[Lookup], bool]:
    if left.type not in {"text", "number", "any"} or right.type not in {"texts", "text", "any"}:
        raise ExprError(
            f"`{sign.text}` between {_A[left.type]} and {_A[right.type]}",
            sign,
            'write `"bug" in labels` or `branch in ["main", "next"]`',
        )
    one, other, fold = left.run, right.run, left.fold or right.fold

    def member(lookup: Lookup) -> bool:
        item, whole = one(lookup), other(lookup)
        if item is None or isinstance(item, bool | tuple) or not isinstance(whole, str | tuple):
            return False
        text = str(item)
        if isinstance(whole, str):
            return text.casefold() in whole.casefold() if fold else text in whole
        texts = (str(each) for each in whole)
        return any(text.casefold() == t.casefold() if fold else text == t for t in texts)

    return member


def _arithmetic(left: Part, right: Part, sign: Token) -> Part:
    allowed = {"number", "duration", "any"}
    if left.type not in allowed or right.type not in allowed or not _fits(left, right):
        raise ExprError(f"`{sign.text}` between {_A[left.type]} and {_A[right.type]}", sign)
    test: Callable[[Any, Any], Any] = operator.add if sign.text == "+" else operator.sub
    one, other = left.run, right.run

    def run(lookup: Lookup) -> Result:
        a, b = one(lookup), other(lookup)
        for kind in (int | float, timedelta):
            if isinstance(a, kind) and isinstance(b, kind) and not _has_bool(a, b):
                return _bounded(test, a, b)
        return None

    kind = right.type if left.type == "any" else left.type
    return Part(type=kind, run=run, at=left.at)


def _has_bool(left: object, right: object) -> bool:
    return isinstance(left, bool) or isinstance(right, bool)


def _bounded(test: Callable[[Any, Any], Any], left: object, right: object) -> Result:
    try:
        value: Value = test(left, right)
    except OverflowError:
        return None
    return value
