"""Where hooks are: a project's number, or a group's with a mark before it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

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
