"""The other side of `running`: becomes the `bot` command in a process that was forked ready.

Its imports take longer than most tests; the process they are forked from has made them once.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot import app
from bot.__main__ import main
from bot.app.parts import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CLOCK", "become"]

#: Names a file with the seconds by which the machine's clock is wrong; it may change at any time.
CLOCK: Final = "CLOCK_OF_TESTS"

#: Imported before the fork; `cli` imports it late.
_READY = (app,)


def become(
    words: Sequence[str], environ: Mapping[str, str], folder: str, out: str, err: str
) -> None:
    """`bot WORDS` in that folder, with that environment and nothing else."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with Path(path).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["bot", *words]
    if CLOCK in environ:
        _set_by(Path(environ[CLOCK]))
    main()


def _set_by(file: Path) -> None:
    """The system's clock as the program reads it, in the one place where it does."""

    def now(self: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    SystemClock.now = now  # type: ignore[method-assign]  # the machine's own cannot be set
