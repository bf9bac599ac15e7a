"""`/once/{token}`: a page that shows a secret a single time, to whoever opens it first."""

from __future__ import annotations

from html import escape
from typing import Protocol

import structlog
from aiohttp import web

from bot.web.pages import card_page

log = structlog.get_logger()


class OneTime(Protocol):
    """Secrets that can be taken once."""

    async def peek_once(self, token: str) -> str | None:
        """Its title; None when there is none, or it was taken, or its time is over."""

    async def take_once(self, token: str) -> tuple[str, str] | None:
        """Title and secret, and from now on nothing."""


class OncePage:
    """The handlers of `/once/{token}`. A link preview fetches the page; only the button takes."""

    def __init__(self, secrets: OneTime) -> None:
        self._secrets = secrets

    async def ask(self, request: web.Request) -> web.Response:
        title = await self._secrets.peek_once(request.match_info["token"])
        if title is None:
            return _gone()
        return _page(
            title,
            "<p>This secret can be shown once. Have the place where you will paste it open.</p>"
            '<form method="post"><button type="submit">Show it now</button></form>',
        )

    async def show(self, request: web.Request) -> web.Response:
        taken = await self._secrets.take_once(request.match_info["token"])
        if taken is None:
            return _gone()
        title, secret = taken
        log.info("one-time secret shown", remote=request.remote)
        return _page(
            title,
            f'<pre class="secret" tabindex="0">{escape(secret)}</pre>'
            "<p>Copy it now: this page forgets it when you leave.</p>",
        )


def _gone() -> web.Response:
    return _page(
        "Nothing here",
        "<p>This secret was shown already, or its time is over. Ask for a new one: run the "
        "command again.</p>",
        status=404,
    )


def _page(title: str, inner: str, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=card_page(title, inner),
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )
