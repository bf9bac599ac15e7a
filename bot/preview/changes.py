"""Wakes the pages that are open when a message changed in this process."""

from __future__ import annotations

import asyncio


class Changes:
    def __init__(self) -> None:
        self._next = asyncio.Event()

    def touch(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Until something changes, at most so long: other processes cannot wake this one."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._next.wait()
        except TimeoutError:
            return
