"""What a bot is seldom asked for is read, and made, when somebody asks."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Late(Generic[T]):
    """Made once, when `module` has been read."""

    def __init__(self, module: str, make: Callable[[], T]) -> None:
        self._module = module
        self._make = make
        self._made: T | None = None
        self._making = asyncio.Lock()

    async def get(self) -> T:
        async with self._making:
            if self._made is None:
                await read(self._module)
                self._made = self._make()
        return self._made


async def read(module: str) -> None:
    """So that importing it costs nothing any more: in a thread, as deliveries wait for the loop."""
    await asyncio.to_thread(import_module, module)
