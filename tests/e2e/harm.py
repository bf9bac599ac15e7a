"""Harm under load, again and again, to a web process and two workers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.e2e.load import Load
    from tests.e2e.running import Place

#: Deliveries that are acknowledged after each harm.
_BETWEEN = 12


async def under_load(
    place: Place, load: Load, harm: Callable[[], Awaitable[None]], *, times: int
) -> None:
    """Returns once all that was acknowledged is posted and each process ended as it should."""
    async with (
        place.bot("web") as web,
        place.bot("worker") as one,
        place.bot("worker") as two,
        asyncio.TaskGroup() as group,
    ):
        load.url = web.url
        group.create_task(load.run())
        for _ in range(times):
            await load.more(_BETWEEN)
            await harm()
        await load.more(_BETWEEN)
        load.end()
        # What was being settled when the connection broke is taken up again after its lease; to
        # end the others' leases too would be a harm of its own.
        await load.arrive()
        assert [await each.terminate() for each in (web, one, two)] == [0, 0, 0]
