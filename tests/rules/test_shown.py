"""Values in traces, which people read in a terminal."""

from __future__ import annotations

from bot.cli.rows import _cells
from bot.rules.atoms import shown

HOSTILE = "Fix\x1b]0;pwn\x07\x9b31m \u202eevil\nnext"


def test_a_value_holds_nothing_that_a_terminal_obeys() -> None:
    for told in (shown(HOSTILE), shown((HOSTILE,)), *_cells([HOSTILE])):
        assert told is not None
        assert told.isprintable()
        assert "Fix" in told
