"""Matchers: a node of `if:` (or of `project`, `branch`) compiled to a test of one field's value.

Two-valued throughout: an absent value fails every positive test, and `not`, `none`, `"!x"`,
`unset` and `!=` are exact complements of theirs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.actions.spec import Lookup
from bot.model import Value
from bot.registry import Field, FieldType
from bot.rules.atoms import (
    LIST_TESTS,
    Atom,
    Match,
    all_of,
    any_holds,
    compared,
    contains_text,
    equality,
    equals,
    is_default,
    is_set,
    just_text,
    membership,
    negated,
    never,
    never_text,
    one_of_texts,
    texts_of,
)
from bot.rules.catalogue import is_dynamic, is_list
from bot.rules.faults import did_you_mean
from bot.rules.habits import flag_hint
from bot.rules.habits_times import length
from bot.rules.nodes import Map, Node, Scalar, Seq, kind_word
from bot.rules.patterns import PatternError, glob, is_glob, regex, split_regex
from bot.rules.times import duration

if TYPE_CHECKING:
    from bot.rules.faults import Faults

LIST_LIMIT: Final = 500
DEFAULT: Final = "$default"


def compile_match(node: Node, field: Field, faults: Faults) -> Match:
    """The test; after a fault, one that never holds."""
    return _Compiler(field, faults).match(node)


def compile_test(node: Node, field: Field, faults: Faults) -> Callable[[Lookup], bool]:
    """The test of an event's field; what is most often asked, words and patterns of one text, in
    one step."""
    name, match = field.name, compile_match(node, field, faults)
    items = node.items if isinstance(node, Seq) else (node,)
    scalars = [item for item in items if isinstance(item, Scalar)]
    if scalars and len(scalars) == len(items) and all(_is_text(one, field) for one in scalars):
        plain = [one.text for one in scalars if not is_pattern(one.text)]
        words = [word for word in plain if word != DEFAULT]
        if len(words) == len(items) == 1:
            return equality(field, words[0], match)
        default = len(words) < len(plain)
        return membership(field, words, _tests(scalars, field), default=default)

    def passed(lookup: Lookup) -> bool:
        return match(lookup(name), lookup)

    return passed


def _is_text(node: Scalar, field: Field) -> bool:
    """Whether it is a word or a pattern, and the field's value one text or a list of them."""
    special = node.text.startswith("!") or node.text in {"set", "unset"}
    textual = field.type in _TEXTUAL and field.name != "group" and not is_dynamic(field)
    return textual and not special and not node.is_null


def is_pattern(text: str) -> bool:
    return is_glob(text) or split_regex(text) is not None


def _tests(scalars: Sequence[Scalar], field: Field) -> list[Callable[[str], bool]]:
    """Of the patterns among them; a broken one is told by `compile_match`."""
    found: list[Callable[[str], bool]] = []
    for one in scalars:
        body = split_regex(one.text)
        try:
            if body is not None:
                found.append(regex(*body))
            elif is_glob(one.text):
                found.append(glob(one.text, path=field.path, fold=field.fold))
        except PatternError:
            continue
    return found


def compile_text(node: Scalar, faults: Faults) -> Callable[[str], bool]:
    """A matcher of one plain text, for the keys of `map:` and for `bots:`; case ignored."""
    field = Field(node.text, FieldType.TEXT, "", fold=True)
    atom = _Compiler(field, faults).atom(node)
    return lambda text: atom(text, _nothing)


def compile_element(text: str, field: Field) -> Callable[[str], bool]:
    """Equality of one element with a text, as the field compares."""
    atom = equals(text, field)
    return lambda value: atom(value, _nothing)


def _nothing(_name: str) -> None:
    return None


_COMPARISON: Final = re.compile(r"(>=|<=|==|!=|>|<)\s*(\S.*)")
_PLAIN_TEXT: Final[dict[str, Callable[[str, str], bool]]] = {
    "starts": str.startswith,
    "ends": str.endswith,
    "contains": operator.contains,
}
_AROUND: Final = ("(?!", "(?=", "(?<!", "(?<=")
_LISTY: Final = ("any", "all", "none", "only")
_KEYS: Final = (*_PLAIN_TEXT, *_LISTY, "not")
_MEANT: Final = {
    "regex": "a pattern stands between slashes: /wip/i",
    "matches": "a pattern stands between slashes: /wip/i",
    "glob": "write the glob itself: release/*",
    "equals": "write the value itself",
    "eq": "write the value itself",
    "is": "write the value itself",
    "in": "write the list itself: [a, b]",
    "or": "that is `any`",
    "and": "that is `all`",
    "includes": "that is `any`",
    "exclude": "that is `none`",
    "gt": 'write ">"',
    "lt": 'write "<"',
    "exists": "write `set` or `unset`",
}


