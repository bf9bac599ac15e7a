"""Keeps a lease while work is under way; work whose lease cannot be kept is ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.errors import LeaseLost, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from datetime import timedelta

T = TypeVar("T")

#: Of the lease: without a renewal for longer the work ends, before anybody else may begin it.
_RISKY: Final = 0.6


async def while_held(
    work: Coroutine[Any, Any, T], renew: Callable[[], Awaitable[object]], *, lease: timedelta
) -> T:
    """The work's result; the lease is renewed at each third of it.

    Raises LeaseLost when another worker took it or the store did not renew it in time; the work
    is cancelled then.
    """
    keeper = _Keeper(renew, lease.total_seconds())
    try:
        return await work
    except asyncio.CancelledError:
        if keeper.lost is None or keeper.task.uncancel() > 0:
            raise  # Somebody else wants this task to end.
        raise keeper.lost from None
    finally:
        await keeper.end()


class _Keeper:
    """Most work ends long before the first third: then there was only a timer."""

    def __init__(self, renew: Callable[[], Awaitable[object]], lease_s: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "leases are kept for tasks"  # noqa: S101 - for the types
        self.task = task
        self.lost: LeaseLost | None = None
        self._renew = renew
        self._lease_s = lease_s
        self._loop = task.get_loop()
        self._begun = self._loop.time()
        self._timer = self._loop.call_later(lease_s / 3, self._start)
        self._keeping: asyncio.Task[None] | None = None

    async def end(self) -> None:
        self._timer.cancel()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})

    def _start(self) -> None:
        # Ended by `end`, at the latest with the work.
        self._keeping = self._loop.create_task(self._keep())

    async def _keep(self) -> None:
        try:
            await self._go_on()
        except LeaseLost as error:
            self.lost = error
            self.task.cancel()

    async def _go_on(self) -> None:
        renewed_at = self._begun
        while True:
            try:
                async with asyncio.timeout(self._lease_s / 3):
                    await self._renew()
                renewed_at = self._loop.time()
            except LeaseLost:
                raise
            except (StoreError, TimeoutError) as error:
                if self._loop.time() - renewed_at > self._lease_s * _RISKY:
                    raise LeaseLost(f"the lease could not be renewed: {error}") from error
            await asyncio.sleep(self._lease_s / 3)
