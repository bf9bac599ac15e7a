"""The first stage of a trace: from a hook's request to its row on disk. Used when traces are asked
for."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot import tracing

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from bot.model import Delivery
    from bot.ports import Inbox
    from bot.tracing import Traces

_BEGAN_NS: Final[ContextVar[int | None]] = ContextVar("began_ns", default=None)


@web.middleware
async def timed_hooks(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/hooks/"):
        _BEGAN_NS.set(time.time_ns())
    return await handler(request)


class TracedInbox:
    """`Inbox`: what is stored begins a trace, which began with its request. What is refused is
    counted, not traced: strangers cost nothing."""

    def __init__(self, inbox: Inbox, traces: Traces) -> None:
        self._inbox = inbox
        self._traces = traces

    async def append(self, delivery: Delivery) -> bool:
        with self._traces.receive(
            delivery.id,
            began_ns=_BEGAN_NS.get(),
            forge=delivery.forge,
            event=delivery.event,
            bytes=len(delivery.body),
        ) as span:
            with tracing.call("store"):
                stored = await self._inbox.append(delivery)
            span.tell(outcome="stored" if stored else "duplicate")
            return stored

    async def probe(self) -> None:
        await self._inbox.probe()
