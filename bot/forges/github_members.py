"""Who is who at GitHub, and what they may do on a repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import CallError, TargetRefused
from bot.forges.github_client import GithubClient
from bot.forges.github_places import GROUP, named, place
from bot.message import one_line
from bot.model import Person
from bot.outside import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.forges.github_client import Api

_RIGHTS: Final = {"admin": Right.MANAGE, "write": Right.WRITE, "read": Right.READ}
_LONGEST: Final = 500
_LOGIN: Final = re.compile(r"[A-Za-z0-9_-]{1,100}(\[bot\])?", re.ASCII)
_STATUS: Final = "query($login: String!) { user(login: $login) { status { message } } }"
#: What of a profile its owner writes.
_WRITTEN: Final = ("name", "bio", "company", "location", "blog")


class GithubMembers(GithubClient):
    """The part of ForgeAdmin about people."""

    async def person(self, username: str) -> Person | None:
        found = await self._user(username)
        if found is None:
            return None
        return Person(
            username=str(found["login"]),
            name=str(found.get("name") or ""),
            id=str(found["id"]),
            bot=found.get("type") == "Bot",
        )

    async def right(self, project_id: str, username: str) -> Right:
        user = await self._user(username)
        if user is None or user.get("suspended_at"):
            return Right.NONE
        if project_id.startswith(GROUP):
            return await self._membership(project_id, str(user["login"]))
        what = self.attempt(f"the collaborators of {named(project_id)}", writes=False)
        path = f"{place(project_id)}/collaborators/{quote(str(user['login']), safe='')}/permission"
        told = await self.read(
            what, lambda api: api.getitem(path, None), lambda found: found.get("permission")
        )
        return _RIGHTS.get(str(told), Right.NONE)

    async def says(self, username: str) -> str:
        user = await self._user(username)
        if user is None:
            return ""
        shown = [str(user[part]) for part in _WRITTEN if user.get(part)]
        return one_line(" ".join((await self._status(str(user["login"])), *shown)))[:_LONGEST]

    async def _status(self, login: str) -> str:
        """REST does not tell it. Empty where it cannot be asked for: the profile is enough."""
        what = self.attempt(f"the status of {login}", writes=False)
        endpoint = f"{self.url.removesuffix('/v3')}/graphql"
        asked = {"query": _STATUS, "variables": {"login": login}}
        try:
            found: Any = await self.call(what, lambda api: api.post(endpoint, None, data=asked))
        except CallError:
            return ""
        data = found.get("data") if isinstance(found, dict) else None
        status = ((data or {}).get("user") or {}).get("status") or {}
        return str(status.get("message") or "")

    async def _membership(self, project_id: str, login: str) -> Right:
        what = self.attempt(f"the members of {named(project_id)}", writes=False, scope="`read:org`")

        async def ask(api: Api) -> Any:  # GitHub's JSON
            owner = await api.getitem(place(project_id), None)
            member = quote(login, safe="")
            return await api.getitem(f"/orgs/{owner['login']}/memberships/{member}", None)

        try:
            found = await self.read(what, ask, lambda found: dict(found))
        except TargetRefused as error:
            if error.code != "404":
                raise
            return Right.NONE
        if found.get("state") != "active":
            return Right.NONE
        return Right.OWN if found.get("role") == "admin" else Right.READ

    async def _user(self, username: str) -> Mapping[str, Any] | None:
        """Everybody may see everybody, so here a 404 says that there is none."""
        if not _LOGIN.fullmatch(username):
            return None
        what = self.attempt(f"user {username}", writes=False)
        path = f"/users/{quote(username, safe='')}"
        try:
            return await self.read(what, lambda api: api.getitem(path, None), _named)
        except TargetRefused as error:
            if error.code != "404":
                raise
            return None


def _named(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it is, if it has a name: else it is nobody of GitHub's."""
    str(found["login"])
    return found
