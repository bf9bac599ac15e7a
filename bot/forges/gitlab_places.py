"""Where hooks are: a project's number, or a group's with a mark before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Before the number of a group, where a project's number could stand.
GROUP: Final = "group-"


def place(project_id: str) -> str:
    """The API's path of a project, or of a group."""
    if project_id.startswith(GROUP):
        return f"/groups/{quote(project_id.removeprefix(GROUP), safe='')}"
    return f"/projects/{quote(project_id, safe='')}"


def named(project_id: str) -> str:
    """For texts: `project 101`, `group 12`."""
    if project_id.startswith(GROUP):
        return f"group {project_id.removeprefix(GROUP)}"
    return f"project {project_id}"


def id_of(found: Mapping[str, Any]) -> str:
    return str(found["id"])


def identified(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """As it is, if it has an id: else it is none of GitLab's things."""
    id_of(found)
    return found
