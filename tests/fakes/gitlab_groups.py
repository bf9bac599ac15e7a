"""The groups of the double of GitLab: those its projects are in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.gitlab_sender import Project


@dataclass
class Groups:
    """A group is held as a project: its hooks are the group's."""

    projects: dict[int, Project]
    unknown: set[str]
    held: dict[str, Project] = field(default_factory=dict)

    def find(self, name: str) -> Project | None:
        """By number or path."""
        for group in self.held.values():
            if name.lower() in {str(group.id), group.path.lower()}:
                return group
        above = {p.path.rpartition("/")[0] for p in self.projects.values() if p.visible}
        known = [part for whole in above for part in _parts_of(whole)]
        path = next((part for part in known if part.lower() == name.lower()), None)
        if path is None:
            return None
        self.held[path] = Project(id=len(self.held) + 701, path=path, unknown=self.unknown)
        return self.held[path]

    def shown(self, group: Project, url: str) -> dict[str, Any]:
        return {
            "id": group.id,
            "full_path": group.path,
            "web_url": f"{url}/groups/{group.path}",
            "visibility": "private",
        }

    def below(self, path: str, *, nested: bool) -> list[Project]:
        mine = path.lower()
        found = [
            project
            for project in self.projects.values()
            if project.visible
            and (
                project.path.rpartition("/")[0].lower() == mine
                or (nested and project.path.lower().startswith(f"{mine}/"))
            )
        ]
        return sorted(found, key=lambda one: one.path)


def _parts_of(path: str) -> list[str]:
    """`a/b/c` to `a`, `a/b`, `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
