"""Socket Mode: one connection that outlives Slack's, and ours."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from typing_extensions import override

from bot.slack.sdk import quiet, web_client

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest


class Sockets:
    """Hands every envelope to Bolt and its answer back."""

    def __init__(self, bolt: AsyncApp, app_token: str, *, api_url: str) -> None:
        self._bolt = bolt
        web = web_client(None, api_url=api_url)
        self._client = _Client(app_token, web_client=web, logger=quiet, ping_interval=_PING_S)
        self._client.proxy = web.proxy  # it reads HTTP_PROXY itself, for this machine too
        self._client.socket_mode_request_listeners.append(self._hand_over)

    async def connect(self) -> None:
        """Returns when connected; from then on it reconnects by itself."""
        await self._client.connect()

    async def close(self) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]  # slack_sdk's

    async def _hand_over(
        self, client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        began = time.time()
        answer = await run_async_bolt_app(self._bolt, request)
        await send_async_response(client, request, answer, began)


class _Client(SocketModeClient):
    @override
    async def connect(self) -> None:
        """slack_sdk tries one address for ever, but the ticket in it opens once and not for
        long: after a while a new one is asked for."""
        connected = False
        while not (connected or self.closed):
            try:
                async with asyncio.timeout(_TICKET_S):
                    await super().connect()  # type: ignore[no-untyped-call]  # slack_sdk's
                connected = True
            except TimeoutError:
                self.wss_uri = None


_PING_S: Final = 10.0
_TICKET_S: Final = 30.0
