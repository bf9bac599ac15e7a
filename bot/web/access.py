"""Who may see the page: this machine only, or whoever knows CONSOLE_TOKEN."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from bot.loopback import is_loopback
from bot.web.attempts import Attempts
from bot.web.sources import Sources

if TYPE_CHECKING:
    from bot.ports import Clock

COOKIE: Final = "bot_console"
SESSION: Final = timedelta(hours=12)
#: Wrong tokens of one source within a minute before it has to wait.
MAX_FAILURES: Final = 10

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


class Sessions(Protocol):
    """What is remembered of sessions: those that somebody ended."""

    async def end_session(self, session: str, *, until: int, now: int) -> None: ...

    async def session_ended(self, session: str) -> bool: ...


class Access:
    """Sessions are signed, so several processes agree on them; those ended are in the store."""

    def __init__(
        self,
        *,
        host: str,
        token: str | None,
        clock: Clock,
        sessions: Sessions,
        sources: Sources | None = None,
        public: bool = False,
    ) -> None:
        """`public`: something leads from elsewhere to the port. It need not say so in a header, so
        that nobody is known to be on this machine."""
        #: The address the bot listens on.
        self._host = host
        self._public = public
        self._token = token
        self._clock = clock
        self._sessions = sessions
        self._sources = sources or Sources()
        # A success excuses nothing: whoever shares an address with a reader may guess no faster.
        self._attempts = Attempts(clock, most=MAX_FAILURES, trust=timedelta())

    @property
    def needs_token(self) -> bool:
        return self._token is not None

    async def entry(self, request: web.Request) -> Entry:
        """Raises StoreError when it cannot be told whether a session was ended."""
        if self._token is None:
            return Entry.OPEN if self._is_local(request) else Entry.LOCAL_ONLY
        bearer = request.headers.get("Authorization", "")
        if bearer[:7].lower() == "bearer ":
            return Entry.OPEN if self.fits(request, bearer[7:].strip()) else Entry.LOGIN
        session = self._session(request)
        if session is None or await self._sessions.session_ended(_name(session)):
            return Entry.LOGIN
        return Entry.OPEN

    def fits(self, request: web.Request, given: str) -> bool:
        """Whether it is the token. After many wrong ones nothing fits for a while."""
        if self._token is None or self.closed(request):
            return False
        if hmac.compare_digest(_digest(given), _digest(self._token)):
            return True
        self._attempts.failed(self._sources.of(request))
        return False

    def closed(self, request: web.Request) -> bool:
        """Too many wrong tokens came from there within a minute."""
        return self._attempts.is_turned_away(self._sources.of(request))

    def open_session(self, request: web.Request, response: web.Response) -> None:
        until = int((self._clock.now() + SESSION).timestamp())
        told = f"{until}.{secrets.token_urlsafe(16)}"
        response.set_cookie(
            COOKIE,
            f"{told}.{self._sign(told)}",
            max_age=int(SESSION.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=_is_https(request),
            path="/",
        )

    async def close_session(self, request: web.Request, response: web.Response) -> None:
        """For whoever holds a copy of its cookie too."""
        session = self._session(request)
        if session is not None:
            now, until = self._clock.now().timestamp(), int(session.partition(".")[0])
            await self._sessions.end_session(_name(session), until=until, now=int(now))
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")

    def _session(self, request: web.Request) -> str | None:
        """The signed part of its cookie; None when there is none that is good."""
        told, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
        until = told.partition(".")[0]
        if not (until.isascii() and until.isdecimal() and len(until) <= _DIGITS):
            return None
        fits = hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(told).encode())
        return told if fits and self._clock.now().timestamp() < int(until) else None

    def _sign(self, told: str) -> str:
        key = _digest(f"console session {self._token}")
        return hmac.new(key, told.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _is_local(self, request: web.Request) -> bool:
        return (
            not self._public
            and is_loopback(self._host)
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


def _host_name(host: str) -> str:
    """A Host header without its port; empty when it is none."""
    match = _HOST.fullmatch(host)
    return match[1] if match else ""


def _is_forwarding(name: str) -> bool:
    return name.lower() in _FORWARDING or name.lower().startswith(_FORWARDING_STARTS)


def _is_https(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _name(session: str) -> str:
    """Of what may be kept: whoever reads the store learns no cookie."""
    return _digest(session).hex()


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()
