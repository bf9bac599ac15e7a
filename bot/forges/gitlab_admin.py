"""GitLab's REST half: the hooks of projects, through python-gitlab in threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.errors import ContentRefused, NotSent, Refused, TargetRefused, Unsure
from bot.forges.gitlab import TRIGGERS
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.gitlab_errors import said
from bot.model import Project
from bot.outside import RemoteHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.outside import HookWish


class GitlabAdmin(GitlabClient):
    """Implements ForgeAdmin."""

    async def project(self, path: str) -> Project:
        attempt = self.attempt(f"project {path}", writes=False)
        found = await self.call(attempt, lambda gl: gl.projects.get(path, **NO_WAITING))
        return Project(
            id=str(found.id),
            path=found.path_with_namespace,
            url=found.web_url,
            default_branch=found.attributes.get("default_branch") or "",
            visibility=found.attributes.get("visibility") or "",
        )

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        attempt = self.attempt(f"the hooks of project {project_id}", writes=False)
        found = await self.call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.list(
                get_all=True, per_page=100, **NO_WAITING
            ),
        )
        return tuple(_remote(hook.attributes) for hook in found)

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:
        attempt = self.attempt(f"a hook on project {project_id}", writes=True, url=wish.url)
        made = await self.call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.create(
                _attributes(wish), **NO_WAITING
            ),
        )
        return await self._read_back(project_id, str(made.id), wish)

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        # A changed URL wipes the token unless it is sent again, so it always is.
        attempt = self.attempt(f"hook {hook_id} of project {project_id}", writes=True, url=wish.url)
        await self.call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.update(
                int(hook_id), _attributes(wish), **NO_WAITING
            ),
        )
        return await self._read_back(project_id, hook_id, wish)

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        attempt = self.attempt(f"hook {hook_id} of project {project_id}", writes=True)
        try:
            await self.call(
                attempt,
                lambda gl: gl.projects.get(project_id, lazy=True).hooks.delete(
                    int(hook_id), **NO_WAITING
                ),
            )
        except TargetRefused as error:
            if error.code != "404":
                raise

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        attempt = self.attempt(f"hook {hook_id} of project {project_id}", writes=True)
        path = f"{_path(project_id, hook_id)}/test/{quote(trigger, safe='')}"
        try:
            await self.call(attempt, lambda gl: gl.http_post(path, obey_rate_limit=False))
        except ContentRefused as error:
            raise _undelivered(error) from error

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        attempt = self.attempt(f"hook {hook_id} of project {project_id}", writes=False)
        path = f"{_path(project_id, hook_id)}/events"
        try:
            found = await self.call(
                attempt,
                lambda gl: gl.http_get(path, {"per_page": 1}, **NO_WAITING),
            )
        except (Refused, NotSent, Unsure):
            return ""  # Before GitLab 17.3 there is no such list, and it only embellishes.
        newest = found[0] if isinstance(found, list) and found else {}
        return said(newest.get("response_status")) if isinstance(newest, dict) else ""

    async def _read_back(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        """What GitLab made of it: unknown attributes are ignored there without a word."""
        attempt = self.attempt(f"hook {hook_id} of project {project_id}", writes=False)
        found = await self.call(
            attempt,
            lambda gl: gl.projects.get(project_id, lazy=True).hooks.get(int(hook_id), **NO_WAITING),
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
