"""GitLab's projects and groups, and what is open in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import TargetRefused
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.gitlab_places import GROUP, identified, place
from bot.model import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Json

#: A merge request older than the newest this many is not worth a card of its own.
OPEN_LIMIT: Final = 100
_PAGE: Final = 100
_LEVELS: Final = {"private": 0, "internal": 10, "public": 20}


class GitlabProjects(GitlabClient):
    """The part of ForgeAdmin about projects and groups."""

    async def project(self, path: str) -> Project:
        attempt = self.attempt(f"project {path}", writes=False)
        return await self.read(
            attempt,
            lambda gl: gl.projects.get(path, **NO_WAITING),
            lambda found: _project(found.attributes),
        )

    async def group(self, path: str) -> Project:
        """Its id goes wherever a hook's project does."""
        attempt = self.attempt(f"group {path}", writes=False, role="Owner")
        found = await self.read(
            attempt,
            lambda gl: gl.http_get(
                f"/groups/{quote(path, safe='')}", {"with_projects": "false"}, **NO_WAITING
            ),
            identified,
        )
        return Project(
            id=f"{GROUP}{found['id']}",
            path=str(found.get("full_path") or path),
            url=str(found.get("web_url") or ""),
            visibility=str(found.get("visibility") or ""),
        )

    async def projects(self, group: str, *, nested: bool) -> tuple[Project, ...]:
        query = {
            "archived": "false",
            "simple": "true",
            "order_by": "path",
            "sort": "asc",
        }
        below = {"include_subgroups": "true" if nested else "false", "with_shared": "false"}
        quoted = quote(group, safe="")
        try:
            return await self._listed(group, f"/groups/{quoted}/projects", {**query, **below})
        except TargetRefused as error:
            if error.code != "404" or "/" in group:
                raise
            # No group: perhaps a person's own namespace.
            return await self._listed(group, f"/users/{quoted}/projects", query)

    async def open_mrs(self, project_id: str) -> tuple[Json, ...]:
        path = place(project_id)
        attempt = self.attempt(f"the merge requests of project {project_id}", writes=False)
        project = await self.read(attempt, lambda gl: gl.http_get(path, **NO_WAITING), identified)
        return await self.read(
            attempt,
            lambda gl: gl.http_get(
                f"{path}/merge_requests",
                {"state": "opened", "order_by": "created_at", "per_page": OPEN_LIMIT},
                **NO_WAITING,
            ),
            lambda found: tuple(_opening(row, project) for row in reversed(found)),
        )

    async def _listed(self, group: str, path: str, query: Mapping[str, str]) -> tuple[Project, ...]:
        attempt = self.attempt(f"group {group}", writes=False)
        return await self.read(
            attempt,
            lambda gl: gl.http_list(
                path, {**query, "per_page": str(_PAGE)}, get_all=True, **NO_WAITING
            ),
            lambda found: tuple(_project(row) for row in found),
        )


def _project(found: Mapping[str, Any]) -> Project:
    return Project(
        id=str(found["id"]),
        path=str(found["path_with_namespace"]),
        url=str(found.get("web_url") or ""),
        default_branch=str(found.get("default_branch") or ""),
        visibility=str(found.get("visibility") or ""),
    )


def _opening(row: Mapping[str, Any], project: Mapping[str, Any]) -> Json:
    """A merge request of the API as the body of the delivery that told of its opening."""
    author = row.get("author") or {}
    attributes = {
        **{name: row.get(name) for name in _SAME},
        "url": row.get("web_url"),
        "author_id": author.get("id"),
        "last_commit": {"id": row["sha"]} if row.get("sha") else None,
        "blocking_discussions_resolved": row.get("blocking_discussions_resolved"),
        "action": "open",
    }
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": author,
        "project": _shown(project),
        "object_attributes": attributes,
        "labels": [{"title": title} for title in row.get("labels") or ()],
        "assignees": row.get("assignees") or [],
        "reviewers": row.get("reviewers") or [],
        "changes": {},
    }


_SAME: Final = (
    *("id", "iid", "title", "description", "state", "draft", "source_branch", "target_branch"),
    *("source_project_id", "target_project_id", "merge_status", "detailed_merge_status"),
    *("created_at", "updated_at"),
)


def _shown(project: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": project["id"],
        "name": project.get("name"),
        "path_with_namespace": project["path_with_namespace"],
        "web_url": project.get("web_url"),
        "default_branch": project.get("default_branch"),
        "visibility_level": _LEVELS.get(str(project.get("visibility") or ""), 0),
    }
