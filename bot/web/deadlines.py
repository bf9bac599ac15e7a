"""Connections that dawdle are closed: headers that do not come, bodies that drip.

aiohttp waits for the first request of a connection as long as it takes, and for a body as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp.typedefs import Handler
    from aiohttp.web_protocol import RequestHandler

#: From the opening of a connection to the end of its first request's headers.
HEADERS_S: Final = 10.0
#: From the end of the headers to the end of a body, but for deliveries, which have their own.
BODY_S: Final = 10.0
#: How long a connection may stay open between two requests: longer than proxies keep theirs, so
#: that none sends a request into a connection that is just being closed.
KEEPALIVE_S: Final = 75.0
#: How long a refused body may go on arriving, so that its sender reads the answer before the end
#: of the connection.
LINGER_S: Final = 2.0
_EVERY_S: Final = 2.0


class Sweeper:
    """Closes connections that were opened `headers_s` ago and have not sent a request yet."""

    def __init__(
        self,
        connections: Callable[[], Iterable[RequestHandler]],
        *,
        headers_s: float = HEADERS_S,
        every_s: float = _EVERY_S,
    ) -> None:
        self._connections = connections
        self._headers_s = headers_s
        self._every_s = every_s
        #: When each that is still silent was first seen.
        self._silent: dict[RequestHandler, float] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            self.sweep(asyncio.get_running_loop().time())

    def sweep(self, now: float) -> None:
        # How many requests one has seen is told by no public name (aiohttp 3.14).
        silent = [one for one in self._connections() if not one._request_count]
        self._silent = {one: self._silent.get(one, now) for one in silent}
        for one, since in self._silent.items():
            if now - since >= self._headers_s:
                one.force_close()


@web.middleware
async def bodies_in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reads the body of whatever is no delivery before its handler asks for it."""
    if request.body_exists and not request.path.startswith("/hooks/"):
        try:
            async with asyncio.timeout(BODY_S):
                await request.read()
        except TimeoutError:
            response = web.Response(status=408, text="the body did not arrive in time\n")
            response.force_close()
            return response
    return await handler(request)
