"""Requests that are no HTTP: anybody can send them, so they are counted and not told one by one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

#: Where aiohttp tells of each with a traceback, and quotes what it could not read: a header with
#: somebody's token, perhaps (aiohttp 3.14, `RequestHandler.handle_error`).
_LOG: Final = logging.getLogger("aiohttp.server")


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
