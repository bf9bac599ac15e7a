"""SQLite's checkpoints, off the request path."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: A checkpoint comes after so long, or so many rows.
_EVERY_S: Final = 2.0
_MANY_ROWS: Final = 768
#: Pages in the log above which a checkpoint may make the writer wait, so that it ends; of which at
#: most so few are to be moved then; above which its room is given back.
_LONG_LOG: Final = 1024
_FEW_PAGES: Final = 64
_HUGE_LOG: Final = 16_384
#: How long a checkpoint waits for readers while the writer waits for it.
_WAIT_S: Final = 0.01


class Checkpoints:
    """Moves the log into the database, so that no commit has to.

    A little at a time: what one flush has to write, the next commit's flush waits for.
    """

    def __init__(self, connect: Callable[..., sqlite3.Connection]) -> None:
        """`connect`: takes `busy_s`."""
        self._connect = connect
        self._stop = threading.Event()
        self._many = threading.Event()
        #: Rows since the last time; the writer adds, this thread forgets.
        self._rows = 0
        self._thread = threading.Thread(target=self._work, name="store-checkpoint", daemon=True)
        self._thread.start()

    def written(self, rows: int) -> None:
        """By the writer, after each commit."""
        self._rows += rows
        if self._rows >= _MANY_ROWS:
            self._many.set()

    def close(self) -> None:
        self._stop.set()
        self._many.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            # A failure here is the writer's too, which tells it; the log only grows meanwhile.
            with (
                contextlib.suppress(sqlite3.Error, OSError),
                contextlib.closing(self._connect(busy_s=_WAIT_S)) as raw,
            ):
                while self._wait():
                    self._rows = 0
                    _checkpoint(raw)
            self._stop.wait(_EVERY_S)

    def _wait(self) -> bool:
        """Until there is something to do; False at the end."""
        while not self._stop.is_set():
            self._many.wait(_EVERY_S)
            self._many.clear()
            if self._rows:
                break
        return not self._stop.is_set()


def _checkpoint(raw: sqlite3.Connection) -> None:
    _, pages, moved = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if pages > _LONG_LOG and pages - moved <= _FEW_PAGES:
        # So that it begins anew: left to itself it would grow as long as there is no pause, and
        # reading all of it takes time after a crash.
        how = "TRUNCATE" if pages > _HUGE_LOG else "RESTART"
        raw.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
