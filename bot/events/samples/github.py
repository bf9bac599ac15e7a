"""Samples of what only GitHub tells, and changing them by the names of rules' fields."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

Body = dict[str, Any]

URL: Final = "https://github.com/shop/api"
_IDS: Final = {"alice": 11, "bob": 12, "carol": 13}


def person(login: str) -> Body:
    return {
        "login": login,
        "id": _IDS.get(login, 99),
        "type": "Bot" if login.endswith("[bot]") else "User",
        "html_url": f"https://github.com/{login}",
    }


def repository() -> Body:
    return {
        "id": 15,
        "name": "api",
        "full_name": "shop/api",
        "private": True,
        "visibility": "private",
        "html_url": URL,
        "description": "What the shop's pages ask",
        "default_branch": "main",
        "stargazers_count": 128,
        "owner": {"login": "shop", "id": 4, "type": "Organization"},
    }


def told(action: str, user: str = "alice", **rest: Any) -> Body:
    """A body with who did it and where."""
    return {"action": action, **rest, "repository": repository(), "sender": person(user)}


def label(name: str) -> Body:
    return {"id": 301, "name": name, "color": "6699cc", "description": None}


def _discussion(action: str, user: str, **rest: Any) -> Body:
    discussion = {
        "id": 3299614,
        "number": 8,
        "title": "Should the app speak gRPC?",
        "body": "Every request over REST costs it 200 ms.",
        "state": "open",
        "html_url": f"{URL}/discussions/8",
        "category": {"id": 1, "name": "Ideas", "slug": "ideas", "is_answerable": True},
        "user": person("bob"),
        "labels": [],
    }
    return told(action, user, discussion=discussion, **rest)


def _answer() -> Body:
    return {
        "id": 550561,
        "html_url": f"{URL}/discussions/8#discussioncomment-550561",
        "user": person("carol"),
        "body": "Only where both ends are ours.",
    }


def _fork() -> Body:
    forkee = {**repository(), "id": 77, "full_name": "carol/api"}
    return told("", "carol", forkee={**forkee, "html_url": "https://github.com/carol/api"})


def _sponsorship() -> Body:
    sponsorship = {
        "sponsor": person("carol"),
        "sponsorable": {"login": "shop", "id": 4, "type": "Organization"},
        "privacy_level": "public",
        "tier": {"name": "$5 a month", "monthly_price_in_dollars": 5},
    }
    return {"action": "created", "sponsorship": sponsorship, "sender": person("carol")}


def _team() -> Body:
    team = {
        "id": 71,
        "name": "Backend",
        "slug": "backend",
        "permission": "push",
        "html_url": "https://github.com/orgs/shop/teams/backend",
    }
    return told("added_to_repository", team=team, organization={"login": "shop", "id": 4})


def _package() -> Body:
    version = {"id": 24, "version": "1.4.0", "html_url": f"{URL}/packages/10?version=1.4.0"}
    package = {"id": 10, "name": "shop-client", "package_type": "npm", "package_version": version}
    return told("published", package={**package, "html_url": f"{URL}/packages/10"})


def _protection() -> Body:
    return told("created", rule={"id": 21, "name": "release/*", "admin_enforced": True})


def _tag() -> Body:
    return {**told("", ref="v1.4.0", ref_type="tag", master_branch="main"), "pusher_type": "user"}


def _queue() -> Body:
    head = "e27f0a4d91b6c853f7204ea86d1b95c30f8a6d42"
    commit = {"id": head, "message": "Merge pull request #7 from shop/search", "author": {}}
    group = {
        "head_sha": head,
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-7-{head}",
        "base_ref": "refs/heads/main",
        "base_sha": "9c27d5b8e61f40a3d2857be0c4916fa83b70d1e5",
        "head_commit": commit,
    }
    return told("checks_requested", merge_group=group)


#: Of each sample the event's header and how its body is made.
SAMPLES: Final[Mapping[str, tuple[str, Callable[[], Body]]]] = {
    "discussion.created": ("discussion", lambda: _discussion("created", "bob")),
    "discussion.answered": (
        "discussion",
        lambda: _discussion("answered", "bob", answer=_answer()),
    ),
    "team.added": ("team", _team),
    "star.added": ("star", lambda: told("created", "carol", starred_at="2026-03-02T09:00:00Z")),
    "fork": ("fork", _fork),
    "sponsorship.created": ("sponsorship", _sponsorship),
    "label.created": ("label", lambda: told("created", label=label("good first issue"))),
    "package.published": ("package", _package),
    "protection.created": ("branch_protection_rule", _protection),
    "ref.created": ("create", _tag),
    "merge_group.checking": ("merge_group", _queue),
    "hook.deleted": ("meta", lambda: told("deleted", hook_id=301, hook={"id": 301})),
}


def override(body: Body, values: Mapping[str, Any]) -> None:
    """Sets the fields in the body. Raises KeyError, naming the field."""
    for name, value in values.items():
        if name not in _SETTERS:
            raise KeyError(name)
        _SETTERS[name](body, value)
    if "project" in values:
        _move(body, str(values["project"]))


def _move(body: Body, path: str) -> None:
    """The body is of that repository now, whose id follows from its path."""
    moved = _replaced(body, path)
    body.clear()
    body.update(moved)
    if path != "shop/api" and "repository" in body:
        body["repository"]["id"] = zlib.crc32(path.encode())


def _replaced(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value.replace("shop/api", path)
    if isinstance(value, list):
        return [_replaced(item, path) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, path) for key, item in value.items()}
    return value


def _visibility(body: Body, value: Any) -> None:
    if "repository" in body:
        body["repository"] |= {"visibility": str(value), "private": value != "public"}


def _in_subject(*keys: str) -> Callable[[Body, Any], None]:
    """Sets the first of the members that an object of the body has."""

    def put(body: Body, value: Any) -> None:
        for subject in ("discussion", "label", "rule", "package", "team"):
            for key in keys:
                if key in body.get(subject, {}):
                    body[subject][key] = value
                    return

    return put


def _labels(body: Body, value: Any) -> None:
    names = [value] if isinstance(value, str) else list(value)
    _in_subject("labels")(body, [label(str(name)) for name in names])


def _at(body: Body, value: Any) -> None:
    if "starred_at" in body:
        body["starred_at"] = value.isoformat() if isinstance(value, datetime) else str(value)


_SETTERS: Final[Mapping[str, Callable[[Body, Any], None]]] = {
    # Last of all: other values may hold the old path.
    "project": lambda _body, _value: None,
    "actor": lambda body, value: body.update(sender=person(str(value))),
    "author": lambda body, value: _in_subject("user")(body, person(str(value))),
    "visibility": _visibility,
    "default_branch": lambda body, value: body["repository"].update(default_branch=value),
    "title": _in_subject("title"),
    "description": _in_subject("body"),
    "state": _in_subject("state"),
    "iid": _in_subject("number"),
    "url": _in_subject("html_url"),
    "name": _in_subject("name"),
    "labels": _labels,
    "stars": lambda body, value: body["repository"].update(stargazers_count=value),
    "at": _at,
}
