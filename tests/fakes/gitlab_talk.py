"""What the double of GitLab holds beside hooks: merge requests, issues, notes, pipelines, members.

Stricter than the real one: an argument it does not know is refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.fakes.gitlab_sender import Project

DEVELOPER: Final = 30
_IDS: Final = itertools.count(7001)
_NOTE: Final = frozenset({"body", "internal", "confidential", "created_at"})
_LISTED: Final = frozenset({"page", "per_page", "order_by", "sort"})


class Refused(Exception):
    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


@dataclass
class Contents:
    """Of one project."""

    branches: set[str] = field(default_factory=lambda: {"main", "search"})
    merge_requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: Files of a merge request's difference, by its number.
    diffs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    #: The same without GitLab's limits, and whether even that is cut.
    raw: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    overflow: bool = False
    approved_by: dict[int, list[str]] = field(default_factory=dict)
    #: Discussions of a merge request, by its number.
    threads: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    #: Access level and state by user id, inherited ones included.
    members: dict[int, tuple[int, str]] = field(default_factory=dict)
    compared: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    #: By place: `merge_requests/7`, `issues/3`, `repository/commits/<sha>`.
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    #: Variables are refused, as a project may want it.
    plain_pipelines: bool = False

    def add_merge_request(self, iid: int, **values: Any) -> None:
        author = {"id": 31, "username": "carol", "name": "Carol"}
        self.merge_requests[iid] = {
            "iid": iid,
            "author": author,
            "milestone": None,
            "changes_count": "0",
            **values,
        }

    def set_files(self, iid: int, files: list[dict[str, Any]], count: str | None = None) -> None:
        self.diffs[iid] = files
        self.merge_requests[iid]["changes_count"] = count or str(len(files))


def file(path: str, diff: str = "", **values: Any) -> dict[str, Any]:
    return {
        "old_path": path,
        "new_path": path,
        "diff": diff,
        "collapsed": False,
        "too_large": False,
        **values,
    }


def thread(*, resolved: bool | None = False, **values: Any) -> dict[str, Any]:
    """A discussion of one note; `resolved` None for what cannot be resolved."""
    number = next(_IDS)
    note = {"id": number, "system": False, "internal": False, "resolvable": resolved is not None}
    state = {} if resolved is None else {"resolved": resolved}
    alone = resolved is None
    return {
        "id": f"{number:040x}",
        "individual_note": alone,
        "notes": [{**note, **state, "type": None if alone else "DiscussionNote", **values}],
    }


def contents(project: Project) -> Contents:
    """Made when first asked for."""
    found = project.contents
    if not isinstance(found, Contents):
        found = project.contents = Contents()
    return found


def answer(
    project: Project, method: str, path: str, query: Mapping[str, str], body: Any, url: str
) -> tuple[int, Any] | list[Any]:
    """(status, body), or a list that the server cuts into pages."""
    for verb, pattern, known, act in _ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match is not None:
            strange = {*query, *(body or {})} - known
            if strange:
                raise Refused(400, {"error": f"{', '.join(sorted(strange))} is unknown"})
            return act(_Asked(contents(project), project, match.groups(), query, body or {}, url))
    raise Refused(404, {"error": "404 Not Found"})


@dataclass
class _Asked:
    held: Contents
    project: Project
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    url: str

    def thing(self) -> dict[str, Any]:
        kind, iid = self.parts[0], int(self.parts[1])
        held = self.held.merge_requests if kind == "merge_requests" else self.held.issues
        if iid not in held:
            raise Refused(404, {"message": "404 Not found"})
        return held[iid]

    def place(self) -> list[dict[str, Any]]:
        if self.parts[0] != "repository/commits":
            self.thing()
        return self.held.notes.setdefault("/".join(self.parts[:2]), [])


def _shown(asked: _Asked) -> tuple[int, Any]:
    return 200, asked.thing()


def _open(asked: _Asked) -> list[Any]:
    opened = [
        {
            "id": 4000 + iid,
            "title": f"Change {iid}",
            "state": "opened",
            "draft": False,
            "source_branch": f"change-{iid}",
            "target_branch": "main",
            "source_project_id": asked.project.id,
            "target_project_id": asked.project.id,
            "sha": f"{iid:040x}",
            "labels": [],
            "assignees": [],
            "reviewers": [],
            "web_url": f"{asked.url}/{asked.project.path}/-/merge_requests/{iid}",
            **held,
        }
        for iid, held in asked.held.merge_requests.items()
    ]
    wanted = asked.query.get("state", "all")
    return [one for one in reversed(opened) if wanted in {"all", one["state"]}]


def _diffs(asked: _Asked) -> list[Any]:
    asked.thing()
    return asked.held.diffs.get(int(asked.parts[1]), [])


def _changes(asked: _Asked) -> tuple[int, Any]:
    iid = int(asked.parts[1])
    raw = asked.query.get("access_raw_diffs") == "true"
    files = asked.held.raw.get(iid, []) if raw else asked.held.diffs.get(iid, [])
    return 200, {**asked.thing(), "changes": files, "overflow": asked.held.overflow}


def _approvals(asked: _Asked) -> tuple[int, Any]:
    asked.thing()
    names = asked.held.approved_by.get(int(asked.parts[1]), [])
    approved = [{"user": {"username": name}} for name in names]
    return 200, {"approved_by": approved, "approvals_required": 2}


def _member(asked: _Asked) -> tuple[int, Any]:
    found = asked.held.members.get(int(asked.parts[0]))
    if found is None:
        raise Refused(404, {"message": "404 Not found"})
    return 200, {"id": int(asked.parts[0]), "access_level": found[0], "state": found[1]}


def _compare(asked: _Asked) -> tuple[int, Any]:
    key = asked.query.get("from", ""), asked.query.get("to", "")
    if key not in asked.held.compared:
        raise Refused(404, {"message": "404 Ref Not Found"})
    return 200, {"diffs": [], "compare_timeout": False, **asked.held.compared[key]}


def _notes(asked: _Asked) -> list[Any]:
    newest_first = asked.query.get("sort", "desc") == "desc"
    return asked.place()[::-1] if newest_first else asked.place()


def _threads(asked: _Asked) -> list[Any]:
    asked.thing()
    return asked.held.threads.get(int(asked.parts[1]), [])


def _write(asked: _Asked) -> tuple[int, Any]:
    if asked.project.access < DEVELOPER:
        raise Refused(403, {"message": "403 Forbidden"})
    if not str(asked.body.get("body") or "").strip():
        raise Refused(400, {"message": {"note": ["can't be blank"]}})
    note = {"id": next(_IDS), "internal": False, **asked.body}
    asked.place().append(note)
    return 201, note


def _rewrite(asked: _Asked) -> tuple[int, Any]:
    for note in asked.place():
        if note["id"] == int(asked.parts[2]):
            note["body"] = asked.body["body"]
            return 200, note
    raise Refused(404, {"message": "404 Not found"})


def _discuss(asked: _Asked) -> tuple[int, Any]:
    note = {"id": next(_IDS), **asked.body}
    discussion = {"id": f"{note['id']:040x}", "notes": [note]}
    asked.place().append(discussion)
    return 201, discussion


def _reword(asked: _Asked) -> tuple[int, Any]:
    for discussion in asked.place():
        for note in discussion["notes"]:
            if discussion["id"] == asked.parts[2] and note["id"] == int(asked.parts[3]):
                note["body"] = asked.body["body"]
                return 200, note
    raise Refused(404, {"message": "404 Not found"})


def _start(asked: _Asked) -> tuple[int, Any]:
    ref, variables = asked.body.get("ref"), asked.body.get("variables") or []
    if ref not in asked.held.branches:
        raise Refused(400, {"message": {"base": ["Reference not found"]}})
    if variables and asked.held.plain_pipelines:
        text = "Insufficient permissions to set pipeline variables"
        raise Refused(400, {"message": {"base": [text]}})
    if any(set(each) - {"key", "value", "variable_type"} for each in variables):
        raise Refused(400, {"error": "variables is invalid"})
    number = next(_IDS)
    pipeline = {
        "id": number,
        "ref": ref,
        "source": "api",
        "status": "created",
        "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "web_url": f"{asked.url}/{asked.project.path}/-/pipelines/{number}",
    }
    asked.held.pipelines.append({**pipeline, "variables": variables})
    return 201, pipeline


def _pipelines(asked: _Asked) -> list[Any]:
    wanted = {"ref": asked.query.get("ref"), "source": asked.query.get("source")}
    return [
        {name: value for name, value in each.items() if name != "variables"}
        for each in reversed(asked.held.pipelines)
        if all(value in {None, each[name]} for name, value in wanted.items())
    ]


def _variables(asked: _Asked) -> list[Any]:
    for each in asked.held.pipelines:
        if each["id"] == int(asked.parts[0]):
            return [{"variable_type": "env_var", **one} for one in each["variables"]]
    raise Refused(404, {"message": "404 Not found"})


_Act = Callable[[_Asked], tuple[int, Any] | list[Any]]
_THING: Final = r"(merge_requests|issues)/(\d+)"
_COMMIT: Final = r"(repository/commits)/([0-9a-f]+)"
_ROUTES: Final[tuple[tuple[str, str, frozenset[str], _Act], ...]] = (
    ("GET", r"merge_requests", _LISTED | {"state"}, _open),
    ("GET", _THING, frozenset(), _shown),
    ("GET", r"(merge_requests)/(\d+)/diffs", frozenset({"page", "per_page"}), _diffs),
    ("GET", r"(merge_requests)/(\d+)/changes", frozenset({"access_raw_diffs"}), _changes),
    ("GET", r"(merge_requests)/(\d+)/approvals", frozenset(), _approvals),
    ("GET", r"members/all/(\d+)", frozenset(), _member),
    ("GET", r"repository/compare", frozenset({"from", "to", "straight"}), _compare),
    ("GET", rf"{_THING}/notes", _LISTED, _notes),
    ("POST", rf"{_THING}/notes", _NOTE, _write),
    ("PUT", rf"{_THING}/notes/(\d+)", frozenset({"body"}), _rewrite),
    ("GET", r"(merge_requests)/(\d+)/discussions", frozenset({"page", "per_page"}), _threads),
    ("GET", rf"{_COMMIT}/discussions", frozenset({"page", "per_page"}), _notes),
    ("POST", rf"{_COMMIT}/discussions", frozenset({"body"}), _discuss),
    ("PUT", rf"{_COMMIT}/discussions/([0-9a-f]+)/notes/(\d+)", frozenset({"body"}), _reword),
    ("POST", r"pipeline", frozenset({"ref", "variables"}), _start),
    ("GET", r"pipelines", _LISTED | {"ref", "source", "username"}, _pipelines),
    ("GET", r"pipelines/(\d+)/variables", frozenset(), _variables),
)
