"""Rows of an answer: a table for people, or one JSON object a line."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Columns that are short and never fold; the others share what room is left.
_WHOLE: Final = frozenset(
    {"id", "at", "received", "created", "linked", "status", "state", "verb", "attempts", "actions"}
)
#: Columns wide, where nobody looks at a terminal.
_ENDLESS: Final = 1000

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """A table for people, or one JSON object a line."""
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    people = [_for_people(row) for row in rows]
    used = [key for key in people[0] if any(row[key] not in {None, ""} for row in people)]
    table = Table(box=None, pad_edge=False)
    for key in used:
        table.add_column(key, overflow="fold", no_wrap=key in _WHOLE)
    for row in people:
        table.add_row(*_cells(row[key] for key in used))
    # What is no terminal has no width: there a row is a line.
    console = Console() if sys.stdout.isatty() else Console(width=_ENDLESS)
    console.print(table, markup=False, crop=False)


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    """Short times, and of a delivery its names; the forge's word where it has none yet."""
    told = dict(row)
    if "names" in told:
        told["event"] = told.pop("names") or told["event"]
    return {
        key.removesuffix("_at").replace("_", " "): _short_time(value)
        if value and key.split("_")[-1] == "at"
        else value
        for key, value in told.items()
    }


def _short_time(value: str) -> str:
    """In this machine's zone; of another year with the year, and then without the hour."""
    at = datetime.fromisoformat(value).astimezone()
    return f"{at:%d %b %H:%M}" if at.year == datetime.now(UTC).year else f"{at:%d %b %Y}"


def _cells(values: Iterable[Any]) -> list[str]:
    from rich.markup import escape

    from bot.message import one_line

    return ["" if value is None else escape(one_line(str(value))) for value in values]
