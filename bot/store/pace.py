"""How fast long work writes: in steps so short that nobody notices, with a rest after each."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

T = TypeVar("T")

#: What one step should take, and what it may grow to in one go.
_AIM_S: Final = 0.02
_GROWTH: Final = 2.0


class Pace:
    """A step is as large as its time allows. The rest after it is as long as the step was: another
    process that waits for the lock looks for it only now and then, and must find it free."""

    def __init__(
        self,
        *,
        first: int,
        least: int,
        most: int,
        clock: Callable[[], float] = perf_counter,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._least = least
        self._most = most
        self._clock = clock
        self._rest = rest
        #: Rows, or pages.
        self.step = first

    async def take(
        self,
        write: Callable[[Callable[[Connection], T]], Awaitable[T]],
        do: Callable[[Connection], T],
    ) -> T:
        """Does one step, which the caller made of that size."""
        began, worked = self._clock(), 0.0

        def timed(conn: Connection) -> T:
            # Waiting for its turn and for the disk is the same for small steps and large ones.
            nonlocal worked
            started = self._clock()
            result = do(conn)
            worked = self._clock() - started
            return result

        result = await write(timed)
        fitting = self.step * min(_GROWTH, _AIM_S / max(worked, 1e-6))
        self.step = max(self._least, min(self._most, int(fitting)))
        await self._rest(self._clock() - began)
        return result
