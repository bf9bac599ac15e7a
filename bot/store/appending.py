"""Takes deliveries in: all that wait at a moment share one transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bot.errors import StoreAway, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.store.engine import Backend

    Row = Mapping[str, Any]
    _Waiting = tuple[Row, asyncio.Future[bool]]

#: Rows and bytes of one transaction: enough to share a flush, few enough to answer soon.
_ROWS: Final = 128
_BYTES: Final = 16 * 1024 * 1024


class Appender:
    """In the order in which they are handed over."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    def append(self, row: Row) -> asyncio.Future[bool]:
        """On disk when it is done. False when its hook and key are known. Raises StoreError."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((row, done))
        if self._task is None:
            # It ends by itself when nothing waits; whoever waits for a row waits for it.
            self._task = loop.create_task(self._write())
        return done

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                await self._together(self._take())
        finally:
            self._task = None
            for _, done in self._waiting:  # only when the loop is being closed
                done.cancel()

    async def _gather(self) -> None:
        """Until a turn of the loop brings nothing more: what has come in by then is read first, and
        shares the flush."""
        await asyncio.sleep(0)
        before = 0
        while before < len(self._waiting) < _ROWS:
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        room = _BYTES
        for waiting in self._waiting[:_ROWS]:
            room -= len(waiting[0]["body"])
            if taken and room < 0:
                break
            taken.append(waiting)
        del self._waiting[: len(taken)]
        # A caller that went away was not answered, so it counts on nothing.
        return [one for one in taken if not one[1].done()]

    async def _together(self, group: Sequence[_Waiting]) -> None:
        try:
            stored = await self._backend.append([row for row, _ in group]) if group else []
        except StoreAway as error:
            # Nor would others be kept: they are told at once, not each after a wait of its own.
            _fail([*group, *self._waiting], error)
            self._waiting.clear()
        except StoreError as error:
            if len(group) == 1:
                _fail(group, error)
                return
            # What one row broke must not stop the others.
            for one in group:
                await self._together([one])
        except BaseException as error:
            _fail(group, StoreError(f"not stored: {error!r}"))
            raise
        else:
            _answer(group, stored)


def _answer(group: Sequence[_Waiting], stored: Sequence[bool]) -> None:
    for (_, done), fresh in zip(group, stored, strict=True):
        if not done.done():
            done.set_result(fresh)


def _fail(group: Sequence[_Waiting], error: BaseException) -> None:
    for _, done in group:
        if not done.done():
            done.set_exception(error)
