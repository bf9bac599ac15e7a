"""Who may see the page: this machine only, or whoever knows CONSOLE_TOKEN."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from enum import Enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohttp import web

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Clock

COOKIE: Final = "bot_console"
SESSION: Final = timedelta(hours=12)
#: Wrong tokens in a row before everybody has to wait, and how long.
MAX_FAILURES: Final = 10
FAILURE_WINDOW: Final = timedelta(minutes=1)

#: A proxy or tunnel adds at least one of these: the loopback peer is then not the reader.
_FORWARDING: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-host",
        "x-original-forwarded-for",
        "x-proxyuser-ip",
        "true-client-ip",
        "fastly-client-ip",
        "client-ip",
        "cdn-loop",
    }
)
_FORWARDING_STARTS: Final = (
    "x-forwarded",
    "x-envoy-",
    "x-amzn-",
    "x-azure-",
    "x-appengine-",
    "cf-",
    "fly-",
    "tailscale-",
    "ngrok-",
)


#: Of a time stamp in a cookie, far beyond any real one.
_DIGITS: Final = 12
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")


class Entry(Enum):
    """What a request to the page is told."""

    OPEN = "open"
    LOGIN = "login"
    LOCAL_ONLY = "local only"


class Access:
    """Decides by the request alone; sessions are signed, so several processes agree on them."""

    def __init__(self, *, host: str, token: str | None, clock: Clock) -> None:
        #: The address the bot listens on.
        self._host = host
        self._token = token
        self._clock = clock
        self._failures: list[datetime] = []

    @property
    def needs_token(self) -> bool:
        return self._token is not None

    def entry(self, request: web.Request) -> Entry:
        if self._token is None:
            return Entry.OPEN if self._is_local(request) else Entry.LOCAL_ONLY
        bearer = request.headers.get("Authorization", "")
        if bearer[:7].lower() == "bearer ":
            return Entry.OPEN if self.fits(bearer[7:].strip()) else Entry.LOGIN
        cookie = request.cookies.get(COOKIE, "")
        return Entry.OPEN if self._is_session(cookie) else Entry.LOGIN

    def fits(self, given: str) -> bool:
        """Whether it is the token. After many wrong ones nothing fits for a minute."""
        if self._token is None or self.closed:
            return False
        if hmac.compare_digest(_digest(given), _digest(self._token)):
            return True
        self._failures.append(self._clock.now())
        return False

    @property
    def closed(self) -> bool:
        """Too many wrong tokens came within a minute."""
        now = self._clock.now()
        self._failures = [at for at in self._failures if now - at < FAILURE_WINDOW]
        return len(self._failures) >= MAX_FAILURES

    def open_session(self, request: web.Request, response: web.Response) -> None:
        until = int((self._clock.now() + SESSION).timestamp())
        response.set_cookie(
            COOKIE,
            f"{until}.{self._sign(until)}",
            max_age=int(SESSION.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=_is_https(request),
            path="/",
        )

    def close_session(self, response: web.Response) -> None:
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")

    def _is_session(self, cookie: str) -> bool:
        until, _, signature = cookie.partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) <= _DIGITS):
            return False
        fits = hmac.compare_digest(
            signature.encode("utf-8", "replace"), self._sign(int(until)).encode()
        )
        return fits and self._clock.now().timestamp() < int(until)

    def _sign(self, until: int) -> str:
        key = _digest(f"console session {self._token}")
        return hmac.new(key, f"{until}".encode(), hashlib.sha256).hexdigest()

    def _is_local(self, request: web.Request) -> bool:
        return (
            is_loopback(self._host)
            and is_loopback(_host_name(request.headers.get("Host", "")))
            and is_loopback(request.remote or "")
            and not any(_is_forwarding(name) for name in request.headers)
        )


def same_origin(request: web.Request) -> bool:
    """Whether a browser would say that our own page sent it; no browser at all is fine too."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or _origin_host(origin) == request.headers.get("Host", "").lower()


def _origin_host(origin: str) -> str:
    """Host and port as a Host header has them; empty when it is no address (`null`)."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    """A Host header without its port; empty when it is none."""
    match = _HOST.fullmatch(host)
    return match[1] if match else ""


def _is_forwarding(name: str) -> bool:
    return name.lower() in _FORWARDING or name.lower().startswith(_FORWARDING_STARTS)


def _is_https(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()
