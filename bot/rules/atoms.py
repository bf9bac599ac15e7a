"""The tests that matchers are made of: closures over one value, or over one text of it."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bot.actions.spec import Lookup
from bot.message import one_line
from bot.model import Person, Ref, Value

if TYPE_CHECKING:
    from bot.registry import Field

#: A test of a field's value, which is None when absent; the look-up is there for `$default`.
Match: TypeAlias = Callable[[Value | None, Lookup], bool]
#: A test of one text: of the value, or of one element of a list.
Atom: TypeAlias = Callable[[str, Lookup], bool]


def texts_of(value: Value | None) -> tuple[str, ...] | None:
    """The value as the texts a matcher sees: a list's elements, else one; None when it has none."""
    if type(value) is str:
        return (value,)
    if type(value) is Person:
        return (value.username,)
    if isinstance(value, tuple):
        # Its elements are of one kind.
        return value if value and type(value[0]) is str else tuple(map(_text_of, value))
    if value is None or isinstance(value, bool | timedelta | datetime):
        return None
    return (_text_of(value),)


def _text_of(item: object) -> str:
    if isinstance(item, Person):
        return item.username
    return item.label if isinstance(item, Ref) else str(item)


def shown(value: Value | None, limit: int = 120) -> str | None:
    """The value as a trace shows it, cut; None when absent."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        more = f", … ({len(value)})" if len(value) > 10 else ""
        text = f"[{', '.join(_text_of(item) for item in value[:10])}{more}]"
    else:
        text = _text_of(value)
    return _cut(text[: 4 * limit], limit)


@functools.lru_cache(maxsize=1024)
def _cut(text: str, limit: int) -> str:
    """Cached: the candidates of an event see the same few values."""
    text = _SECRET.sub("***", one_line(text))
    return text if len(text) <= limit else text[: limit - 1] + "…"


# The matchers run for every candidate of every delivery: plain loops, because a generator costs
# more than the two or three tests it stands for.


def any_holds(texts: Sequence[str], atoms: Sequence[Atom], lookup: Lookup) -> bool:
    """Whether one of the atoms holds for one of the texts."""
    for text in texts:
        for atom in atoms:
            if atom(text, lookup):
                return True
    return False


_Test: TypeAlias = Callable[[Lookup], bool]


def every(tests: Iterable[_Test]) -> _Test:
    """Whether all of them hold."""
    held = tuple(tests)

    def test(lookup: Lookup) -> bool:
        for one in held:  # noqa: SIM110 - see above
            if not one(lookup):
                return False
        return True

    return test


def some(tests: Iterable[_Test]) -> _Test:
    """Whether one of them holds."""
    held = tuple(tests)

    def test(lookup: Lookup) -> bool:
        for one in held:  # noqa: SIM110 - see above
            if one(lookup):
                return True
        return False

    return test


def one_of_texts(atom: Atom) -> Match:
    def match(value: Value | None, lookup: Lookup) -> bool:
        if type(value) is str:
            return atom(value, lookup)
        if isinstance(value, Person):
            return atom(value.username, lookup)
        return any_holds(texts_of(value) or (), (atom,), lookup)

    return match


#: Tokens by their makers' prefixes, signed tokens, and passwords in addresses: traces are shown.
_SECRET: Final = re.compile(
    r"\bgl[a-z]{2,6}-[\w.-]{16,}|\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[a-z]-[\w-]{10,}"
    r"|\bxapp-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?<=://)[^/\s:@]{1,100}:[^/\s@]{1,200}(?=@)"
)


def never(_value: Value | None, _lookup: Lookup) -> bool:
    return False


def never_text(_text: str, _lookup: Lookup) -> bool:
    return False


def is_set(value: Value | None, _lookup: Lookup) -> bool:
    return value is not None and value not in ("", ())


def negated(inner: Match) -> Match:
    return lambda value, lookup: not inner(value, lookup)


_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def compared(sign: str, right: float | timedelta) -> Match:
    test = _COMPARE[sign]
    kinds = timedelta if isinstance(right, timedelta) else (int, float)

    def match(value: Value | None, _lookup: Lookup) -> bool:
        return isinstance(value, kinds) and not isinstance(value, bool) and test(value, right)

    return match


def just_text(test: Callable[[str], bool]) -> Atom:
    return lambda text, _lookup: test(text)


def is_default(text: str, lookup: Lookup) -> bool:
    default = lookup("default_branch")
    return bool(default) and text == default


def equals(wanted: str, field: Field) -> Atom:
    if field.name == "group":
        folded, below = wanted.casefold(), wanted.casefold() + "/"
        return lambda text, _lookup: text.casefold() == folded or text.casefold().startswith(below)
    if field.fold:
        folded = wanted.casefold()
        return lambda text, _lookup: text.casefold() == folded
    return lambda text, _lookup: text == wanted


def equality(field: Field, wanted: str, match: Match) -> Callable[[Lookup], bool]:
    """`match`, which is an equality with one text, told in one step where the value is one."""
    name, fold = field.name, field.fold
    meant = wanted.casefold() if fold else wanted

    def passed(lookup: Lookup) -> bool:
        value = lookup(name)
        if isinstance(value, Person):
            value = value.username
        if type(value) is not str:
            return match(value, lookup)
        return (value.casefold() if fold else value) == meant

    return passed


def membership(
    field: Field,
    words: Iterable[str],
    tests: Iterable[Callable[[str], bool]],
    *,
    default: bool,
) -> Callable[[Lookup], bool]:
    """Whether the value, or an element of it, is one of these (`default`: or the default
    branch)."""
    name, fold = field.name, field.fold
    meant = frozenset(word.casefold() if fold else word for word in words)
    patterns = tuple(tests)
    several = _one_of_many(meant, patterns, fold=fold, default=default)

    def passed(lookup: Lookup) -> bool:
        value = lookup(name)
        if isinstance(value, Person):
            value = value.username
        if type(value) is not str:
            return several(texts_of(value) or (), lookup)
        if meant and (value.casefold() if fold else value) in meant:
            return True
        for test in patterns:
            if test(value):
                return True
        return default and is_default(value, lookup)

    return passed


def _one_of_many(
    meant: frozenset[str],
    patterns: Sequence[Callable[[str], bool]],
    *,
    fold: bool,
    default: bool,
) -> Callable[[Sequence[str], Lookup], bool]:
    """Of the elements of a list."""

    def held(texts: Sequence[str], lookup: Lookup) -> bool:
        if meant and not meant.isdisjoint(map(str.casefold, texts) if fold else texts):
            return True
        for test in patterns:
            if any(map(test, texts)):
                return True
        return default and any(is_default(text, lookup) for text in texts)

    return held


def contains_text(test: Callable[[str, str], bool], wanted: str, *, fold: bool) -> Atom:
    if fold:
        wanted = wanted.casefold()
        return lambda text, _lookup: test(text.casefold(), wanted)
    return lambda text, _lookup: test(text, wanted)


def _elements(value: Value | None) -> tuple[str, ...] | None:
    return texts_of(value) if isinstance(value, tuple) else None


def _member(wanted: list[Atom], unwanted: list[Atom]) -> Atom:
    """Whether one element is wanted: any of these (all when there is none), none of those."""
    return lambda text, lookup: (
        (not wanted or any(atom(text, lookup) for atom in wanted))
        and not any(atom(text, lookup) for atom in unwanted)
    )


def any_of(wanted: list[Atom], unwanted: list[Atom]) -> Match:
    member = _member(wanted, unwanted)
    return lambda value, lookup: any(member(text, lookup) for text in _elements(value) or ())


def none_of(wanted: list[Atom], unwanted: list[Atom]) -> Match:
    return negated(any_of(wanted, unwanted))


def only_of(wanted: list[Atom], unwanted: list[Atom]) -> Match:
    member = _member(wanted, unwanted)

    def match(value: Value | None, lookup: Lookup) -> bool:
        texts = _elements(value)
        return bool(texts) and all(member(text, lookup) for text in texts or ())

    return match


def all_of(wanted: list[Atom]) -> Match:
    def match(value: Value | None, lookup: Lookup) -> bool:
        texts = _elements(value) or ()
        return bool(wanted) and all(any(atom(t, lookup) for t in texts) for atom in wanted)

    return match


LIST_TESTS: Final[dict[str, Callable[[list[Atom], list[Atom]], Match]]] = {
    "any": any_of,
    "none": none_of,
    "only": only_of,
}
