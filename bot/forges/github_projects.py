"""GitHub's repositories and their owners, and what is open in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.errors import ContentRefused
from bot.forges.github_client import GithubClient
from bot.forges.github_places import GROUP, named, place
from bot.model import Project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.forges.github_client import Api
    from bot.model import Json

#: A pull request older than the newest this many is not worth a card of its own.
OPEN_LIMIT: Final = 100
_PATH: Final = re.compile(r"[\w-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)
_OWNER: Final = re.compile(r"[\w-]+", re.ASCII)


class GithubProjects(GithubClient):
    """The part of ForgeAdmin about repositories and their owners."""

    async def project(self, path: str) -> Project:
        """By its path, or by its number."""
        known = path.isascii() and path.isdecimal()
        if not known and not _PATH.fullmatch(path):
            raise ContentRefused(
                f"{path} is no repository of GitHub's: write `owner/repository`.", code="path"
            )
        what = self.attempt(f"repository {path}", writes=False)
        at = place(path) if known else f"/repos/{path}"
        return await self.read(what, lambda api: api.getitem(at, None), project_of)

    async def group(self, path: str) -> Project:
        """An organization; its id goes wherever a hook's repository does."""
        _check_owner(path)
        what = self.attempt(f"organization {path}", writes=False, role="owner")
        return await self.read(what, lambda api: api.getitem(f"/orgs/{path}", None), _owner)

    async def projects(self, group: str, *, nested: bool) -> tuple[Project, ...]:  # noqa: ARG002 - owners have no groups below
        _check_owner(group)
        what = self.attempt(f"owner {group}", writes=False)

        async def read(api: Api) -> list[Any]:
            owner = await api.getitem(f"/users/{group}", None)
            return await api.pages(await _listing(api, owner))

        return await self.read(what, read, _living)

    async def open_mrs(self, project_id: str) -> tuple[Json, ...]:
        what = self.attempt(f"the pull requests of {named(project_id)}", writes=False)
        path = place(project_id)

        async def read(api: Api) -> tuple[Any, list[Any]]:
            newest = f"{path}/pulls?state=open&sort=created&direction=desc"
            repository = await api.getitem(path, None)
            return repository, await api.pages(newest, limit=OPEN_LIMIT)

        return await self.read(
            what, read, lambda both: tuple(_opening(row, both[0]) for row in reversed(both[1]))
        )


async def _listing(api: Api, owner: Mapping[str, Any]) -> str:
    login = str(owner["login"])
    if owner.get("type") == "Organization":
        return f"/orgs/{login}/repos?type=all&sort=full_name"
    who = await api.getitem("/user", None)
    if str(who.get("login")) == login:
        # The public list would leave out what is private.
        return "/user/repos?affiliation=owner&sort=full_name"
    return f"/users/{login}/repos?type=owner&sort=full_name"


def _check_owner(name: str) -> None:
    if not _OWNER.fullmatch(name):
        raise ContentRefused(
            f"{name} is no organization or user of GitHub's: there are no groups below an owner.",
            code="path",
        )


def _owner(found: Mapping[str, Any]) -> Project:
    url = str(found.get("html_url") or "")
    return Project(id=f"{GROUP}{found['id']}", path=str(found["login"]), url=url)


def _living(rows: Sequence[Mapping[str, Any]]) -> tuple[Project, ...]:
    kept = [row for row in rows if not row.get("archived") and not row.get("disabled")]
    return tuple(sorted(map(project_of, kept), key=lambda one: one.path.casefold()))


def project_of(found: Mapping[str, Any]) -> Project:
    return Project(
        id=str(found["id"]),
        path=str(found["full_name"]),
        url=str(found.get("html_url") or ""),
        default_branch=str(found.get("default_branch") or ""),
        visibility=str(
            found.get("visibility") or ("private" if found.get("private") else "public")
        ),
    )


def _opening(row: Mapping[str, Any], repository: Mapping[str, Any]) -> Json:
    """A pull request of the API as the body of the delivery that told of its opening."""
    return {
        "action": "opened",
        "number": row["number"],
        "pull_request": row,
        "repository": repository,
        "sender": row.get("user"),
    }
