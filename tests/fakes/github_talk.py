"""What a double of GitHub answers about a repository's contents: comments, files, workflows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from tests.fakes.github_sender import Home
from tests.fakes.gitlab_server import Refusal

NOT_FOUND: Final = {"message": "Not Found", "status": "404"}
_Query = Mapping[str, str]


@dataclass
class Contents:
    """`contents(home)` gives a repository's."""

    #: Pull requests and issues by number, as the API shows one of them.
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    #: By `issues/7` or `commits/<sha>`.
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: By `before...after`.
    compared: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: Answers by path, for what needs no state.
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    #: Workflows by file, each with the inputs it declares.
    workflows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    #: An older server does not tell which run it started.
    tells_runs: bool = True
    ids: Any = field(default_factory=lambda: count(70_001))

    def add_pull(self, number: int, **more: Any) -> dict[str, Any]:
        author = {"login": "carol", "id": 31, "type": "User"}
        self.issues[number] = {"number": number, "user": author, "milestone": None, "comments": 0}
        sizes = {"additions": 0, "deletions": 0, "changed_files": 0}
        self.pulls[number] = {"number": number, "user": author, **sizes, **more}
        return self.pulls[number]

    def set_files(self, number: int, files: list[dict[str, Any]]) -> None:
        self.files[number] = files
        self.pulls[number]["changed_files"] = len(files)


def contents(home: Home) -> Contents:
    if home.contents is None:
        home.contents = Contents()
    assert isinstance(home.contents, Contents)
    return home.contents


def answer(home: Home, method: str, path: str, query: _Query, body: Any) -> tuple[int, Any] | Any:
    held = contents(home)
    if method == "GET" and path in held.answers:
        status, found = held.answers[path]
        if status >= 400:
            raise Refusal(status, found)
        return found if isinstance(found, list) else (status, found)
    for verb, pattern, act in _ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match is not None:
            return act(held, *match.groups(), query=query, body=body)
    raise Refusal(404, NOT_FOUND)


def _one(held: Contents, kind: str, number: str, **_: Any) -> tuple[int, Any]:
    rows = held.issues if kind == "issues" else held.pulls
    if int(number) not in rows:
        raise Refusal(404, NOT_FOUND)
    shown = dict(rows[int(number)])
    if kind == "issues":
        shown["comments"] = len(held.comments.get(f"issues/{number}", []))
    return 200, shown


def _files(held: Contents, number: str, **_: Any) -> list[Any]:
    return held.files.get(int(number), [])


def _reviews(held: Contents, number: str, **_: Any) -> list[Any]:
    return held.reviews.get(int(number), [])


def _rules(_held: Contents, _branch: str, **_: Any) -> list[Any]:
    return []


def _protection(_held: Contents, _branch: str, **_: Any) -> tuple[int, Any]:
    raise Refusal(404, {"message": "Branch not protected", "status": "404"})


def _compare(held: Contents, names: str, **_: Any) -> tuple[int, Any]:
    if names not in held.compared:
        raise Refusal(404, NOT_FOUND)
    return 200, {"files": held.compared[names]}


def _listed(held: Contents, place: str, **_: Any) -> list[Any]:
    _check_place(held, place)
    return held.comments.get(place, [])


def _written(held: Contents, place: str, *, body: Any, **_: Any) -> tuple[int, Any]:
    _check_place(held, place)
    number = next(held.ids)
    made = {"id": number, "body": body["body"], "html_url": f"https://github.com/c/{number}"}
    held.comments.setdefault(place, []).append(made)
    return 201, made


def _edited(held: Contents, kind: str, number: str, *, body: Any, **_: Any) -> tuple[int, Any]:
    for place, rows in held.comments.items():
        for row in rows:
            if str(row["id"]) == number and place.startswith("issues") == (kind == "issues/"):
                row["body"] = body["body"]
                return 200, row
    raise Refusal(404, NOT_FOUND)


def _check_place(held: Contents, place: str) -> None:
    kind, _, ident = place.partition("/")
    if kind == "issues" and int(ident) not in held.issues:
        raise Refusal(404, NOT_FOUND)


def _workflows(held: Contents, **_: Any) -> tuple[int, Any]:
    rows = [{"path": f".github/workflows/{name}", "state": "active"} for name in held.workflows]
    return 200, {"total_count": len(rows), "workflows": rows}


def _dispatch(held: Contents, name: str, *, body: Any, **_: Any) -> tuple[int, Any]:
    if name not in held.workflows:
        raise Refusal(404, NOT_FOUND)
    if body["ref"] == "nowhere":
        raise Refusal(422, {"message": "No ref found for: nowhere", "status": "422"})
    tells = body.get("return_run_details")
    if tells and not held.tells_runs:
        text = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
        raise Refusal(422, {"message": text, "status": "422"})
    if set(body["inputs"]) - set(held.workflows[name]):
        text = f"Unexpected inputs provided: {sorted(body['inputs'])}"
        raise Refusal(422, {"message": text, "status": "422"})
    number = next(held.ids)
    run = {
        "id": number,
        "html_url": f"https://github.com/runs/{number}",
        "status": "queued",
        "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "inputs": body["inputs"],
        "head_branch": body["ref"],
        "event": "workflow_dispatch",
        "workflow": name,
    }
    held.runs.insert(0, run)
    if not tells:
        return 204, None
    return 200, {"workflow_run_id": number, "html_url": run["html_url"]}


def _runs(held: Contents, name: str, *, query: _Query, **_: Any) -> tuple[int, Any]:
    rows = [
        run
        for run in held.runs
        if (run["workflow"], run["event"]) == (name, query["event"])
        and run["head_branch"].removeprefix("refs/heads/") == query["branch"]
    ]
    return 200, {"total_count": len(rows), "workflow_runs": rows}


_ROUTES: Final[tuple[tuple[str, str, Callable[..., Any]], ...]] = (
    ("GET", r"(issues|pulls)/(\d+)", _one),
    ("GET", r"pulls/(\d+)/files", _files),
    ("GET", r"pulls/(\d+)/reviews", _reviews),
    ("GET", r"rules/branches/(.+)", _rules),
    ("GET", r"branches/(.+)/protection/required_pull_request_reviews", _protection),
    ("GET", r"compare/(.+)", _compare),
    ("GET", r"((?:issues|commits)/\w+)/comments", _listed),
    ("POST", r"((?:issues|commits)/\w+)/comments", _written),
    ("PATCH", r"(issues/|)comments/(\d+)", _edited),
    ("GET", r"actions/workflows", _workflows),
    ("POST", r"actions/workflows/([^/]+)/dispatches", _dispatch),
    ("GET", r"actions/workflows/([^/]+)/runs", _runs),
)


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
