"""Changing a sample's body by the names of rules' fields."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from bot.events.samples.bodies import label, person

Body = dict[str, Any]

_ATTRIBUTES: Final = "object_attributes"

#: Where each field is: the places that exist in a body are set.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "default_branch": ("project.default_branch",),
    "id": (f"{_ATTRIBUTES}.id", "build_id", "deployment_id"),
    "iid": (f"{_ATTRIBUTES}.iid", "merge_request.iid", "issue.iid"),
    "title": ("merge_request.title", "issue.title", f"{_ATTRIBUTES}.title"),
    "description": (f"{_ATTRIBUTES}.description", "description"),
    "source": (f"{_ATTRIBUTES}.source_branch", "merge_request.source_branch"),
    "target": (f"{_ATTRIBUTES}.target_branch", "merge_request.target_branch"),
    "state": (f"{_ATTRIBUTES}.state", "merge_request.state", "issue.state"),
    "draft": (f"{_ATTRIBUTES}.draft", "merge_request.draft"),
    "confidential": (f"{_ATTRIBUTES}.confidential",),
    "comment.text": (f"{_ATTRIBUTES}.note",),
    "url": (f"{_ATTRIBUTES}.url",),
    "sha": (f"{_ATTRIBUTES}.last_commit.id", f"{_ATTRIBUTES}.sha", "sha", "after"),
    "status": (f"{_ATTRIBUTES}.status", "build_status", "status"),
    "trigger": (f"{_ATTRIBUTES}.source",),
    "environment": ("environment",),
    "severity": (f"{_ATTRIBUTES}.severity",),
    "type": (f"{_ATTRIBUTES}.type",),
    "name": (f"{_ATTRIBUTES}.name", "build_name", "name"),
    "stage": ("build_stage",),
    "commit_count": ("total_commits_count",),
}
_VISIBILITY: Final = {"private": 0, "internal": 10, "public": 20}


def override(body: Body, header: str, values: Mapping[str, Any]) -> str:
    """Sets the fields in the body; the header that then fits. Raises KeyError, naming the field."""
    for name, value in values.items():
        special = _SPECIAL.get(name)
        if special is not None:
            special(body, value)
        elif name in _PLACES:
            _set(body, _PLACES[name], value)
        else:
            raise KeyError(name)
    if "project" in values:
        _move(body, str(values["project"]))
    if values.get("confidential") is True and header in {"Issue Hook", "Note Hook"}:
        return f"Confidential {header}"
    return header


def _set(body: Body, places: tuple[str, ...], value: Any) -> None:
    for place in places:
        *parents, last = place.split(".")
        inner: Any = body
        for parent in parents:
            inner = inner.get(parent) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and last in inner:
            inner[last] = value


def _move(body: Body, path: str) -> None:
    """The body is of that project now. Its id follows from the path, so that two projects of one
    test are two, and `shop/api` stays what it is in every other sample."""
    number = 15 if path == "shop/api" else zlib.crc32(path.encode())
    moved = _replaced(body, path)
    body.clear()
    body.update(moved)
    _set(body, ("project.id", "project_id", f"{_ATTRIBUTES}.project_id"), number)
    _set(body, (f"{_ATTRIBUTES}.target_project_id", f"{_ATTRIBUTES}.source_project_id"), number)


def _replaced(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value.replace("shop/api", path)
    if isinstance(value, list):
        return [_replaced(item, path) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, path) for key, item in value.items()}
    return value


def _branch(body: Body, value: Any) -> None:
    if str(body.get("ref", "")).startswith("refs/heads/"):
        body["ref"] = f"refs/heads/{value}"
        return
    places = (f"{_ATTRIBUTES}.ref", f"{_ATTRIBUTES}.target_branch", "merge_request.target_branch")
    _set(body, ("ref", *places), value)


def _tag(body: Body, value: Any) -> None:
    if str(body.get("ref", "")).startswith("refs/tags/"):
        body["ref"] = f"refs/tags/{value}"
    _set(body, ("tag",), value)


def _actor(body: Body, value: Any) -> None:
    who = person(str(value))
    _set(body, ("user",), who)
    _set(body, ("user_username",), who["username"])
    _set(body, ("user_name",), who["name"])
    _set(body, ("user_id",), who["id"])


def _author(body: Body, value: Any) -> None:
    """Bodies tell the author of a merge request by number only: of somebody who is named too."""
    who = person(str(value))
    _set(body, (f"{_ATTRIBUTES}.author_id",), who["id"])
    author = {"name": who["name"], "email": who["email"]}
    _set(body, ("commit.author",), author)
    for commit in body.get("commits", ()):
        commit["author"] = author


def _labels(body: Body, value: Any) -> None:
    titles = [value] if isinstance(value, str) else list(value)
    labels = [label(str(title), 400 + number) for number, title in enumerate(titles)]
    body["labels"] = labels
    change = body.get("changes", {}).get("labels")
    if change:
        change["current"] = labels


def _reviewers(body: Body, value: Any) -> None:
    names = [value] if isinstance(value, str) else list(value)
    body["reviewers"] = [person(str(name)) for name in names]
    change = body.get("changes", {}).get("reviewers")
    if change:
        change["current"] = body["reviewers"]


def _assignees(body: Body, value: Any) -> None:
    names = [value] if isinstance(value, str) else list(value)
    body["assignees"] = [person(str(name)) for name in names]


def _paths(body: Body, value: Any) -> None:
    """Of a push; those of a merge request only the API knows."""
    if not body.get("commits"):
        raise KeyError("paths")
    for commit in body["commits"]:
        commit |= {"added": [], "modified": [], "removed": []}
    body["commits"][0]["modified"] = [value] if isinstance(value, str) else list(value)


def _visibility(body: Body, value: Any) -> None:
    _set(body, ("project.visibility_level",), _VISIBILITY[str(value)])


def _at(body: Body, value: Any) -> None:
    moment = value.isoformat() if isinstance(value, datetime) else str(value)
    attributes = body.get(_ATTRIBUTES, {})
    for key in ("updated_at", "finished_at"):
        if attributes.get(key):
            attributes[key] = moment


def _default(_body: Body, _value: Any) -> None:
    """`project` is set last: other values may hold its old path."""


_SPECIAL: Final[Mapping[str, Callable[[Body, Any], None]]] = {
    "project": _default,
    "branch": _branch,
    "tag": _tag,
    "actor": _actor,
    "author": _author,
    "labels": _labels,
    "reviewers": _reviewers,
    "assignees": _assignees,
    "paths": _paths,
    "visibility": _visibility,
    "at": _at,
}
