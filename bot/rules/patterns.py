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
    return _searcher(f"(?{flags})(?:{body})" if flags else body)


def glob(text: str, *, path: bool, fold: bool) -> Callable[[str], bool]:
    """The whole value; on paths `*` stops at `/` and `**` crosses. Raises PatternError."""
    if len(text) > REGEX_LIMIT:
        raise PatternError(f"a pattern of more than {REGEX_LIMIT} characters")
    body = _translated(text, path=path)
    return _searcher(rf"(?s{'i' if fold else ''})\A(?:{body})\z")


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
