"""How far long work has come: one line that is written over, on a terminal only."""

from __future__ import annotations

import sys
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, Final, Self, TextIO

if TYPE_CHECKING:
    from types import TracebackType

_EVERY_S: Final = 0.2
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """Says nothing where nobody watches: into a file or a pipe."""

    def __init__(self, doing: str, *, out: TextIO | None = None) -> None:
        self._doing = doing
        self._out = out or sys.stderr
        self._shown = self._out.isatty()
        self._rows: Counter[str] = Counter()
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown and self._last:
            self._write(_CLEAR)

    def rows(self, table: str, count: int) -> None:
        """So many more rows of a table are done."""
        self._rows[table] += count
        self.say(f"{table}: {self._rows[table]:,} rows")

    def part(self, done: int, whole: int) -> None:
        self.say(f"{100 * done // max(whole, 1)} %")

    def say(self, what: str) -> None:
        now = monotonic()
        if self._shown and now - self._last >= _EVERY_S:
            self._last = now
            self._write(f"{_CLEAR}{self._doing} … {what}")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
