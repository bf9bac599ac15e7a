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
    lease_s = lease.total_seconds()
    clock = asyncio.get_running_loop().time
    task = asyncio.ensure_future(work)
    renewed_at = clock()
    try:
        while not (await asyncio.wait({task}, timeout=lease_s / 3))[0]:
            try:
                async with asyncio.timeout(lease_s / 3):
                    await renew()
                renewed_at = clock()
            except LeaseLost:
                raise
            except (StoreError, TimeoutError) as error:
                if clock() - renewed_at > lease_s * _RISKY:
                    raise LeaseLost(f"the lease could not be renewed: {error}") from error
        return await task
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # Looked at, or asyncio complains that nobody did.
