"""Connections that send as little as they can, as slowly as they can."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.e2e.running import SECRET
from tests.e2e.wire import Wire, answers, post

if TYPE_CHECKING:
    from collections.abc import Callable

#: Begun and never ended.
KINDS: Final[dict[str, bytes]] = {
    "nothing": b"",
    "half a line": b"POST /hooks/git",
    "headers": b"POST /hooks/gitlab HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "a body": post(b"", "Content-Length: 1000", length=False) + b"{",
    "a stranger's body": post(b"", "Content-Length: 1000", length=False, secret="wrong") + b"{",
    "chunks": post(b"", "Transfer-Encoding: chunked", length=False) + b"1\r\n{\r\n",
    "Slack's body": post(b"", "Content-Length: 1000", path="/slack/events", length=False) + b"{",
}


@dataclass(frozen=True, slots=True)
class Dawdled:
    #: Statuses of the answers, for those that got one.
    statuses: list[int]
    #: From the last byte sent to the last end.
    took_s: float


def dawdle(url: str, connections: int, meanwhile: Callable[[], None]) -> Dawdled:
    """Opens them all, does something else, and reads each to its end."""
    wire, kinds = Wire(url), list(KINDS.values())
    held = [wire.open() for _ in range(connections)]
    try:
        for number, opened in enumerate(held):
            opened.sendall(kinds[number % len(kinds)])
        began = time.monotonic()
        meanwhile()
        found = [answer.status for opened in held for answer in answers(opened)]
        return Dawdled(found, time.monotonic() - began)
    finally:
        for opened in held:
            opened.close()


def served(url: str, key: str, body: bytes) -> bool:
    """Whether somebody else's delivery is taken."""
    return Wire(url).first(post(body, f"Idempotency-Key: {key}", secret=SECRET)).status == 202
