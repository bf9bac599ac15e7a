"""Long work says how far it has come to whoever watches, and nothing into a file."""

from __future__ import annotations

import io

from typing_extensions import override

from bot.cli.progress import Progress


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_that_goes_away() -> None:
    out = Terminal()
    with Progress("forgetting", out=out) as progress:
        progress.rows("deliveries", 1_500)
    assert out.getvalue() == "\r\x1b[Kforgetting … deliveries: 1,500 rows\r\x1b[K"


def test_a_file_sees_nothing() -> None:
    out = io.StringIO()
    with Progress("copying", out=out) as progress:
        progress.part(1, 2)
    assert out.getvalue() == ""


def test_a_part_of_nothing_is_no_fault() -> None:
    out = Terminal()
    with Progress("copying", out=out) as progress:
        progress.part(0, 0)
    assert "0 %" in out.getvalue()
