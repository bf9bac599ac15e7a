"""Loading many rules in a thread without stopping the loop that serves meanwhile."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.rules.ruleset import Ruleset

#: Characters of rules below which loading takes no time worth the trouble.
_LARGE: Final = 100_000
#: How long the loop waits at most for its turn while rules load.
_SWITCH_S: Final = 0.001
_lock: Final = Lock()


def quietly(
    load: Callable[[Mapping[str, str], str], Ruleset], files: Mapping[str, str], entry: str
) -> Ruleset:
    """Loads them, pausing other threads by milliseconds only. Raises what `load` raises."""
    if sum(map(len, files.values())) < _LARGE:
        return load(files, entry)
    with _lock, _small_pauses():
        return load(files, entry)


@contextmanager
def _small_pauses() -> Iterator[None]:
    """Without it the collector walks through a million new objects again and again, up to a
    second each time, and every thread stands still.

    Rules make no cycles, so nothing is missed: what was loaded is set aside for good, and goes
    when the last decision lets go of it. A full collection later need not look at it either.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(interval)
