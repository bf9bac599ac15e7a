"""Requests go first: what they bring is stored and answered before the worker takes its turn."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final, Self

#: Requests under way that need no help: so many wait for the disk in quiet times too.
_FEW: Final = 4
#: It is quiet when there have been no more for so long: between two answers there are none.
_CALM_S: Final = 0.005
#: While there are more, the worker takes one step in this time, so that it never stands still.
_STEP_S: Final = 0.1
#: From the beginning of one step to that of the next, while there are fewer: twice what one takes.
_BREATH_S: Final = 0.006


class Precedence:
    """Belongs to one event loop."""

    def __init__(
        self, *, calm_s: float = _CALM_S, step_s: float = _STEP_S, breath_s: float = _BREATH_S
    ) -> None:
        self._calm_s = calm_s
        self._step_s = step_s
        self._inside = 0
        self._quiet_at = 0.0
        self._calm_at = 0.0
        self._breath_s = breath_s
        self._next_step = 0.0
        self._next_turn = 0.0

    @property
    def busy(self) -> bool:
        """There are requests: what the worker does now should be short."""
        return self._inside > 0 or monotonic() < self._quiet_at

    @property
    def _crowded(self) -> bool:
        return self._inside > _FEW or monotonic() < self._calm_at

    def request(self) -> Self:
        """Around a request from when it is begun until it is answered."""
        return self

    def __enter__(self) -> None:
        self._inside += 1

    def __exit__(self, *_: object) -> None:
        self._quiet_at = monotonic() + self._calm_s
        if self._inside > _FEW:
            self._calm_at = self._quiet_at
        self._inside -= 1

    async def give_way(self) -> None:
        """Before a step of the worker: waits while many requests are under way. While there are
        some, they have the loop to themselves between two steps."""
        while self._crowded:
            now = monotonic()
            if now >= self._next_step:
                self._next_step = now + self._step_s
                return
            await asyncio.sleep(min(self._calm_s, self._next_step - now))
        while self._inside and (early := self._next_turn - monotonic()) > 0:  # noqa: ASYNC110 - time
            await asyncio.sleep(early)
        self._next_turn = monotonic() + self._breath_s
