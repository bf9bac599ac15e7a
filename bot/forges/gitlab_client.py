"""GitLab's REST through python-gitlab in threads: what its adapters share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from typing_extensions import override

from bot.errors import CallError, NotSent, Unsure
from bot.forges.gitlab_errors import Attempt, from_gitlab, from_requests, no_api

T = TypeVar("T")

#: Seconds to connect, and seconds between two bytes. GitLab's test call answers only after it
#: has waited up to ten seconds for the receiver.
TIMEOUTS: Final = (5.0, 20.0)
#: Seconds in all: a server that trickles must not hold a command for ever.
WHOLE_S: Final = 25.0
#: The SDK would sleep in the thread for as long as GitLab asks, ten times over.
NO_WAITING: Final[dict[str, Any]] = {"obey_rate_limit": False}


class GitlabClient:
    """`setting` is the name of the setting that holds the token, for texts."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        setting: str = "GITLAB_TOKEN",
        timeouts: tuple[float, float] = TIMEOUTS,
        whole_s: float = WHOLE_S,
    ) -> None:
        self.url = url
        self._token = token
        self._setting = setting
        self._timeouts = timeouts
        self._whole_s = whole_s

    def attempt(
        self,
        what: str,
        *,
        writes: bool,
        url: str = "",
        secret: str = "",
        role: str = "Maintainer or Owner",
    ) -> Attempt:
        return Attempt(
            what=what,
            forge=self.url,
            setting=self._setting,
            writes=writes,
            hook_url=url,
            secrets=(self._token or "", secret),
            role=role,
        )

    async def call(self, attempt: Attempt, work: Callable[[Gitlab], T]) -> T:
        try:
            async with asyncio.timeout(self._whole_s):
                return await asyncio.to_thread(partial(self._in_thread, attempt, work))
        except TimeoutError:
            kind = Unsure if attempt.writes else NotSent
            raise kind(
                f"GitLab ({self.url}) did not finish its answer about {attempt.what} in"
                f" {self._whole_s:g} s",
                code="timeout",
            ) from None

    async def read(
        self, attempt: Attempt, work: Callable[[Gitlab], Any], as_: Callable[[Any], T]
    ) -> T:
        """`call`, its answer read by `as_`: what that cannot read is no answer of GitLab's."""
        return await self.call(attempt, lambda gitlab: as_(work(gitlab)))

    def _in_thread(self, attempt: Attempt, work: Callable[[Gitlab], T]) -> T:
        with _Session() as session:
            gitlab = Gitlab(
                self.url,
                private_token=self._token,
                timeout=self._timeouts,  # type: ignore[arg-type] # handed on to requests, which takes a pair
                session=session,
                retry_transient_errors=False,
            )
            try:
                return work(gitlab)
            except GitlabError as error:
                # Not `from error`: some proxies answer with what they were sent.
                raise from_gitlab(error, attempt, session.retry_after) from None
            except requests.RequestException as error:
                # Not `from error`: it holds the request, and with it the token.
                raise from_requests(error, attempt) from None
            except CallError:
                raise
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                # JSON of another shape than GitLab's: a proxy's, a login page's.
                raise no_api(attempt) from error


class _Session(requests.Session):
    """Remembers `Retry-After`, which the SDK's errors drop, and keeps the token at home."""

    def __init__(self) -> None:
        super().__init__()
        self.retry_after: float | None = None
        self.hooks["response"].append(self._look)

    def _look(self, response: requests.Response, **_: object) -> None:
        raw = response.headers.get("Retry-After", "")
        self.retry_after = float(raw) if raw.isascii() and raw.isdecimal() else None

    @override
    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        # requests only takes `Authorization` away when it is sent to another host.
        old, new = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(old, new):
            prepared_request.headers.pop("PRIVATE-TOKEN", None)
        super().rebuild_auth(prepared_request, response)
