"""Sends requests as fast as answers come, or at a fixed pace; bare protocols, so that the sender
is never what is measured."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, cast

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Answers:
    statuses: Counter[int] = field(default_factory=Counter)
    #: Seconds from when each request was due to its answer.
    took_s: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        return self.statuses[202] / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.took_s)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, answered: Callable[[_Connection, int], None]) -> None:
        self._answered = answered
        self._buffer = b""
        self.transport: asyncio.Transport | None = None
        self.due = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(rest) >= length:
            self._buffer = rest[length:]
            self._answered(self, int(head[9:12]))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self._answered(self, 0)

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        if self.transport is not None:
            self.transport.write(request)


async def _connect(
    host: str, port: int, count: int, answered: Callable[[_Connection, int], None]
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: _Connection(answered), host, port))[1]
        for _ in range(count)
    ]


async def closed(
    host: str,
    port: int,
    next_request: Callable[[], bytes],
    *,
    connections: int,
    seconds: float = 1e9,
    count: int = 1 << 60,
) -> Answers:
    """Each connection sends again as soon as it is answered."""
    answers, done = Answers(), asyncio.Event()
    sent = 0

    def answered(connection: _Connection, status: int) -> None:
        nonlocal sent
        now = perf_counter()
        answers.statuses[status] += 1
        answers.took_s.append(now - connection.due)
        if status and now < until and sent < count:
            sent += 1
            connection.send(next_request(), perf_counter())
        elif sum(answers.statuses.values()) >= sent:
            done.set()

    opened = await _connect(host, port, connections, answered)
    started = perf_counter()
    until = started + seconds
    sent = len(opened)
    for connection in opened:
        connection.send(next_request(), perf_counter())
    await done.wait()
    answers.seconds = perf_counter() - started
    _close(opened)
    return answers


async def paced(
    host: str,
    port: int,
    next_request: Callable[[], bytes],
    *,
    connections: int,
    per_s: float,
    seconds: float,
) -> Answers:
    """At a fixed pace, whatever the answers do: waiting counts from when a request was due."""
    answers, done = Answers(), asyncio.Event()
    total = int(per_s * seconds)
    waiting: deque[float] = deque()

    def answered(connection: _Connection, status: int) -> None:
        answers.statuses[status] += 1
        answers.took_s.append(perf_counter() - connection.due)
        if waiting and status:
            connection.send(next_request(), waiting.popleft())
        elif status:
            free.append(connection)
        if len(answers.took_s) == total:
            done.set()

    opened = await _connect(host, port, connections, answered)
    # In turn: the bot closes a connection that is silent for too long.
    free = deque(opened)
    started = perf_counter()
    for number in range(total):
        due = started + number / per_s
        pause = due - perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        if free:
            free.popleft().send(next_request(), due)
        else:
            waiting.append(due)
    await done.wait()
    answers.seconds = perf_counter() - started
    _close(opened)
    return answers


def _close(opened: list[_Connection]) -> None:
    for connection in opened:
        if connection.transport is not None:
            connection.transport.close()
