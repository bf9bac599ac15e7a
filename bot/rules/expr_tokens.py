"""The words of an expression, each with where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.rules.habits_times import length
from bot.rules.times import duration

if TYPE_CHECKING:
    from datetime import timedelta

SOURCE_LIMIT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    #: `name number duration text bool sign end`.
    kind: str
    text: str
    #: Characters from the beginning of the source.
    start: int
    value: str | bool | float | timedelta | None = None


class ExprError(ValueError):
    """An expression that cannot be used: what is wrong and where."""

    def __init__(self, text: str, at: Token, hint: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.start = at.start
        self.length = max(1, len(at.text))
        self.hint = hint


_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<duration>(?:[0-9]{1,6}[smhdw])+(?![\w.]))
  | (?P<number>[0-9]{1,15}(?:\.[0-9]{1,9})?(?![\w.]))
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>\$default\b|[A-Za-z_]\w*(?:\.[\w-]*\w)*)
  | (?P<sign><=|>=|==|!=|[-<>+()\[\],])
  | (?P<bad>&&?|\|\|?|[=!]~|=+|!|"[^"]*|'[^']*|\$\{+|[0-9]+\ *[A-Za-z]+|.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_HINTS: Final = {
    "&&": "write `and`",
    "&": "write `and`",
    "||": "write `or`",
    "|": "write `or`; filters are for templates",
    "=": "write `==`",
    "===": "write `==`",
    "!": "write `not`",
    "*": "only + and - are calculated",
    "/": "only + and - are calculated; for a pattern, use the map form of `if:`",
    "{": "for matchers, use the map form of `if:`",
    "=~": "for a pattern, use the map form: if: {title: /wip/i}",
    "!~": "for a pattern, use the map form: if: {title: {not: /wip/i}}",
    "$": "a field is named alone, as in `draft`",
    "${": "a field is named alone, as in `draft`",
    "${{": "a field is named alone, as in `draft`",
    "?": "there is no `?`: write two rules, or `first:`",
}
_WORDS: Final = frozenset({"and", "or", "not", "in"})
_BOOLS: Final = {"true": True, "false": False, "True": True, "False": False}


class Tokens:
    """A source's tokens, taken from left to right."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._position = 0

    def peek(self) -> Token:
        return self._tokens[self._position]

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return self.peek().start

    @property
    def end(self) -> int:
        """Where the last token that was taken ends."""
        last = self._tokens[max(0, self._position - 1)]
        return last.start + len(last.text)

    def next(self) -> Token:
        token = self.peek()
        if token.kind != "end":
            self._position += 1
        return token

    def take(self, sign: str) -> Token | None:
        """The next token when it is that sign or word."""
        token = self.peek()
        return self.next() if token.kind == "sign" and token.text == sign else None

    def expect(self, sign: str) -> None:
        if self.take(sign) is None:
            raise ExprError(f"`{sign}` is missing", self.peek())

    def comparison(self) -> Token | None:
        """The next comparison, `not in` as one; None when there is none."""
        token = self.peek()
        if token.kind != "sign":
            return None
        if token.text in {"<", "<=", ">", ">=", "==", "!=", "in"}:
            return self.next()
        after = self._tokens[min(self._position + 1, len(self._tokens) - 1)]
        if token.text == "not" and after.text == "in" and after.kind == "sign":
            self._position += 2
            return Token(kind="sign", text="not in", start=token.start)
        return None


def _tokens(source: str) -> list[Token]:
    if len(source) > SOURCE_LIMIT:
        at = Token(kind="end", text="", start=0)
        raise ExprError(f"an expression of more than {SOURCE_LIMIT} characters", at)
    tokens: list[Token] = []
    position = 0
    stripped = source.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:  # only for what the last alternative cannot be: never
            break
        kind = match.lastgroup or "bad"
        tokens.append(_token(kind, match[kind], match.start(kind)))
        position = match.end()
    tokens.append(Token(kind="end", text="", start=len(stripped)))
    return tokens


def _token(kind: str, text: str, start: int) -> Token:
    if kind == "bad":
        bad = Token(kind="sign", text=text[:20], start=start)
        if text[0] in "\"'":
            raise ExprError("a text without its closing quote", bad)
        raise ExprError(f"`{text}` is not understood", bad, _HINTS.get(text) or _unit(text))
    if kind == "name" and text in _BOOLS:
        return Token(kind="bool", text=text, start=start, value=_BOOLS[text])
    if kind == "name" and text in _WORDS:
        return Token(kind="sign", text=text, start=start)
    return Token(kind=kind, text=text, start=start, value=_value(kind, text))


def _unit(text: str) -> str | None:
    meant = length(text) if text[0].isdigit() else None
    return f"write {meant}" if meant is not None else None


def _value(kind: str, text: str) -> str | float | timedelta | None:
    if kind == "text":
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    if kind == "number":
        return float(text) if "." in text else int(text)
    return duration(text) if kind == "duration" else None