class _Compiler:
    """Compiles the matchers of one field."""

    def __init__(self, field: Field, faults: Faults) -> None:
        self._field = field
        self._faults = faults

    def match(self, node: Node) -> Match:
        if isinstance(node, Map):
            return self._map(node)
        if isinstance(node, Seq):
            return self._list(node)
        if node.is_null:
            self._faults.add(node, f"`{self._field.name}` has nothing to compare with", _NULL_HINT)
            return never
        if node.plain and node.text in {"set", "unset"}:
            return is_set if node.text == "set" else negated(is_set)
        return self._scalar(node)

    def _scalar(self, node: Scalar) -> Match:
        kind = self._field.type
        if is_dynamic(self._field):
            return self._payload(node)
        if kind is FieldType.BOOL:
            return self._bool(node)
        if kind in {FieldType.NUMBER, FieldType.DURATION}:
            return self._number(node)
        if kind is FieldType.TIME:
            self._faults.add(node, f"`{self._field.name}` is a time", "compare with `set`, `unset`")
            return never
        return self._texts((node,))

    def _payload(self, node: Scalar) -> Match:
        wanted = node.as_bool()
        if wanted is not None:
            return lambda value, _lookup: value is wanted
        if _COMPARISON.fullmatch(node.text):
            return self._number(node)
        return self._texts((node,))

    def _bool(self, node: Scalar) -> Match:
        wanted = node.as_bool()
        if wanted is None:
            said = f"`{self._field.name}` is true or false, not {kind_word(node)}"
            self._faults.add(node, said, flag_hint(node.text))
            return never
        return lambda value, _lookup: value is wanted

    def _number(self, node: Scalar) -> Match:
        match = _COMPARISON.fullmatch(node.text)
        sign, text = (match[1], match[2]) if match else ("==", node.text)
        right = self._right(text)
        if right is None or node.as_bool() is not None:
            self._faults.add(
                node,
                f"`{self._field.name}` is a {self._field.type.value}, not {kind_word(node)}",
                self._compared(match),
            )
            return never
        if sign == "!=":
            return negated(compared("==", right))
        return compared(sign, right)

    def _compared(self, match: re.Match[str] | None) -> str:
        """How a comparison is written: with the number that stands there, if there is one."""
        if self._field.type is not FieldType.DURATION:
            return 'write for example ">= 2"'
        meant = length(match[2]) if match else None
        return f'write "{match[1]} {meant}"' if match and meant else 'write for example "> 10m"'

    def _right(self, text: str) -> float | timedelta | None:
        text = text.strip()
        if self._field.type is FieldType.DURATION:
            return duration(text)
        return Scalar("", 0, 0, 0, text).as_number()

    def _list(self, node: Seq) -> Match:
        if not node.items:
            self._faults.add(node, f"`{self._field.name}` has an empty list", "for none, `unset`")
            return never
        if len(node.items) > LIST_LIMIT:
            self._faults.add(node, f"a list of more than {LIST_LIMIT}")
            return never
        kind = self._field.type
        if kind in {FieldType.BOOL, FieldType.NUMBER, FieldType.DURATION, FieldType.TIME}:
            parts = [self.match(item) for item in node.items]
            return lambda value, lookup: any(part(value, lookup) for part in parts)
        return self._texts(node.items)

    def _texts(self, items: Sequence[Node]) -> Match:
        """Any of the positive ones (every value when there is none), none of the `"!x"`."""
        wanted, unwanted = self._split(items)
        if len(wanted) == 1 and not unwanted:
            return one_of_texts(wanted[0])

        def match(value: Value | None, lookup: Lookup) -> bool:
            texts = texts_of(value) or ()
            if wanted and not any_holds(texts, wanted, lookup):
                return False
            return not any_holds(texts, unwanted, lookup)

        return match

    def _split(self, items: Sequence[Node]) -> tuple[list[Atom], list[Atom]]:
        wanted: list[Atom] = []
        unwanted: list[Atom] = []
        for item in items:
            if isinstance(item, Scalar) and item.text.startswith("!") and len(item.text) > 1:
                inner = Scalar(
                    item.file, item.line, item.column, item.length, item.text[1:], plain=False
                )
                unwanted.append(self.atom(inner))
            else:
                wanted.append(self.atom(item))
        return wanted, unwanted

    def atom(self, node: Node) -> Atom:
        """The test of one text."""
        if isinstance(node, Map):
            return self._plain_text(node)
        if isinstance(node, Seq) or node.is_null:
            self._faults.add(node, f"`{self._field.name}` needs texts here", _NULL_HINT)
            return never_text
        if node.plain and node.text in {"set", "unset"}:
            self._faults.add(node, f"`{node.text}` stands alone", "or quote it to mean the word")
        body = split_regex(node.text)
        try:
            if body is not None:
                return just_text(regex(*body))
            if node.text == DEFAULT:
                return is_default
            if is_glob(node.text):
                return just_text(glob(node.text, path=self._field.path, fold=self._field.fold))
        except PatternError as error:
            around = body is not None and any(sign in body[0] for sign in _AROUND)
            hint = "patterns do not look around: {not: /…/} beside it" if around else "RE2 syntax"
            self._faults.add(node, f"{error} in `{self._field.name}`", hint)
            return never_text
        return equals(node.text, self._field)

    def _plain_text(self, node: Map) -> Atom:
        atoms: list[Atom] = []
        for key, value in node.entries:
            test = _PLAIN_TEXT.get(key.text)
            if test is None or not isinstance(value, Scalar) or value.is_null:
                self._faults.add(
                    key, f"`{key.text}` is no test of one text", "starts, ends, contains"
                )
                continue
            atoms.append(contains_text(test, value.text, fold=self._field.fold))
        return lambda text, lookup: bool(atoms) and all(atom(text, lookup) for atom in atoms)

    def _map(self, node: Map) -> Match:
        parts: list[Match] = []
        for key, value in node.entries:
            if key.text == "not":
                parts.append(negated(self.match(value)))
            elif key.text in _LISTY:
                parts.append(self._listy(key, value))
            elif key.text in _PLAIN_TEXT:
                parts.append(self._plain_match(node, key, value))
            else:
                self._faults.add(
                    key,
                    f"unknown matcher `{key.text}` of `{self._field.name}`",
                    _MEANT.get(key.text)
                    or did_you_mean(key.text, _KEYS)
                    or f"there are {', '.join(_KEYS)}",
                )
        if not node.entries:
            self._faults.add(node, f"`{self._field.name}` has an empty map")
        if not parts:
            return never
        return lambda value, lookup: all(part(value, lookup) for part in parts)

    def _plain_match(self, node: Map, key: Scalar, value: Node) -> Match:
        if self._field.type not in _TEXTUAL:
            self._faults.add(
                key, f"`{self._field.name}` is a {self._field.type.value}: `{key.text}` needs text"
            )
            return never
        one = Map(node.file, key.line, key.column, key.length, ((key, value),))
        return self._texts((one,))

    def _listy(self, key: Scalar, node: Node) -> Match:
        if not is_list(self._field) and not is_dynamic(self._field):
            hint = "write the list itself: [a, b]" if key.text == "any" else None
            self._faults.add(
                key, f"`{key.text}` is for lists, `{self._field.name}` is no list", hint
            )
            return never
        items = node.items if isinstance(node, Seq) else (node,)
        if not items or len(items) > LIST_LIMIT:
            self._faults.add(node, f"`{key.text}` needs 1 to {LIST_LIMIT} entries")
            return never
        wanted, unwanted = self._split(items)
        if key.text == "all":
            if unwanted:
                self._faults.add(
                    node, '`"!x"` has no meaning in `all`', "use `none: [x]` beside it"
                )
            return all_of(wanted)
        return LIST_TESTS[key.text](wanted, unwanted)


_TEXTUAL: Final = frozenset(
    {
        FieldType.TEXT, FieldType.PERSON, FieldType.REF,
        FieldType.TEXTS, FieldType.PEOPLE, FieldType.REFS,
    }
)  # fmt: skip
_NULL_HINT: Final = 'for no value, `unset`; a text that begins with # needs quotes: "#x"'
