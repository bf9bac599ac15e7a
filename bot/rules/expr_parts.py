"""What an expression is made of: typed parts while it is read, branches to explain it by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bot.model import Value

if TYPE_CHECKING:
    from bot.actions.spec import Lookup
    from bot.rules.expr_tokens import Token

#: What a part yields: a value, a list of texts, or None when absent.
Result: TypeAlias = Value | None
Closure: TypeAlias = "Callable[[Lookup], Result]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A part of an expression that is true or false, as explain shows it."""

    #: As written.
    source: str
    #: How its parts combine: `all`, `any`, `not`; empty for a comparison or a field alone.
    join: str
    parts: tuple[Branch, ...]
    holds: Callable[[Lookup], bool]
    #: The fields it reads.
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    source: str
    holds: Callable[[Lookup], bool]
    #: The fields it reads, each with where it stands in the source.
    fields: tuple[tuple[str, int], ...]
    #: It could hold for a confidential event because it asks for one.
    confidential: bool
    tree: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A typed part: `text number bool duration time texts any`."""

    type: str
    run: Closure
    at: Token
    fold: bool = False
    #: Names `confidential` other than under a `not`.
    secret: bool = False
    field: str = ""
    #: See Branch.
    join: str = ""
    parts: tuple[Part, ...] = ()
    #: Its first character in the source and the one behind its last.
    span: tuple[int, int] = (0, 0)


def branch(part: Part, source: str, fields: list[tuple[str, int]]) -> Branch:
    start, end = part.span
    run = part.run
    return Branch(
        source=source[start:end],
        join=part.join,
        parts=tuple(branch(inner, source, fields) for inner in part.parts),
        holds=lambda lookup: run(lookup) is True,
        fields=tuple(dict.fromkeys(name for name, at in fields if start <= at < end)),
    )
