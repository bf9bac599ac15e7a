"""Globs and regular expressions, both run by RE2: linear in the text, whatever the pattern."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final

import re2

if TYPE_CHECKING:
    from collections.abc import Callable

#: Characters of one regular expression (rules-language.md 1.4.19).
REGEX_LIMIT: Final = 500

_REGEX: Final = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
#: Letters that mean themselves.
_WORD: Final = re.compile(r"[A-Za-z0-9_ -]+")
_BRACES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")


class PatternError(ValueError):
    """The pattern cannot be compiled; the text says why."""


def split_regex(text: str) -> tuple[str, str] | None:
    """`/body/flags` into its two; None when the text is not written so."""
    match = _REGEX.fullmatch(text)
    return (match[1], match[2]) if match else None


def is_glob(text: str) -> bool:
    return "*" in text or _BRACES.search(text) is not None


def regex(body: str, flags: str) -> Callable[[str], bool]:
    """An unanchored search. Raises PatternError."""
    if len(body) > REGEX_LIMIT:
        raise PatternError(f"a regular expression of more than {REGEX_LIMIT} characters")
    unknown = sorted(set(flags) - set("ims"))
    if unknown:
        raise PatternError(f"`{unknown[0]}` is no flag of a regular expression (i, m, s)")
    found = _searcher(f"(?{flags})(?:{body})" if flags else body)
    return _word_search(body, found, fold="i" in flags) if _WORD.fullmatch(body) else found


def _word_search(
    word: str, otherwise: Callable[[str], bool], *, fold: bool
) -> Callable[[str], bool]:
    """Of a regular expression that is only a word, as many are."""
    if not fold:
        return lambda value: word in value
    folded = word.lower()
    return lambda value: folded in value.lower() if value.isascii() else otherwise(value)


def glob(text: str, *, path: bool, fold: bool) -> Callable[[str], bool]:
    """The whole value; on paths `*` stops at `/` and `**` crosses. Raises PatternError."""
    if len(text) > REGEX_LIMIT:
        raise PatternError(f"a pattern of more than {REGEX_LIMIT} characters")
    if path and text == "**":
        return lambda _value: True
    plain = None if _BRACES.search(text) else _plain_test(text.casefold() if fold else text, path)
    if plain is None:
        body = _translated(text, path=path)
        return _searcher(rf"(?s{'i' if fold else ''})\A(?:{body})\z")
    if not fold:
        return plain
    return lambda value: plain(value.casefold())


def as_regex(text: str) -> str:
    """A matcher of paths as one regular expression (RE2) that searches for the same."""
    body = split_regex(text)
    if body is None:
        return f"^{_translated(text, path=True)}$"
    return f"(?{body[1]}:{body[0]})" if body[1] else f"(?:{body[0]})"


# Nearly all patterns are of a few forms that plain text operations tell ten times as fast as RE2,
# and in linear time too.


def _plain_test(text: str, path: bool) -> Callable[[str], bool] | None:  # noqa: FBT001 - a place, not a mode
    """The test of a pattern without braces; None when only RE2 tells."""
    if not path:
        return _in_order(text)
    if "**" not in text:
        return _segments(text)
    head, tail = text.removesuffix("/**"), text.removeprefix("**/")
    if head != text and "*" not in head:
        stem = f"{head}/"
        return lambda value: len(value) > len(stem) and value.startswith(stem)
    if tail != text and "*" not in tail:
        end = f"/{tail}"
        return lambda value: value == tail or value.endswith(end)
    return _last_part(text)


def _last_part(text: str) -> Callable[[str], bool] | None:
    """Of `**/*.proto` and `docs/**/*.md`: a test of the last part, anywhere below a place."""
    head, crossing, last = f"/{text}".rpartition("/**/")
    stem = f"{head[1:]}/" if head else ""
    if not crossing or "*" in stem or "/" in last or "**" in last:
        return None
    size = len(stem)
    if last.startswith("*") and "*" not in (end := last[1:]):
        least = size + len(end)
        return lambda value: value.endswith(end) and value.startswith(stem) and len(value) >= least
    named = _in_order(last)

    def test(value: str) -> bool:
        return value.startswith(stem) and named(value[max(size, value.rfind("/") + 1) :])

    return test


def _segments(text: str) -> Callable[[str], bool]:
    """Each `*` stays between two slashes: part by part."""
    head, star, rest = text.partition("*")
    if not star:
        return lambda value: value == text
    if not rest:
        size = len(head)
        return lambda value: value.startswith(head) and "/" not in value[size:]
    tests = tuple(_in_order(part) for part in text.split("/"))

    def test(value: str) -> bool:
        parts = value.split("/")
        return len(parts) == len(tests) and all(
            one(part) for one, part in zip(tests, parts, strict=True)
        )

    return test


def _in_order(text: str) -> Callable[[str], bool]:
    """The literal pieces between the stars, each after the one before."""
    first, *middle = re.split(r"\*+", text)
    if not middle:
        return lambda value: value == first
    last = middle.pop()
    least = len(first) + len(last)
    if not middle:
        return lambda value: (
            len(value) >= least and value.startswith(first) and value.endswith(last)
        )

    def test(value: str) -> bool:
        if len(value) < least or not (value.startswith(first) and value.endswith(last)):
            return False
        at, end = len(first), len(value) - len(last)
        for piece in middle:
            found = value.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return test


def _translated(text: str, *, path: bool) -> str:
    pieces: list[str] = []
    position = 0
    for braces in _BRACES.finditer(text):
        pieces.append(_plain_glob(text[position : braces.start()], position == 0, path=path))
        choices = [_plain_glob(c, braces.start() == 0, path=path) for c in braces[1].split(",")]
        pieces.append(f"(?:{'|'.join(choices)})")
        position = braces.end()
    pieces.append(_plain_glob(text[position:], position == 0, path=path))
    return "".join(pieces)


_PIECE: Final = re.compile(r"/\*\*/|/\*\*$|^\*\*/|\*+|[^*/]+|/")


def _plain_glob(text: str, first: bool, *, path: bool) -> str:  # noqa: FBT001 - a place, not a mode
    if not path:
        return ".*".join(re2.escape(part) for part in re.split(r"\*+", text))
    return "".join(
        _piece(match[0], first=first and match.start() == 0) for match in _PIECE.finditer(text)
    )


def _piece(piece: str, *, first: bool) -> str:
    if piece == "/**/":
        return "/(?:.*/)?"
    if piece == "/**":
        return "/.+"
    if piece == "**/":
        return "(?:.*/)?" if first else ".*/"
    if piece.startswith("*"):
        return ".*" if len(piece) > 1 else "[^/]*"
    escaped: str = re2.escape(piece)
    return escaped


@functools.lru_cache(maxsize=20_000)
def _searcher(pattern: str) -> Callable[[str], bool]:
    # Bytes, because text of a forge may hold lone surrogates, which no encoder takes.
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Any = re2.compile(pattern.encode(errors="replace"), options)
    except re2.error as error:
        said = error.args[0] if error.args else "not understood"
        raise PatternError(_decoded(said)) from error
    search = compiled.search

    def found(value: str) -> bool:
        return search(value.encode(errors="replace")) is not None

    return found


def _decoded(said: object) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
