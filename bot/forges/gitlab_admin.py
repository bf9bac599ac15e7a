"""GitLab's REST half: the hooks of projects, through python-gitlab in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from typing_extensions import override

from bot.errors import ContentRefused, NotSent, Refused, TargetRefused, Unsure
from bot.forges.gitlab import TRIGGERS
from bot.forges.gitlab_errors import Attempt, from_gitlab, from_requests, said
from bot.model import Project
from bot.ports import RemoteHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import HookWish

T = TypeVar("T")

#: Seconds to connect, and seconds between two bytes. GitLab's test call answers only after it
#: has waited up to ten seconds for the receiver.
_TIMEOUTS: Final = (5.0, 20.0)
#: Seconds in all: a server that trickles must not hold a command for ever.
_WHOLE_S: Final = 25.0
#: The SDK would sleep in the thread for as long as GitLab asks, ten times over.
_NO_WAITING: Final = {"obey_rate_limit": False}


class GitlabAdmin:
    """`setting` is the name of the setting that holds the token, for texts."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        setting: str = "GITLAB_TOKEN",
        timeouts: tuple[float, float] = _TIMEOUTS,
        whole_s: float = _WHOLE_S,
    ) -> None:
        self._url = url
        self._token = token
        self._setting = setting
        self._timeouts = timeouts
        self._whole_s = whole_s

    async def project(self, path: str) -> Project:
        attempt = self._attempt(f"project {path}", writes=False)
        found = await self._call(attempt, lambda gl: gl.projects.get(path, **_NO_WAITING))
        return Project(
            id=str(found.id),
            path=found.path_with_namespace,
            url=found.web_url,
            default_branch=found.attributes.get("default_branch") or "",
            visibility=found.attributes.get("visibility") or "",
        )

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        attempt = self._attempt(f"the hooks of project {project_id}", writes=False)
        found = await self._call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.list(
                get_all=True, per_page=100, **_NO_WAITING
            ),
        )
        return tuple(_remote(hook.attributes) for hook in found)

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:
        attempt = self._attempt(f"a hook on project {project_id}", writes=True, url=wish.url)
        made = await self._call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.create(
                _attributes(wish), **_NO_WAITING
            ),
        )
        return await self._read_back(project_id, str(made.id), wish)

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        # A changed URL wipes the token unless it is sent again, so it always is.
        attempt = self._attempt(
            f"hook {hook_id} of project {project_id}", writes=True, url=wish.url
        )
        await self._call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.update(
                int(hook_id), _attributes(wish), **_NO_WAITING
            ),
        )
        return await self._read_back(project_id, hook_id, wish)

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        attempt = self._attempt(f"hook {hook_id} of project {project_id}", writes=True)
        try:
            await self._call(
                attempt,
                lambda gl: gl.projects.get(project_id, lazy=True).hooks.delete(
                    int(hook_id), **_NO_WAITING
                ),
            )
        except TargetRefused as error:
            if error.code != "404":
                raise

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        attempt = self._attempt(f"hook {hook_id} of project {project_id}", writes=True)
        path = f"{_path(project_id, hook_id)}/test/{quote(trigger, safe='')}"
        try:
            await self._call(attempt, lambda gl: gl.http_post(path, obey_rate_limit=False))
        except ContentRefused as error:
            raise _undelivered(error) from error

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        attempt = self._attempt(f"hook {hook_id} of project {project_id}", writes=False)
        path = f"{_path(project_id, hook_id)}/events"
        try:
            found = await self._call(
                attempt,
                lambda gl: gl.http_get(path, {"per_page": 1}, **_NO_WAITING),
            )
        except (Refused, NotSent, Unsure):
            return ""  # Before GitLab 17.3 there is no such list, and it only embellishes.
        newest = found[0] if isinstance(found, list) and found else {}
        return said(newest.get("response_status")) if isinstance(newest, dict) else ""

    async def _read_back(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        """What GitLab made of it: unknown attributes are ignored there without a word."""
        attempt = self._attempt(f"hook {hook_id} of project {project_id}", writes=False)
        found = await self._call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.get(
                int(hook_id), **_NO_WAITING
            ),
        )
        hook = _remote(found.attributes)
        if hook.url != wish.url or hook.triggers - wish.triggers:
            raise TargetRefused(
                f"GitLab kept other settings for hook {hook_id} of project {project_id} than were"
                " sent: somebody changes it at the same time, or a proxy does; try again",
                code="mismatch",
            )
        if found.attributes.get("token_present") is False:
            raise TargetRefused(
                f"GitLab did not keep the secret of hook {hook_id} of project {project_id};"
                " try again",
                code="mismatch",
            )
        return hook

    def _attempt(self, what: str, *, writes: bool, url: str = "") -> Attempt:
        return Attempt(
            what=what, forge=self._url, setting=self._setting, writes=writes, hook_url=url
        )

    async def _call(self, attempt: Attempt, work: Callable[[Gitlab], T]) -> T:
        try:
            async with asyncio.timeout(self._whole_s):
                return await asyncio.to_thread(partial(self._in_thread, attempt, work))
        except TimeoutError:
            kind = Unsure if attempt.writes else NotSent
            raise kind(
                f"GitLab ({self._url}) did not finish its answer about {attempt.what} in"
                f" {self._whole_s:g} s",
                code="timeout",
            ) from None

    def _in_thread(self, attempt: Attempt, work: Callable[[Gitlab], T]) -> T:
        with _Session() as session:
            gitlab = Gitlab(
                self._url,
                private_token=self._token,
                timeout=self._timeouts,  # type: ignore[arg-type] # handed on to requests, which takes a pair
                session=session,
                retry_transient_errors=False,
            )
            try:
                return work(gitlab)
            except GitlabError as error:
                raise from_gitlab(error, attempt, session.retry_after) from error
            except requests.RequestException as error:
                # Not `from error`: it holds the request, and with it the token.
                raise from_requests(error, attempt) from None


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


def _attributes(wish: HookWish) -> dict[str, Any]:  # the SDK's own type of a body
    """Every trigger is named: GitLab turns pushes on when they are not."""
    unknown = wish.triggers - TRIGGERS
    if unknown:
        raise ContentRefused(f"GitLab has no such triggers: {', '.join(sorted(unknown))}")
    return {
        "url": wish.url,
        "token": wish.secret,
        "enable_ssl_verification": wish.verify_tls,
        **{name: name in wish.triggers for name in sorted(TRIGGERS)},
    }


def _remote(attributes: Mapping[str, Any]) -> RemoteHook:  # the SDK's attributes are untyped
    return RemoteHook(
        id=str(attributes["id"]),
        url=str(attributes.get("url") or ""),
        triggers=frozenset(name for name in TRIGGERS if attributes.get(name) is True),
        health=str(attributes.get("alert_status") or "executable"),
    )


def _undelivered(error: ContentRefused) -> ContentRefused:
    """A 422 is also what GitLab says when the receiver answered anything but 2xx; a 400 when it
    does not know the trigger."""
    reason = str(error)
    if reason.startswith("Ensure the ") or error.code == "400":
        return ContentRefused(reason, code="no_sample")
    return ContentRefused(reason, code="undelivered")


def _path(project_id: str, hook_id: str) -> str:
    return f"/projects/{quote(project_id, safe='')}/hooks/{quote(hook_id, safe='')}"
