"""`/once/{token}`: a page that shows a secret a single time, to whoever opens it first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web

from bot.web.pages import card_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.ports import Clock

log = structlog.get_logger()

EXPIRES_AFTER: Final = timedelta(hours=1)
#: Secrets held at a time; the oldest goes when one more comes.
MAX_HELD: Final = 1000


class OneTime(Protocol):
    """Secrets that can be taken once."""

    async def put_once(self, title: str, secret: str) -> str:
        """The token of its page."""

    async def peek_once(self, token: str) -> str | None:
        """Its title; None when there is none, or it was taken, or its time is over."""

    async def take_once(self, token: str) -> tuple[str, str] | None:
        """Title and secret, and from now on nothing."""


@dataclass(frozen=True, slots=True)
class _Held:
    title: str
    secret: str
    until: datetime


class OneTimeMemory:
    """`OneTime` for one process: kept nowhere but here, by the hash of its token."""

    def __init__(self, clock: Clock, new_token: Callable[[], str]) -> None:
        self._clock = clock
        self._new_token = new_token
        self._held: dict[str, _Held] = {}

    async def put_once(self, title: str, secret: str) -> str:
        token = self._new_token()
        if len(self._held) >= MAX_HELD:
            del self._held[next(iter(self._held))]
        self._held[_hash(token)] = _Held(title, secret, self._clock.now() + EXPIRES_AFTER)
        return token

    async def peek_once(self, token: str) -> str | None:
        held = self._held.get(_hash(token))
        return held.title if held and self._clock.now() < held.until else None

    async def take_once(self, token: str) -> tuple[str, str] | None:
        held = self._held.pop(_hash(token), None)
        return (held.title, held.secret) if held and self._clock.now() < held.until else None


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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
