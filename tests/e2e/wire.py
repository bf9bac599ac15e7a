"""Bytes on a socket, whatever they are, and what comes back for them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tests.e2e.running import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Longer than whatever is closed for being slow: what comes later does not come.
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """The way to one server. `source`: from which address of this machine's own."""

    def __init__(self, url: str, *, source: str = "127.0.0.1") -> None:
        self._port = urlsplit(url).port
        self._source = source

    def open(self) -> socket.socket:
        return socket.create_connection(
            ("127.0.0.1", self._port or 0), _PATIENCE_S, source_address=(self._source, 0)
        )

    def first(self, raw: bytes) -> Answer:
        """The first answer; the connection is ended then."""
        with self.open() as opened:
            _send(opened, raw)
            return next(answers(opened))

    def all(self, raw: bytes) -> list[Answer]:
        """Every answer until the other side ends the connection, which it must."""
        with self.open() as opened:
            _send(opened, raw)
            return list(answers(opened))


def _send(opened: socket.socket, raw: bytes) -> None:
    try:
        opened.sendall(raw)
    except (BrokenPipeError, ConnectionResetError):
        return  # it has heard enough, and may have said so


def answers(opened: socket.socket) -> Iterator[Answer]:
    """Those that come, until the end of the connection."""
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            got = _received(opened)
            if not got:
                assert not held, f"half an answer: {held!r}"
                return
            held += got
        head, _, held = held.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        length = int(headers.get("content-length", "0"))
        while len(held) < length and (got := _received(opened)):
            held += got
        yield Answer(int(first.split(" ", 2)[1]), headers, held[:length])
        held = held[length:]


def _received(opened: socket.socket) -> bytes:
    try:
        return opened.recv(65_536)
    except ConnectionResetError:
        return b""


def post(
    body: bytes = b"",
    *lines: str,
    path: str = "/hooks/gitlab",
    secret: str | None = SECRET,
    length: bool = True,
    kind: str | None = "application/json",
) -> bytes:
    """A delivery; `lines` are further headers, and what is None is left out."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "X-Gitlab-Event: Push Hook"]
    head += [] if kind is None else [f"Content-Type: {kind}"]
    head += [] if secret is None else [f"X-Gitlab-Token: {secret}"]
    head += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*head, *lines, "", ""]).encode("utf-8", "surrogateescape") + body
