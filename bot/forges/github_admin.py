"""GitHub's REST half: the hooks of repositories and organizations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bot.errors import ContentRefused, NotSent, Refused, TargetRefused, Unsure
from bot.forges.github import TRIGGERS
from bot.forges.github_attempts import GithubAttempts, attempt_of
from bot.forges.github_keys import GithubKeys
from bot.forges.github_members import GithubMembers
from bot.forges.github_places import GROUP, hook_place, named, place
from bot.forges.github_projects import GithubProjects
from bot.outside import RemoteHook
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.forges.github_client import Api
    from bot.forges.github_errors import Attempt as Tried
    from bot.outside import Attempt, HookWish

#: Told once in a hook's life, when it is deleted: for a hook that is to bring nothing, because
#: GitHub takes a hook without events for one that wants pushes.
_NOTHING: Final = frozenset({"meta"})
#: Known to every GitHub Enterprise Server that is still served.
_OLD: Final = TRIGGERS - {
    *("branch_protection_configuration", "custom_property_values", "issue_dependencies"),
    *("merge_group", "repository_ruleset", "secret_scanning_scan", "sub_issues"),
}
#: The kinds of test that GitHub has beside its ping, and their paths.
_TESTS: Final = {"ping": "pings", "push": "tests"}
#: Seconds until a delivery is in GitHub's own list, and between two looks.
_LISTED_S: Final = 12.0
_LOOK_EVERY_S: Final = 0.5


class GithubAdmin(GithubMembers, GithubProjects, GithubKeys, GithubAttempts):
    """Implements ForgeAdmin."""

    #: For tests.
    listed_s: float = _LISTED_S

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        what = self.attempt(f"the hooks of {named(project_id)}", writes=False)
        return await self.read(
            what,
            lambda api: api.pages(f"{place(project_id)}/hooks"),
            lambda rows: tuple(_remote(row, self.url) for row in rows),
        )

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:
        what = self.attempt(
            f"a hook on {named(project_id)}", writes=True, url=wish.url, secret=wish.secret
        )
        path = f"{place(project_id)}/hooks"
        return await self._written(
            what, wish, lambda api, body: api.post(path, None, data={"name": "web", **body})
        )

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:
        # A secret that is not sent again is taken away, so it always is.
        what = self.attempt(
            f"hook {hook_id} of {named(project_id)}", writes=True, url=wish.url, secret=wish.secret
        )
        path = hook_place(project_id, hook_id)
        return await self._written(what, wish, lambda api, body: api.patch(path, None, data=body))

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        what = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=True)
        try:
            await self.call(what, lambda api: api.delete(hook_place(project_id, hook_id), None))
        except TargetRefused as error:
            # A 404 also says that the token may not: only the list tells that it is gone.
            if error.code != "404" or any(
                hook.id == hook_id for hook in await self.hooks(project_id)
            ):
                raise

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:
        """GitHub delivers when it likes and tells of it in the list of the hook's deliveries."""
        if trigger not in _TESTS or (trigger == "push" and project_id.startswith(GROUP)):
            raise ContentRefused(f"GitHub has no test of {trigger}", code="no_sample")
        what = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=True)
        base = hook_place(project_id, hook_id)

        async def fire(api: Api) -> Attempt | None:
            known = {one.id for one in await _latest(api, base)}
            await api.post(f"{base}/{_TESTS[trigger]}", None, data=b"")
            return await self._told(api, base, known, trigger)

        told = await self.call(what, fire)
        if told is not None and not told.delivered:
            raise ContentRefused(told.error or f"answered {told.status}", code="undelivered")

    async def last_answer(self, project_id: str, hook_id: str) -> str:
        what = self.attempt(f"hook {hook_id} of {named(project_id)}", writes=False)
        try:
            found = await self.call(what, lambda api: _latest(api, hook_place(project_id, hook_id)))
        except (Refused, NotSent, Unsure):
            return ""  # It only embellishes.
        if not found:
            return ""
        return str(found[0].status) if found[0].status else found[0].error

    async def _told(self, api: Api, base: str, known: set[str], event: str) -> Attempt | None:
        """None when the list does not have it yet: then only its arrival tells."""
        began = datetime.now(UTC)
        while (datetime.now(UTC) - began).total_seconds() < self.listed_s:
            for one in await _latest(api, base):
                if one.id not in known and one.event == event:
                    return one
            await asyncio.sleep(_LOOK_EVERY_S)
        return None

    async def _written(self, what: Tried, wish: HookWish, send: Any) -> RemoteHook:  # a lambda
        unknown = wish.triggers - TRIGGERS
        if unknown:
            raise ContentRefused(
                f"a hook at GitHub has no such events: {', '.join(sorted(unknown))}",
                code="unknown_events",
            )
        read = partial(_remote, server=self.url)
        try:
            made = await self.read(what, lambda api: send(api, _body(wish, wish.triggers)), read)
        except ContentRefused as error:
            if error.code != "unknown_events" or wish.triggers <= _OLD:
                raise
            # An older server refuses the whole hook for one event it has not heard of.
            old = wish.triggers & _OLD
            made = await self.read(what, lambda api: send(api, _body(wish, old)), read)
        return _checked(made, wish, what.what)


async def _latest(api: Api, base: str) -> list[Attempt]:
    rows = await api.getitem(f"{base}/deliveries?per_page=20", None)
    return [one for row in rows if (one := attempt_of(row)) is not None]


def _body(wish: HookWish, triggers: frozenset[str]) -> dict[str, Any]:
    return {
        "active": True,
        "events": sorted(triggers or _NOTHING),
        "config": {
            "url": wish.url,
            "content_type": "json",
            "secret": wish.secret,
            "insecure_ssl": "0" if wish.verify_tls else "1",
        },
    }


def _remote(row: Mapping[str, Any], server: str) -> RemoteHook:
    config = row.get("config") or {}
    events = frozenset(str(event) for event in row.get("events") or ())
    return RemoteHook(
        id=str(row["id"]),
        url=str(config.get("url") or ""),
        triggers=TRIGGERS if "*" in events else events - _NOTHING,
        # GitHub never switches a hook off: somebody did.
        health="executable" if row.get("active") is not False else "disabled",
        created_at=parse_time(row.get("created_at")),
        signed=bool(config.get("secret")),
        unheard=_unheard(events, server),
    )


def _unheard(events: frozenset[str], server: str) -> frozenset[str]:
    """An own server tells its version nowhere in a hook; but what it kept, it knows."""
    hosted = urlsplit(server).hostname == "api.github.com"
    return frozenset() if hosted or "*" in events or events - _OLD else TRIGGERS - _OLD


def _checked(hook: RemoteHook, wish: HookWish, what: str) -> RemoteHook:
    if hook.url != wish.url or hook.triggers - wish.triggers or not hook.signed:
        raise TargetRefused(
            f"GitHub kept other settings for {what} than were sent: somebody changes it at the same"
            " time, or a proxy does; try again",
            code="mismatch",
        )
    return hook
