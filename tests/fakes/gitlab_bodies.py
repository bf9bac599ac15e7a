"""Bodies as GitLab sends them, of invented projects and people."""

from __future__ import annotations

from typing import Any, Final

ZEROS: Final = "0" * 40


def project_object(project_id: int, path: str, base_url: str) -> dict[str, Any]:
    group, _, name = path.rpartition("/")
    url = f"{base_url}/{path}"
    return {
        "id": project_id,
        "name": name,
        "description": "",
        "web_url": url,
        "avatar_url": None,
        "git_ssh_url": f"git@gitlab.example.com:{path}.git",
        "git_http_url": f"{url}.git",
        "namespace": group,
        "visibility_level": 0,
        "path_with_namespace": path,
        "default_branch": "main",
        "ci_config_path": "",
        "homepage": url,
        "url": f"git@gitlab.example.com:{path}.git",
        "ssh_url": f"git@gitlab.example.com:{path}.git",
        "http_url": f"{url}.git",
    }


def push(
    project_id: int,
    path: str,
    base_url: str,
    *,
    branch: str = "main",
    titles: tuple[str, ...] = ("Add a readme",),
    before: str = "1" * 40,
) -> dict[str, Any]:
    """A push by alice; the test call sends nothing else, and nothing tells them apart."""
    commits = [_commit(path, base_url, number, title) for number, title in enumerate(titles, 2)]
    after = commits[-1]["id"] if commits else before
    project = project_object(project_id, path, base_url)
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": before,
        "after": after,
        "ref": f"refs/heads/{branch}",
        "ref_protected": True,
        "checkout_sha": after,
        "message": None,
        "user_id": 1,
        "user_name": "Alice",
        "user_username": "alice",
        "user_email": "",
        "user_avatar": None,
        "project_id": project_id,
        "project": project,
        "commits": commits[-20:],
        "total_commits_count": len(commits),
        "push_options": {},
        "repository": {
            "name": project["name"],
            "url": project["url"],
            "description": "",
            "homepage": project["homepage"],
            "git_http_url": project["git_http_url"],
            "git_ssh_url": project["git_ssh_url"],
            "visibility_level": 0,
        },
    }


def _commit(path: str, base_url: str, number: int, title: str) -> dict[str, Any]:
    sha = f"{number:040x}"
    return {
        "id": sha,
        "message": f"{title}\n",
        "title": title,
        "timestamp": "2026-11-20T10:00:00+00:00",
        "url": f"{base_url}/{path}/-/commit/{sha}",
        "author": {"name": "Alice", "email": "[REDACTED]"},
        "added": ["README.md"],
        "modified": [],
        "removed": [],
    }
