"""A table as lines of letters of one width. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS: Final = 8
_ROWS: Final = 20
_WIDTH: Final = 30


_RULE: Final = re.compile(r" {0,3}\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?\s*")
_BAR: Final = re.compile(r"(?<!\\)\|")


def evened(source: str) -> str:
    """The source with each row of a table as long as its head: forges fill up and cut, the parser
    takes a ragged table for words."""
    lines = source.split("\n")
    wanted, fenced = 0, False
    for number, line in enumerate(lines):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if fenced or "|" not in line:
            wanted = 0
        elif wanted:
            lines[number] = _filled(line, wanted)
        elif _RULE.fullmatch(line):
            wanted = len(_split(line))
    return "\n".join(lines)


def _split(row: str) -> list[str]:
    """Its cells, without the bars at its ends."""
    bare = row.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return _BAR.split(bare)


def _filled(row: str, wanted: int) -> str:
    cells = _split(row)
    if len(cells) == wanted:
        return row
    return f"|{'|'.join([*cells, *[' '] * wanted][:wanted])}|"


def drawn(grid: Sequence[Sequence[str]]) -> str:
    """The first row is the head. What is too wide or too long is cut with an ellipsis."""
    rows = [[_cut(cell) for cell in row[:_COLUMNS]] for row in grid[: _ROWS + 1]]
    widths = [max(map(_size, column)) for column in zip(*rows, strict=False)]
    head, *others = [_line(row, widths) for row in rows]
    under = "─┼─".join("─" * width for width in widths)
    more = ["…"] if len(grid) > _ROWS + 1 else []
    return "\n".join([head, under, *others, *more])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(row, widths, strict=False)
    return " │ ".join(cell + " " * (width - _size(cell)) for cell, width in pairs).rstrip()


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDTH else f"{cell[: _WIDTH - 1]}…"


def _size(cell: str) -> int:
    """In columns: letters of the East take two."""
    return len(cell) + sum(unicodedata.east_asian_width(c) in "WF" for c in cell)
