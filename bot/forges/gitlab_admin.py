"""GitLab's REST half: the hooks of projects and groups, through python-gitlab in threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import ContentRefused, NotSent, Refused, TargetRefused, Unsure
from bot.forges.gitlab import TRIGGERS
from bot.forges.gitlab_attempts import GitlabAttempts
from bot.forges.gitlab_client import NO_WAITING
from bot.forges.gitlab_errors import said
from bot.forges.gitlab_keys import GitlabKeys
from bot.forges.gitlab_members import GitlabMembers
from bot.forges.gitlab_places import id_of, identified, named, place
from bot.forges.gitlab_projects import GitlabProjects
from bot.outside import EVERY_BRANCH, BranchFilter, RemoteHook
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.outside import HookWish

#: A secret of this form is given to GitLab as a key to sign with, which it then never sends.
_SIGNING: Final = "whsec_"
_STRATEGIES: Final = {"all": "all_branches", "wildcard": "wildcard", "regex": "regex"}


class GitlabAdmin(GitlabMembers, GitlabProjects, GitlabKeys, GitlabAttempts):
    """Implements ForgeAdmin."""

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        attempt = self.attempt(f"the hooks of {named(project_id)}", writes=False)
        path = f"{place(project_id)}/hooks"
        return await self.read(
            attempt,
            lambda gl: gl.http_list(path, {"per_page": 100}, get_all=True, **NO_WAITING),
            lambda found: tuple(_remote(row) for row in found),
        )

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:
        attempt = self.attempt(
            f"a hook on {named(project_id)}", writes=True, url=wish.url, secret=wish.secret
        )
        path, body = f"{place(project_id)}/hooks", _attributes(wish)
        made = await self.read(
            attempt, lambda gl: gl.http_post(path, post_data=body, **NO_WAITING), id_of
        )
        return await self._read_back(project_id, made, wish)

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        # A changed URL wipes the token unless it is sent again, so it always is.
        await self._put(project_id, hook_id, wish, _attributes(wish))
        return await self._read_back(project_id, hook_id, wish)

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        attempt = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=True)
        path = _path(project_id, hook_id)
        try:
            await self.call(attempt, lambda gl: gl.http_delete(path, **NO_WAITING))
        except TargetRefused as error:
            if error.code != "404":
                raise

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        attempt = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=True)
        path = f"{_path(project_id, hook_id)}/test/{quote(trigger, safe='')}"
        try:
            await self.call(attempt, lambda gl: gl.http_post(path, **NO_WAITING))
        except ContentRefused as error:
            raise _undelivered(error) from error

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        attempt = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=False)
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

    async def _put(
        self, project_id: str, hook_id: str, wish: HookWish, body: Mapping[str, Any]
    ) -> None:
        attempt = self.attempt(
            f"hook {hook_id} of {named(project_id)}", writes=True, url=wish.url, secret=wish.secret
        )
        path = _path(project_id, hook_id)
        await self.call(attempt, lambda gl: gl.http_put(path, post_data=dict(body), **NO_WAITING))

    async def _read_back(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        """What GitLab made of it: unknown attributes are ignored there without a word."""
        found = await self._shown(project_id, hook_id)
        instead: dict[str, Any] = {}
        if wish.secret.startswith(_SIGNING) and not found.get("signing_token_present"):
            # Before GitLab 19 hooks are not signed: the secret is sent along as it is.
            instead["token"] = wish.secret
        if wish.branches.kind not in _filters(found):
            # As a wildcard, which older versions would take it for, it would let nothing through.
            instead["push_events_branch_filter"] = ""
        if instead:
            await self._put(project_id, hook_id, wish, {"url": wish.url, **instead})
            found = await self._shown(project_id, hook_id)
        hook = _remote(found)
        if hook.url != wish.url or hook.triggers - wish.triggers:
            raise TargetRefused(
                f"GitLab kept other settings for hook {hook_id} of {named(project_id)} than were"
                " sent: somebody changes it at the same time, or a proxy does; try again",
                code="mismatch",
            )
        if hook.branches != wish.branches and wish.branches.kind in hook.filters:
            raise TargetRefused(
                f"GitLab kept another branch filter for hook {hook_id} of {named(project_id)} than"
                " was sent: somebody changes it at the same time; try again",
                code="mismatch",
            )
        if not hook.signed and found.get("token_present") is False:
            raise TargetRefused(
                f"GitLab did not keep the secret of hook {hook_id} of {named(project_id)};"
                " try again",
                code="mismatch",
            )
        return hook

    async def _shown(self, project_id: str, hook_id: str) -> Mapping[str, Any]:
        attempt = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=False)
        path = _path(project_id, hook_id)
        return await self.read(attempt, lambda gl: gl.http_get(path, **NO_WAITING), identified)


def _attributes(wish: HookWish) -> dict[str, Any]:  # the SDK's own type of a body
    """Every trigger is named: GitLab turns pushes on when they are not."""
    unknown = wish.triggers - TRIGGERS
    if unknown:
        raise ContentRefused(f"GitLab has no such triggers: {', '.join(sorted(unknown))}")
    kind = "signing_token" if wish.secret.startswith(_SIGNING) else "token"
    return {
        "url": wish.url,
        kind: wish.secret,
        "enable_ssl_verification": wish.verify_tls,
        "push_events_branch_filter": wish.branches.pattern,
        "branch_filter_strategy": _STRATEGIES[wish.branches.kind],
        **{name: name in wish.triggers for name in sorted(TRIGGERS)},
    }


def _remote(attributes: Mapping[str, Any]) -> RemoteHook:  # the SDK's attributes are untyped
    return RemoteHook(
        id=str(attributes["id"]),
        url=str(attributes.get("url") or ""),
        triggers=frozenset(name for name in TRIGGERS if attributes.get(name) is True),
        health=str(attributes.get("alert_status") or "executable"),
        disabled_until=parse_time(attributes.get("disabled_until")),
        created_at=parse_time(attributes.get("created_at")),
        branches=_branches(attributes),
        filters=_filters(attributes),
        unheard=frozenset(name for name in TRIGGERS if name not in attributes),
        signed=attributes.get("signing_token_present") is True,
    )


def _branches(attributes: Mapping[str, Any]) -> BranchFilter:  # the SDK's attributes are untyped
    pattern = str(attributes.get("push_events_branch_filter") or "")
    strategy = attributes.get("branch_filter_strategy")
    kind = "regex" if strategy == _STRATEGIES["regex"] else "wildcard"
    if not pattern or strategy == _STRATEGIES["all"]:
        return EVERY_BRANCH
    return BranchFilter(kind, pattern)


def _filters(attributes: Mapping[str, Any]) -> frozenset[str]:
    """Before GitLab 15.6 there is no strategy, and a filter is a wildcard."""
    known = "branch_filter_strategy" in attributes
    return frozenset(_STRATEGIES if known else {"all", "wildcard"})


def _undelivered(error: ContentRefused) -> ContentRefused:
    """A 422 is also what GitLab says when the receiver answered anything but 2xx; a 400 when it
    does not know the trigger."""
    reason = str(error)
    if reason.startswith("Ensure the ") or error.code == "400":
        return ContentRefused(reason, code="no_sample")
    return ContentRefused(reason, code="undelivered")


def _path(project_id: str, hook_id: str) -> str:
    return f"{place(project_id)}/hooks/{quote(hook_id, safe='')}"
