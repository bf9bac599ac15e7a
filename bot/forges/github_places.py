"""Where hooks are: a repository's number, or an organization's with a mark before it.

The API's paths by number are in GitHub's own links from page to page; they outlive every rename,
and so nothing that is written is ever answered by a redirect.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

#: Before the number of an organization, where a repository's number could stand.
GROUP: Final = "group-"


def place(project_id: str) -> str:
    """The API's path of a repository, or of an organization."""
    if project_id.startswith(GROUP):
        return f"/organizations/{quote(project_id.removeprefix(GROUP), safe='')}"
    return f"/repositories/{quote(project_id, safe='')}"


def named(project_id: str) -> str:
    """For texts: `repository 101`, `organization 12`."""
    if project_id.startswith(GROUP):
        return f"organization {project_id.removeprefix(GROUP)}"
    return f"repository {project_id}"


def hook_place(project_id: str, hook_id: str) -> str:
    return f"{place(project_id)}/hooks/{quote(hook_id, safe='')}"
