"""Requests go first: what they bring is stored and answered before the worker takes its turn."""

from __future__ import annotations

import asyncio
from typing import Final, Self

#: Requests under way that need no help: so many wait for the disk in quiet times too.
_FEW: Final = 4
#: It is quiet when there have been no more for so long: between two answers there are none.
_CALM_S: Final = 0.005
#: While there are more, the worker takes one step in this time, so that it never stands still.
_STEP_S: Final = 0.1


class Precedence:
    """Belongs to one event loop."""

    def __init__(self, *, calm_s: float = _CALM_S, step_s: float = _STEP_S) -> None:
        self._calm_s = calm_s
        self._step_s = step_s
        self._inside = 0
        self._busy_until = 0.0
        self._next_step = 0.0

    @property
    def busy(self) -> bool:
        return self._inside > _FEW or _now() < self._busy_until

    def request(self) -> Self:
        """Around a request from when it is begun until it is answered."""
        return self

    def __enter__(self) -> None:
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        if self._inside > _FEW:
            self._busy_until = _now() + self._calm_s
        self._inside -= 1

    async def give_way(self) -> None:
        """Before a step of the worker: waits while many requests are under way."""
        while self.busy:
            now = _now()
            if now >= self._next_step:
                self._next_step = now + self._step_s
                return
            await asyncio.sleep(min(self._calm_s, self._next_step - now))


def _now() -> float:
    return asyncio.get_running_loop().time()
