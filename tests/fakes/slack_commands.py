"""What Slack sends to a bot: signed slash commands, Socket Mode envelopes; and their answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.fakes.slack_arguments import SlackFault, check_content
from tests.fakes.slack_workspace import TEAM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.slack_messages import Channel

#: Slack takes so many answers to one command.
USES: Final = 5
_MEMBERS: Final = frozenset(
    (
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "metadata",
    )
)


@dataclass(frozen=True, slots=True)
class Ack:
    """How the bot acknowledged."""

    status: int
    body: str
    took_s: float

    @property
    def text(self) -> str:
        """The line shown to the person at once; a bare body is one too."""
        return str(json.loads(self.body)["text"]) if self.body.startswith("{") else self.body


class Commands:
    def __init__(self, *, signing_secret: str) -> None:
        self.signing_secret = signing_secret
        self.origin = ""
        self.answers: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._uses: dict[str, int] = {}
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._connected = asyncio.Event()
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def send(self, bot_url: str, text: str, *, user: str, channel: Channel) -> Ack:
        """As Slack sends it, signed, to the bot's `/slack/events`."""
        body = urlencode(self.form(text, user=user, channel=channel))
        began = time.monotonic()
        async with aiohttp.ClientSession() as session:
            url = f"{bot_url.rstrip('/')}/slack/events"
            async with session.post(url, data=body, headers=self.signed(body)) as response:
                return Ack(response.status, await response.text(), time.monotonic() - began)

    def form(self, text: str, *, user: str, channel: Channel) -> dict[str, str]:
        command, _, rest = text.partition(" ")
        number = f"{next(self._numbers)}"
        self._uses[number] = 0
        return {
            "command": command,
            "text": rest,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": channel.id,
            "channel_name": channel.name,
            "team_id": TEAM,
            "team_domain": "example",
            "api_app_id": "A0APP",
            "trigger_id": f"{number}.1.fake",
            "response_url": f"{self.origin}/commands/{number}",
        }

    async def press(self, bot_url: str, value: str, *, user: str, channel: Channel) -> int:
        """A button under one of the bot's answers; the status of the acknowledgement."""
        action = {"type": "button", "action_id": "run-0", "block_id": "b", "value": value}
        rest = {
            "type": "block_actions",
            "container": {"type": "message", "is_ephemeral": True},
            "actions": [action],
        }
        return await self._interact(bot_url, rest, user=user, channel=channel)

    async def choose(
        self, bot_url: str, callback: str, ts: str, *, user: str, channel: Channel
    ) -> int:
        """A shortcut in the menu of a message; the status of the acknowledgement."""
        rest = {
            "type": "message_action",
            "callback_id": callback,
            "message_ts": ts,
            "message": {"type": "message", "ts": ts},
        }
        return await self._interact(bot_url, rest, user=user, channel=channel)

    async def _interact(
        self, bot_url: str, rest: Mapping[str, Any], *, user: str, channel: Channel
    ) -> int:
        number = f"{next(self._numbers)}"
        self._uses[number] = 0
        payload = {
            **rest,
            "user": {"id": user},
            "team": {"id": TEAM},
            "channel": {"id": channel.id, "name": channel.name},
            "trigger_id": f"{number}.1.fake",
            "response_url": f"{self.origin}/commands/{number}",
        }
        body = urlencode({"payload": json.dumps(payload)})
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{bot_url.rstrip('/')}/slack/events", data=body, headers=self.signed(body)
            ) as response,
        ):
            return response.status

    def signed(self, body: str, *, at: str | None = None) -> dict[str, str]:
        """Headers of an authentic request; `at` is the timestamp, now when not given."""
        stamp = at or f"{int(time.time())}"
        mac = hmac.new(self.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        return {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mac.hexdigest()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def accept(self, number: str, body: str) -> web.Response:
        """A post to a response_url."""
        if number not in self._uses:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if self._uses[number] >= USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        self._uses[number] += 1
        try:
            answer = _answer(body)
        except SlackFault as refused:
            return web.Response(status=400, text=refused.code)
        self.answers.append(answer)
        return web.Response(text="ok")

    # -- Socket Mode -------------------------------------------------------------------------

    def ticket(self) -> str:
        """An address that connects once."""
        ticket = f"{next(self._numbers)}"
        self._tickets.add(ticket)
        return f"{self.origin.replace('http', 'ws', 1)}/link?ticket={ticket}"

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("ticket") not in self._tickets:
            return web.Response(status=403)
        self._tickets.remove(request.query["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        self._connected.set()
        async for message in socket:
            self._acked(json.loads(message.data))
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    async def send_by_socket(self, text: str, *, user: str, channel: Channel) -> dict[str, Any]:
        """The payload of the acknowledgement."""
        form = self.form(text, user=user, channel=channel)
        envelope = f"e{next(self._numbers)}"
        self._acks[envelope] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(20):
            await self._connected.wait()
            await self._sockets[-1].send_json(
                {
                    "type": "slash_commands",
                    "envelope_id": envelope,
                    "accepts_response_payload": True,
                    "payload": form,
                }
            )
            return await self._acks[envelope]

    async def refresh_sockets(self) -> None:
        """Slack asks each connection to come again, as it does every few hours."""
        self._connected.clear()
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def close(self) -> None:
        for socket in tuple(self._sockets):
            await socket.close()

    def _acked(self, message: Mapping[str, Any]) -> None:
        waiting = self._acks.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(dict(message.get("payload") or {}))


def _answer(body: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise SlackFault("invalid_payload") from None
    if not isinstance(answer, dict) or answer.keys() - _MEMBERS:
        raise SlackFault("invalid_payload")
    if answer.get("response_type") not in {None, "ephemeral", "in_channel"}:
        raise SlackFault("invalid_payload")
    check_content(answer, update=False)
    return answer
