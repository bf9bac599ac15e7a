"""What a YAML file is read into: scalars, lists and maps that know where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place in a file; lines and columns count from 1, `length` characters are underlined."""

    file: str
    line: int
    column: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Scalar(Spot):
    text: str
    #: Written without quotes, so that `true`, `12` and nothing mean more than their letters.
    plain: bool = True

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULL

    def as_bool(self) -> bool | None:
        """YAML 1.2's booleans only; `yes`, `on` and the like are text."""
        return _BOOL.get(self.text) if self.plain else None

    def as_int(self) -> int | None:
        """Decimal digits as they stand: `0123` is 123, `12:30` and `1_000` are text."""
        if self.plain and _INT.fullmatch(self.text):
            return int(self.text)
        return None

    def as_number(self) -> float | None:
        whole = self.as_int()
        if whole is not None:
            return whole
        return float(self.text) if self.plain and _FLOAT.fullmatch(self.text) else None


@dataclass(frozen=True, slots=True, eq=False)
class Seq(Spot):
    items: tuple[Node, ...]
    #: Put in for a macro's input: an empty one then leaves its condition out.
    inserted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Map(Spot):
    entries: tuple[tuple[Scalar, Node], ...]

    def get(self, key: str) -> Node | None:
        for name, value in self.entries:
            if name.text == key:
                return value
        return None

    def is_made_of(self, known: frozenset[str]) -> bool:
        return all(name.text in known for name, _ in self.entries)

    def key(self, key: str) -> Scalar | None:
        """The key's own place, for faults about it."""
        for name, _ in self.entries:
            if name.text == key:
                return name
        return None


Node: TypeAlias = Scalar | Seq | Map

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")


def kind_word(node: Node) -> str:
    """The node's kind as a reader would call it."""
    if isinstance(node, Map):
        return "a map"
    if isinstance(node, Seq):
        return "a list"
    return "nothing" if node.is_null else f"`{shorten(node.text)}`"


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line, cut for a fault."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def written(node: Node) -> str:
    """The node as it could have been written on one line, for traces."""
    if isinstance(node, Seq):
        return "[" + ", ".join(written(item) for item in node.items) + "]"
    if isinstance(node, Map):
        return "{" + ", ".join(f"{key.text}: {written(v)}" for key, v in node.entries) + "}"
    return shorten(node.text, 200)
