"""A table as lines of letters of one width. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS: Final = 8
_ROWS: Final = 20
_WIDTH: Final = 30


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
