"""Who is who at GitLab, and what they may do on a project."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from bot.errors import TargetRefused
from bot.events.gitlab import is_bot
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.gitlab_places import GROUP, identified, place
from bot.message import one_line
from bot.model import Person
from bot.outside import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The least access level of each right. Source: GitLab docs, "Members API > Roles" (read 2026-11).
_LEVELS: Final = (
    (50, Right.OWN),
    (40, Right.MANAGE),
    (30, Right.WRITE),
    (10, Right.READ),
)
_LONGEST: Final = 500


class GitlabMembers(GitlabClient):
    """The part of ForgeAdmin about people."""

    async def person(self, username: str) -> Person | None:
        found = await self._user(username)
        if found is None:
            return None
        name = str(found["username"])
        return Person(
            username=name,
            name=str(found.get("name") or ""),
            id=str(found["id"]),
            bot=found.get("bot") is True or is_bot(name),
        )

    async def right(self, project_id: str, username: str) -> Right:
        user = await self._user(username)
        if user is None or user.get("state", "active") != "active":
            return Right.NONE
        attempt = self.attempt(f"the members of project {project_id}", writes=False)
        path = f"{place(project_id)}/members/all/{user['id']}"
        try:
            found = await self.read(attempt, lambda gl: gl.http_get(path, **NO_WAITING), _right)
        except TargetRefused as error:
            if error.code != "404" or re.search(r"404 (project|group)", str(error), re.IGNORECASE):
                raise
            return Right.NONE
        # Hooks of groups are their owners' alone.
        of_group = project_id.startswith(GROUP)
        return Right.WRITE if of_group and found is Right.MANAGE else found

    async def says(self, username: str) -> str:
        user = await self._user(username)
        if user is None:
            return ""
        attempt = self.attempt(f"the profile of {username}", writes=False)
        base = f"/users/{user['id']}"
        profile = await self.read(attempt, lambda gl: gl.http_get(base, **NO_WAITING), _fields)
        status = await self.read(
            attempt, lambda gl: gl.http_get(f"{base}/status", **NO_WAITING), _fields
        )
        shown = (status.get("message"), profile.get("bio"), profile.get("job_title"))
        return one_line(" ".join(str(part) for part in shown if part))[:_LONGEST]

    async def _user(self, username: str) -> Mapping[str, Any] | None:
        """GitLab compares names without regard to case, and so do we."""
        attempt = self.attempt(f"user {username}", writes=False)
        rows = await self.read(
            attempt,
            lambda gl: gl.http_get("/users", {"username": username}, **NO_WAITING),
            lambda found: [identified(row) for row in found],
        )
        for row in rows:
            if str(row.get("username") or "").casefold() == username.casefold():
                return row
        return None


def _fields(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(found)


def _right(member: Mapping[str, Any]) -> Right:
    """NONE when the account is blocked, or the membership waits or is over."""
    states = (member.get("state", "active"), member.get("membership_state", "active"))
    if states != ("active", "active") or _over(member.get("expires_at")):
        return Right.NONE
    level = member.get("access_level")
    if not isinstance(level, int):
        return Right.NONE
    return next((right for least, right in _LEVELS if level >= least), Right.NONE)


def _over(expires_at: object) -> bool:
    """GitLab ends a membership with the beginning of its day."""
    if not isinstance(expires_at, str) or not expires_at:
        return False
    try:
        return date.fromisoformat(expires_at[:10]) <= datetime.now(UTC).date()
    except ValueError:
        return True
