"""Requests that are no HTTP, or want what is none: anybody can send them, so they are answered or
counted, and not told one by one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_CONTINUE: Final = "100-continue"
#: Where aiohttp tells of each with a traceback, and quotes what it could not read: a header with
#: somebody's token, perhaps (aiohttp 3.14, `RequestHandler.handle_error`).
_LOG: Final = logging.getLogger("aiohttp.server")


def refuse_expectations(runner: web.AppRunner) -> None:
    """But the one there is. aiohttp quotes any other, and fails where it is not ASCII (3.14)."""
    server = runner.server
    if server is None:
        return
    rest: Answering = server.request_handler

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get(hdrs.EXPECT, _CONTINUE).lower() == _CONTINUE:
            return await rest(request)
        refused = web.Response(status=417, text=f"nothing but {_CONTINUE} can be expected here\n")
        refused.force_close()
        return refused

    server.request_handler = answer


class _Counted(logging.Filter):
    def __init__(self, count: Callable[[], None]) -> None:
        super().__init__()
        self._count = count

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            self._count()
            return False
        return record.levelno >= logging.getLogger().level


def count_malformed(stack: AsyncExitStack, count: Callable[[], None]) -> None:
    """Until the stack is left."""
    counted = _Counted(count)
    _LOG.addFilter(counted)
    stack.callback(_LOG.removeFilter, counted)
    # What begins like no HTTP at all is told at this level.
    _LOG.setLevel(logging.DEBUG)
