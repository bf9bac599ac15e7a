"""Bodies of the invented project `shop/api`, as GitLab writes them; they tell one story."""

from __future__ import annotations

from typing import Any, Final

URL: Final = "https://gitlab.example.com/shop/api"
ZERO: Final = "0" * 40
#: Heads of main before and after the push, and of the merge request before and after its own.
MAIN: Final = (
    "4f1a7c2e9b0d3856fe4471c20b9a6d8e1357f024",
    "9c27d5b8e61f40a3d2857be0c4916fa83b70d1e5",
)
HEAD: Final = (
    "b83e5f10c7a94d26e8f1035d7c6b24a9f01e3d87",
    "e27f0a4d91b6c853f7204ea86d1b95c30f8a6d42",
)

Body = dict[str, Any]

_PEOPLE: Final[dict[str, tuple[int, str]]] = {
    "alice": (11, "Alice"),
    "bob": (12, "Bob"),
    "carol": (13, "Carol"),
}


def person(username: str) -> Body:
    number, name = _PEOPLE.get(username, (99, username))
    return {
        "id": number,
        "name": name,
        "username": username,
        "avatar_url": f"https://gitlab.example.com/uploads/-/system/user/avatar/{number}/avatar.png",
        "email": "[REDACTED]",
    }


def project() -> Body:
    return {
        "id": 15,
        "name": "api",
        "description": "What the shop's pages ask",
        "web_url": URL,
        "avatar_url": None,
        "git_ssh_url": "git@gitlab.example.com:shop/api.git",
        "git_http_url": f"{URL}.git",
        "namespace": "shop",
        "visibility_level": 0,
        "path_with_namespace": "shop/api",
        "default_branch": "main",
        "ci_config_path": "",
        "homepage": URL,
        "url": "git@gitlab.example.com:shop/api.git",
        "ssh_url": "git@gitlab.example.com:shop/api.git",
        "http_url": f"{URL}.git",
    }


def repository() -> Body:
    return {
        "name": "api",
        "url": "git@gitlab.example.com:shop/api.git",
        "description": "What the shop's pages ask",
        "homepage": URL,
        "git_http_url": f"{URL}.git",
        "git_ssh_url": "git@gitlab.example.com:shop/api.git",
        "visibility_level": 0,
    }


def label(title: str, number: int = 301) -> Body:
    return {
        "id": number,
        "title": title,
        "color": "#6699cc",
        "project_id": 15,
        "created_at": "2026-01-12 08:00:00 UTC",
        "updated_at": "2026-01-12 08:00:00 UTC",
        "template": False,
        "description": None,
        "type": "ProjectLabel",
        "group_id": None,
    }


def commit(sha: str, message: str, author: str = "alice", *paths: str) -> Body:
    return {
        "id": sha,
        "message": message,
        "title": message.partition("\n")[0],
        "timestamp": "2026-03-02T09:40:00+00:00",
        "url": f"{URL}/-/commit/{sha}",
        "author": {"name": person(author)["name"], "email": "[REDACTED]"},
        "added": [],
        "modified": list(paths),
        "removed": [],
    }


def push(*commits: Body, ref: str, before: str, after: str, user: str = "alice") -> Body:
    tag = ref.startswith("refs/tags/")
    word = "tag_push" if tag else "push"
    who = person(user)
    return {
        "object_kind": word,
        "event_name": word,
        "before": before,
        "after": after,
        "ref": ref,
        "ref_protected": ref == "refs/heads/main",
        "checkout_sha": None if after == ZERO else after,
        "message": None,
        "user_id": who["id"],
        "user_name": who["name"],
        "user_username": user,
        "user_email": "",
        "user_avatar": who["avatar_url"],
        "project_id": 15,
        "project": project(),
        "commits": list(commits),
        "total_commits_count": len(commits),
        "push_options": {},
        "repository": repository(),
    }


