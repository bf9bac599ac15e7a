"""The short way of deliveries: past the router and what stands before every other handler, which
cost as much as reading the request does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from bot.web.answers import unforeseen

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.web.malformed import Answering
    from bot.web.receive import Receiver

#: The words of a hook's path: which forge, and which hook.
FORGE: Final = "[a-z]{1,20}"
HOOK: Final = "[A-Za-z0-9_-]{1,64}"
#: Paths that need no decoding; the router knows the others.
_PATH: Final = re.compile(f"/hooks/({FORGE})(?:/({HOOK}))?")


class Front:
    def __init__(self, receiver: Receiver, new_error_id: Callable[[], str]) -> None:
        self._receiver = receiver
        self._new_error_id = new_error_id

    def before(self, rest: Answering) -> Answering:
        """`rest` gets whatever is no delivery, and deliveries of an unusual form."""

        def answer(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
            post = request.method == hdrs.METH_POST and hdrs.EXPECT not in request.headers
            found = _PATH.fullmatch(request.raw_path) if post else None
            return rest(request) if found is None else self._take(request, *found.groups())

        return answer

    async def _take(
        self, request: web.BaseRequest, forge: str, hook: str | None
    ) -> web.StreamResponse:
        try:
            return await self._receiver.take(request, forge, hook)
        except Exception as error:  # noqa: BLE001 - it is logged
            return unforeseen(request, error, self._new_error_id(), route="/hooks/{forge}")


#: Of an application that has one.
FRONT: Final = web.AppKey("front", Front)


def open_front(runner: web.AppRunner) -> None:
    """For the connections that come from now on to a runner that is set up."""
    front, server = runner.app.get(FRONT), runner.server
    if front is not None and server is not None:
        server.request_handler = front.before(server.request_handler)
