"""What the double of GitLab holds beside projects' talk: users, groups, deploy keys, variables."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.gitlab_sender import MAINTAINER, Project
from tests.fakes.gitlab_talk import Refused, contents

_IDS: Final = itertools.count(501)
_KEY: Final = frozenset({"title", "key", "can_push", "expires_at"})
_VARIABLE: Final = frozenset({"key", "value", "variable_type", "protected", "masked", "raw"})


@dataclass
class People:
    """Of the instance."""

    #: By user name.
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Text of the status and of the profile, by user id.
    statuses: dict[int, str] = field(default_factory=dict)
    bios: dict[int, str] = field(default_factory=dict)
    #: By project id.
    keys: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    variables: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def add(self, username: str, user_id: int, **values: Any) -> None:
        self.users[username] = {
            "id": user_id,
            "username": username,
            "name": username.capitalize(),
            "state": "active",
            **values,
        }

    def member(self, project: Project, username: str, level: int, state: str = "active") -> None:
        """A user with that role on the project."""
        if username not in self.users:
            self.add(username, 1000 + len(self.users))
        contents(project).members[self.users[username]["id"]] = (level, state)

    # -- /users ------------------------------------------------------------------------------

    def user(self, path: str, query: Mapping[str, str]) -> tuple[int, Any] | list[Any]:
        """`path` is what follows `/users`."""
        if path == "":
            wanted = query.get("username", "").lower()
            return [user for name, user in self.users.items() if name.lower() == wanted]
        number, _, rest = path.partition("/")
        found = next((u for u in self.users.values() if str(u["id"]) == number), None)
        if found is None:
            raise Refused(404, {"message": "404 User Not Found"})
        if rest == "status":
            return 200, {"emoji": "", "message": self.statuses.get(found["id"], "")}
        if rest == "":
            return 200, {**found, "bio": self.bios.get(found["id"], "")}
        raise Refused(404, {"error": "404 Not Found"})

    # -- /projects/:id/… ---------------------------------------------------------------------

    def knows(self, path: str) -> bool:
        return re.fullmatch(r"(deploy_keys|variables)(/.*)?", path) is not None

    def settings(
        self, project: Project, method: str, path: str, body: Mapping[str, Any]
    ) -> tuple[int, Any] | list[Any]:
        if project.access < MAINTAINER:
            raise Refused(403, {"message": "403 Forbidden"})
        what, _, name = path.partition("/")
        known = _KEY if what == "deploy_keys" else _VARIABLE
        strange = set(body) - known
        if strange:
            raise Refused(400, {"error": f"{', '.join(sorted(strange))} is unknown"})
        if what == "deploy_keys":
            return self._key(project, method, name, body)
        return self._variable(project, method, name, body)

    def _key(
        self, project: Project, method: str, name: str, body: Mapping[str, Any]
    ) -> tuple[int, Any] | list[Any]:
        held = self.keys.setdefault(project.id, [])
        if not name:
            return held if method == "GET" else (201, self._added(project, held, body))
        found = next((key for key in held if str(key["id"]) == name), None)
        if found is None:
            raise Refused(404, {"message": "404 Deploy Key Not Found"})
        if method == "DELETE":
            held.remove(found)
            return 204, None
        found.update(body)
        return 200, found

    def _added(
        self, project: Project, held: list[dict[str, Any]], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        if not body.get("title") or not body.get("key"):
            raise Refused(400, {"error": "title is missing, key is missing"})
        fingerprint = _fingerprint(str(body["key"]))
        for key in held:
            if key["fingerprint_sha256"] == fingerprint:
                return key  # As it was, whatever is asked for now.
        others = [k for number, keys in self.keys.items() if number != project.id for k in keys]
        if any(key["fingerprint_sha256"] == fingerprint for key in others):
            taken = ["has already been taken"]
            raise Refused(400, {"message": {"deploy_key.fingerprint_sha256": taken}})
        key = {
            "id": next(_IDS),
            "title": body["title"],
            "key": body["key"],
            "can_push": body.get("can_push", False),
            "created_at": "2026-11-20T10:00:00.000Z",
            "expires_at": body.get("expires_at"),
            "fingerprint_sha256": fingerprint,
        }
        held.append(key)
        return key

    def _variable(
        self, project: Project, method: str, name: str, body: Mapping[str, Any]
    ) -> tuple[int, Any]:
        held = self.variables.setdefault(project.id, {})
        if method == "POST":
            if body["key"] in held:
                taken = f"({body['key']}) has already been taken"
                raise Refused(400, {"message": {"key": [taken]}})
            name = body["key"]
        elif method != "PUT" or name not in held:
            raise Refused(404, {"message": "404 Variable Not Found"})
        if body.get("masked") and not re.fullmatch(r"[A-Za-z0-9+/=@:.~_-]{8,}", body["value"]):
            raise Refused(400, {"message": {"value": ["is invalid"]}})
        held[name] = {**held.get(name, {}), **body}
        return (201 if method == "POST" else 200), held[name]


def _fingerprint(key: str) -> str:
    parts = key.split()
    try:
        digest = hashlib.sha256(base64.b64decode(parts[1], validate=True)).digest()
    except (IndexError, binascii.Error):
        raise Refused(400, {"message": {"key": ["is invalid"]}}) from None
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
