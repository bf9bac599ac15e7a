"""GitHub's REST through gidgethub and aiohttp: what its adapters share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from gidgethub import HTTPException
from gidgethub.aiohttp import GitHubAPI
from typing_extensions import override

from bot.errors import CallError, NotSent, Unsure
from bot.forges.github_errors import Attempt, from_aiohttp, from_github, no_api
from bot.forges.proxies import proxy_for

T = TypeVar("T")

#: Seconds to connect, and seconds between two bytes.
TIMEOUTS: Final = (5.0, 20.0)
#: Seconds in all: a server that trickles must not hold a command for ever.
WHOLE_S: Final = 25.0
#: The most that one page holds.
PAGE: Final = 100
#: GitHub asks every client to name itself.
_AGENT: Final = "chatops-bot"
_REDIRECTS: Final = 3


class Api(GitHubAPI):
    """gidgethub's client, which keeps its token at home and never repeats a write elsewhere."""

    @override
    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        if _origin(url) != _origin(self.base_url):
            # A page's link to the next one; it would take the token along.
            raise NotSent(
                f"{self.base_url} refers to {_origin(url)} for more: set its address to that one",
                code="redirect",
            )
        async with self._session.request(
            method,
            url,
            headers=headers,
            data=body,
            # A renamed repository is read through a redirect; aiohttp takes the token away when
            # it leads to another host. A write would come out as something else.
            allow_redirects=method == "GET",
            max_redirects=_REDIRECTS,
            proxy=proxy_for(url),
        ) as response:
            return response.status, response.headers, await response.read()

    @override
    async def _make_request(self, *args: Any, **more: Any) -> tuple[bytes, str | None, int]:
        answer = await super()._make_request(*args, **more)
        if isinstance(answer[0], str):
            raise ValueError("no JSON: a proxy's page, perhaps")  # noqa: TRY004 - as of a parser
        return answer

    async def pages(self, path: str, *, limit: int = 10_000) -> list[Any]:
        """All pages, up to that many rows."""
        joint = "&" if "?" in path else "?"
        found: list[Any] = []
        async for row in self.getiter(f"{path}{joint}per_page={PAGE}", None):
            found.append(row)
            if len(found) >= limit:
                break
        return found


class GithubClient:
    """`setting` is the name of the setting that holds the token, for texts."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        setting: str = "GITHUB_TOKEN",
        timeouts: tuple[float, float] = TIMEOUTS,
        whole_s: float = WHOLE_S,
    ) -> None:
        self.url = url
        self._token = token
        self._setting = setting
        self._timeouts = timeouts
        self._whole_s = whole_s

    def attempt(
        self, what: str, *, writes: bool, url: str = "", secret: str = "", **more: str
    ) -> Attempt:
        return Attempt(
            what=what,
            forge=self.url,
            setting=self._setting,
            writes=writes,
            hook_url=url,
            secrets=(self._token or "", secret),
            **more,
        )

    async def call(self, attempt: Attempt, work: Callable[[Api], Awaitable[T]]) -> T:
        """Several requests may be one call. Raises CallError."""
        try:
            async with asyncio.timeout(self._whole_s), self._session() as session:
                return await self._translated(attempt, work(self._api(session)))
        except TimeoutError:
            kind = Unsure if attempt.writes else NotSent
            raise kind(
                f"GitHub ({self.url}) did not finish its answer about {attempt.what} in"
                f" {self._whole_s:g} s",
                code="timeout",
            ) from None

    async def read(
        self, attempt: Attempt, work: Callable[[Api], Awaitable[Any]], as_: Callable[[Any], T]
    ) -> T:
        """`call`, its answer read by `as_`: what that cannot read is no answer of GitHub's."""

        async def both(api: Api) -> T:
            return as_(await work(api))

        return await self.call(attempt, both)

    async def _translated(self, attempt: Attempt, working: Awaitable[T]) -> T:
        try:
            return await working
        except HTTPException as error:
            # Not `from error`: some proxies answer with what they were sent.
            raise from_github(error, attempt) from None
        except ClientError as error:
            # Not `from error`: it may hold the request, and with it the token.
            raise from_aiohttp(error, attempt) from None
        except CallError:
            raise
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise no_api(attempt) from error

    def _api(self, session: ClientSession) -> Api:
        return Api(session, _AGENT, oauth_token=self._token, base_url=self.url)

    def _session(self) -> ClientSession:
        connect_s, read_s = self._timeouts
        timeout = ClientTimeout(total=None, connect=connect_s, sock_read=read_s)
        # Not `trust_env`: aiohttp would also use the passwords of ~/.netrc, and then refuse ours.
        return ClientSession(timeout=timeout)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
