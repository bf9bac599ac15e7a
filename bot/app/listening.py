"""Slack's way in. Bolt is a fifth of what the whole program weighs, so it is read when Slack first
asks for something."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.app.late import Late

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from bot.config import Settings
    from bot.slack.listener import SlackListener, Submit


class LateListener:
    """`slack.listener.SlackListener`, made when it is needed."""

    def __init__(self, settings: Settings, submit: Submit) -> None:
        self._settings = settings
        self._submit = submit
        self._listener = Late("bot.slack.listener", self._make)

    async def handle(self, request: web.Request) -> web.Response:
        """POST /slack/events."""
        return await (await self._listener.get()).handle(request)

    @asynccontextmanager
    async def socket_mode(self, app_token: str) -> AsyncIterator[None]:
        async with (await self._listener.get()).socket_mode(app_token):
            yield

    def _make(self) -> SlackListener:
        from bot.slack.listener import SlackListener

        token, signing = self._settings.slack_bot_token, self._settings.slack_signing_secret
        return SlackListener(
            token=token.reveal() if token is not None else "",
            signing_secret=signing.reveal() if signing is not None else None,
            api_url=self._settings.slack_api_url,
            submit=self._submit,
        )
