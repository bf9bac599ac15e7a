"""Waiting for what must come, without saying when."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Nothing here takes so long on an idle machine; a busy one may.
PATIENCE_S: Final = 60.0


async def until(
    true: Callable[[], bool | Awaitable[bool]], what: str, *, patience_s: float = PATIENCE_S
) -> None:
    """Returns once it is true; fails the test, saying what was awaited, when time is up."""
    end = time.monotonic() + patience_s
    while True:
        found = true()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < end, f"in vain: {what}"
        await asyncio.sleep(0.02)
