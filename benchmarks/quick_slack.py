"""A Slack that takes everything at once, or after `delay_s`, and keeps what it was told."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from time import perf_counter
from typing import Final, cast
from urllib.parse import unquote_plus

import orjson
from typing_extensions import override

CHANNELS: Final = 60
_NUMBER: Final = re.compile(r"number-(\d+)-")


class QuickSlack:
    """`gap_s`: a channel's second message within it is answered 429, as Slack does."""

    def __init__(self, *, delay_s: float = 0.0, gap_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.gap_s = gap_s
        #: By channel, each message as (when, text).
        self.posted: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.count = 0
        self.limited = 0
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Talk(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def answer(self, method: str, body: bytes) -> tuple[object, int]:
        """The answer, and the seconds of its Retry-After; 0 for none."""
        match method:
            case "chat.postMessage":
                return self._post(_arguments(body))
            case "conversations.list":
                found = [_channel(number) for number in range(CHANNELS)]
                return {"ok": True, "channels": found, "response_metadata": {}}, 0
            case "auth.test":
                ids = {"user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0"}
                return {"ok": True, "user": "bot", "team": "t", "url": "http://t/", **ids}, 0
            case _:
                return {"ok": True, "messages": [], "channel": {"id": "D0"}, "ts": "1.0"}, 0

    def _post(self, arguments: dict[str, str]) -> tuple[object, int]:
        channel, now = arguments["channel"], perf_counter()
        kept = self.posted[channel]
        if self.gap_s and kept and now - kept[-1][0] < self.gap_s * 0.95:
            self.limited += 1
            return {"ok": False, "error": "ratelimited"}, 1
        self.count += 1
        kept.append((now, arguments.get("blocks", "") + arguments.get("text", "")))
        ts = f"{1_700_000_000 + self.count}.{self.count:06d}"
        return {"ok": True, "channel": channel, "ts": ts, "message": {"ts": ts}}, 0

    def elsewhere(self, channel: str) -> int:
        """Messages of all other channels."""
        return sum(len(kept) for name, kept in self.posted.items() if name != channel)

    def numbers(self, channel: str) -> list[int]:
        """Of the pushes it was told of, in order, each once per message."""
        found: list[int] = []
        for _, text in self.posted[channel]:
            found += dict.fromkeys(map(int, _NUMBER.findall(text)))
        return found


def _arguments(body: bytes) -> dict[str, str]:
    if body.startswith(b"{"):
        loaded = orjson.loads(body)
        return {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in loaded.items()
        }
    pairs = (pair.partition("=") for pair in body.decode().split("&"))
    return {name: unquote_plus(value) for name, _, value in pairs}


def _channel(number: int) -> dict[str, object]:
    plain = {"is_channel": True, "is_private": False, "is_archived": False, "is_member": True}
    return {"id": f"C0{number:04d}", "name": f"c{number}", **plain}


class _Talk(asyncio.Protocol):
    def __init__(self, slack: QuickSlack) -> None:
        self._slack = slack
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        if self._slack.delay_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self._slack.delay_s, self._answer, method, rest[:length])
        else:
            self._answer(method, rest[:length])

    def _answer(self, method: str, body: bytes) -> None:
        told, wait_s = self._slack.answer(method, body)
        raw = orjson.dumps(told)
        status = b"429 Too Many Requests\r\nRetry-After: %d" % wait_s if wait_s else b"200 OK"
        if self._transport is not None:
            self._transport.write(
                b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (status, len(raw), raw)
            )
