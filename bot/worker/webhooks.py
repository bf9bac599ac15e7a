"""Calls other servers for rules: bounded, never redirected, never into this network."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from bot.actions.late import plain
from bot.errors import CallError, ContentRefused, NotSent, TargetRefused, Unsure
from bot.message import one_line
from bot.outside import Receipt
from bot.worker.addresses import Allowed, PublicResolver, is_literal, local

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from aiohttp.abc import AbstractResolver

    from bot.model import Json
    from bot.outside import WebRequest

_SECRET: Final = re.compile(r"\$\{secret:([A-Z][A-Z0-9_]*)\}")
_AGENT: Final = "chatops-bot"
_REDIRECT: Final = 300
_REFUSED: Final = 400
_FAULT: Final = 500
#: Not now, by their own word.
_LATER: Final = frozenset({408, 425, 429, 503})


class Webhooks:
    """Implements WebCalls. `secrets`: the value of `${secret:NAME}`, None when it is not set."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        secrets: Callable[[str], str | None],
        allowed: Allowed,
    ) -> None:
        self._session = session
        self._secrets = secrets
        self._allowed = allowed

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        *,
        secrets: Callable[[str], str | None],
        allow: Iterable[str] = (),
        resolver: AbstractResolver | None = None,
    ) -> AsyncIterator[Webhooks]:
        allowed = Allowed(allow)
        connector = aiohttp.TCPConnector(
            resolver=PublicResolver(allowed, resolver), use_dns_cache=False
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _AGENT},
            trust_env=False,
        ) as session:
            yield cls(session, secrets=secrets, allowed=allowed)

    async def send(self, request: WebRequest, *, key: str) -> Receipt:
        """No error quotes the address: it may be a secret."""
        url = self._url(request.url)
        headers = {name: self._header(value) for name, value in request.headers.items()}
        timeout = aiohttp.ClientTimeout(total=request.timeout_s)
        body = None if request.body is None else self._json(request.body)
        try:
            call = self._session.request(
                request.method,
                url,
                json=body,
                headers={**headers, "Idempotency-Key": key},
                timeout=timeout,
                allow_redirects=False,
            )
            async with call as response:
                # What it says is of no concern; what it does not say cannot be leaked.
                status, after = response.status, response.headers.get("Retry-After", "")
                response.close()
        except CallError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _trouble(error) from None
        if not _REDIRECT > status >= 200:
            raise _refusal(status, after)
        return Receipt(id="", status=str(status))

    def _url(self, url: str) -> URL:
        """With its secret; checked as far as it can be before the name is resolved.

        Read by who will connect: another reader's host may be another one (`①②⑦.⓪.⓪.①`).
        """
        try:
            whole = URL(self._filled(url))
            host = whole.host or ""
        except ValueError:
            whole, host = URL(), ""
        if not host or whole.user is not None or whole.scheme not in {"http", "https"}:
            raise ContentRefused("the webhook's address is no https address", code="bad_address")
        allowed = self._allowed.host(host) or (is_literal(host) and self._allowed.address(host))
        if is_literal(host) and not allowed:
            raise local(host)
        if whole.scheme == "http" and not allowed:
            raise ContentRefused("a webhook's address begins with https://", code="bad_address")
        return whole

    def _header(self, value: Any) -> str:  # Text
        return one_line(plain(value, self._filled))

    def _json(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {key: self._json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._json(item) for item in value]
        if isinstance(value, tuple):
            return plain(value, self._filled)
        return value

    def _filled(self, text: str) -> str:
        """The rule's own words with their secrets; an event's words are never looked through."""
        return _SECRET.sub(self._secret, text)

    def _secret(self, match: re.Match[str]) -> str:
        value = self._secrets(match[1])
        if value is None:
            raise ContentRefused(
                f"SECRET_{match[1]} is not set: the rule needs it, set it and restart the bot",
                code="no_secret",
            )
        return value


def _trouble(error: Exception) -> CallError:
    name = type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
        return NotSent(f"the webhook's server cannot be reached ({name})", code="unreachable")
    if isinstance(error, aiohttp.InvalidURL):
        return ContentRefused("the webhook's address is no address", code="bad_address")
    if isinstance(error, TimeoutError):
        return Unsure("the webhook's server did not answer in time", code="timeout")
    return Unsure(f"the webhook's server broke the connection ({name})", code=name)


def _refusal(status: int, retry_after: str) -> CallError:
    said = f"the webhook's server answered {status}"
    if status in _LATER:
        known = retry_after.isascii() and retry_after.isdecimal()
        return NotSent(said, code=str(status), retry_after=float(retry_after) if known else None)
    if status >= _FAULT:
        return Unsure(said, code=str(status))
    if status >= _REFUSED:
        return TargetRefused(said, code=str(status))
    return TargetRefused(f"{said}: redirects are not followed", code=str(status))