def main_push() -> Body:
    return push(
        commit(
            "7d90e3b5a1c84f62e0b79d3c15a8f64207be93d1",
            "Round prices half up\n\nAs the law wants it.",
            "alice",
            "price.py",
        ),
        commit(MAIN[1], "Log the reason of a refused payment", "bob", "pay/log.py"),
        ref="refs/heads/main",
        before=MAIN[0],
        after=MAIN[1],
    )


def _mr_attributes(head: int) -> Body:
    message = "Search in descriptions too" if head else "Search products by name"
    return {
        "id": 4107,
        "iid": 7,
        "title": "Add search to the product list",
        "description": "Customers ask for it every week.\n\nCloses #5",
        "source_branch": "search",
        "target_branch": "main",
        "source_project_id": 15,
        "target_project_id": 15,
        "author_id": 11,
        "assignee_ids": [],
        "reviewer_ids": [],
        "state": "opened",
        "state_id": 1,
        "draft": False,
        "work_in_progress": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable",
        "blocking_discussions_resolved": True,
        "milestone_id": None,
        "created_at": "2026-03-02 09:30:00 UTC",
        "updated_at": "2026-03-02 09:30:00 UTC",
        "url": f"{URL}/-/merge_requests/7",
        "source": project(),
        "target": project(),
        "last_commit": commit(HEAD[head], message),
        "labels": [],
    }


def mr(action: str, user: str = "alice", *, head: int = 0, **changes: Any) -> Body:
    """`diff`: what changed, as (previous, current); `attributes` and the rest are merged in."""
    attributes = {**_mr_attributes(head), "action": action, **changes.pop("attributes", {})}
    body = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": person(user),
        "project": project(),
        "object_attributes": attributes,
        "labels": [],
        "changes": {
            key: {"previous": previous, "current": current}
            for key, (previous, current) in changes.pop("diff", {}).items()
        },
        "repository": repository(),
    }
    return {**body, **changes}


def _issue_attributes() -> Body:
    return {
        "id": 2203,
        "iid": 5,
        "type": "Issue",
        "title": "Search finds nothing for names with accents",
        "description": "Typing `cafe` should find `Café`.",
        "author_id": 12,
        "assignee_ids": [],
        "project_id": 15,
        "state": "opened",
        "state_id": 1,
        "confidential": False,
        "severity": "unknown",
        "created_at": "2026-03-02 09:10:00 UTC",
        "updated_at": "2026-03-02 09:10:00 UTC",
        "url": f"{URL}/-/issues/5",
        "labels": [],
    }


def issue(action: str, user: str = "bob", **changes: Any) -> Body:
    """As `mr`."""
    attributes = {**_issue_attributes(), "action": action, **changes.pop("attributes", {})}
    body = {
        "object_kind": "issue",
        "event_type": "issue",
        "user": person(user),
        "project": project(),
        "object_attributes": attributes,
        "labels": [],
        "changes": {
            key: {"previous": previous, "current": current}
            for key, (previous, current) in changes.pop("diff", {}).items()
        },
        "repository": repository(),
    }
    return {**body, **changes}


def note(kind: str, words: str, on: str, user: str = "bob", **rest: Any) -> Body:
    """A comment. `on`: address of what it is on, below the project's."""
    attributes = {
        "id": 6501,
        "note": words,
        "description": words,
        "noteable_type": kind,
        "noteable_id": 4107,
        "author_id": person(user)["id"],
        "project_id": 15,
        "system": False,
        "internal": False,
        "action": "create",
        "created_at": "2026-03-02 09:50:00 UTC",
        "updated_at": "2026-03-02 09:50:00 UTC",
        "url": f"{URL}{on}#note_6501",
        **rest.pop("attributes", {}),
    }
    return {
        "object_kind": "note",
        "event_type": "note",
        "user": person(user),
        "project_id": 15,
        "project": project(),
        "object_attributes": attributes,
        "repository": repository(),
        **rest,
    }


def noted_mr() -> Body:
    return _mr_attributes(0)


def noted_issue() -> Body:
    return _issue_attributes()
