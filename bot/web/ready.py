"""Short plain answers to deliveries, written as they stand: a response's way through the library
costs more than storing its delivery does."""

from __future__ import annotations

from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING, Final

from aiohttp import HttpVersion11, web
from typing_extensions import override

from bot.web.answers import HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import AbstractStreamWriter


class Ready(web.Response):
    """Remembers nothing of a request, so that one may be the answer to many."""

    def __init__(
        self,
        status: int,
        text: str,
        *,
        headers: Mapping[str, str] | None = None,
        closing: bool = False,
    ) -> None:
        """`closing`: nothing more is read from its connection."""
        super().__init__(status=status, text=text)
        self._closing = closing
        self._more = headers or {}
        self._second = 0
        self._bytes = b""

    def to(self, request: web.BaseRequest) -> Ready:
        """Itself, or its like that closes the connection, where the client wants that."""
        if self._closing or (request.keep_alive and request.version == HttpVersion11):
            return self
        return Ready(self.status, self.text or "", headers=self._more, closing=True)

    @property
    @override
    def keep_alive(self) -> bool | None:
        return not self._closing

    @override
    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        second = int(time())
        if second != self._second:
            self._second, self._bytes = second, self._made(formatdate(second, usegmt=True))
        if request.transport is not None:
            request.transport.write(self._bytes)
        return None

    @override
    async def write_eof(self, data: bytes = b"") -> None:
        """Everything is written already."""

    def _made(self, date: str) -> bytes:
        body = (self.text or "").encode()
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": f"{len(body)}",
            "Date": date,
            **({"Connection": "close"} if self._closing else {}),
            **HEADERS,
            **self._more,
        }
        head = f"HTTP/1.1 {self.status} {self.reason}\r\n"
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{head}{fields}\r\n".encode() + body


STORED: Final = Ready(202, "stored\n")
DUPLICATE: Final = Ready(202, "duplicate\n")
SEEN: Final = Ready(202, "seen\n")
