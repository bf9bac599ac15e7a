"""What a double of GitHub answers about a repository's contents: comments, files, workflows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github_sender import Home
from tests.fakes.gitlab_server import Refusal


def push(home: Home, page: str) -> dict[str, Any]:
    """A push that looks real."""
    before, after = "1" * 40, "2" * 40
    alice = {"name": "Alice", "email": "alice@example.com", "username": "alice"}
    commit = {
        "id": after,
        "message": "Sell more",
        "url": f"{page}/{home.path}/commit/{after}",
        "timestamp": "2026-11-20T10:00:00Z",
        "author": alice,
        "committer": alice,
        "added": [],
        "removed": [],
        "modified": ["shop.py"],
    }
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": f"{page}/{home.path}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "repository": home.shown(page),
        "pusher": {"name": "alice", "email": "alice@example.com"},
        "sender": {"login": "alice", "id": 11, "type": "User", "html_url": f"{page}/alice"},
    }


def answer(
    home: Home, method: str, path: str, query: Mapping[str, str], body: Any
) -> tuple[int, Any]:
    raise Refusal(404, {"message": "Not Found", "status": "404"})
