"""The hooks of a double of GitHub: what they hold, and how they deliver."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

#: What a repository's hook may be subscribed to.
EVENTS: Final = frozenset(
    {
        *("branch_protection_configuration", "branch_protection_rule", "check_run"),
        *("check_suite", "code_scanning_alert", "commit_comment", "create"),
        *("custom_property_values", "delete", "dependabot_alert", "deploy_key", "deployment"),
        *("deployment_status", "discussion", "discussion_comment", "fork", "gollum"),
        *("issue_comment", "issue_dependencies", "issues", "label", "member", "merge_group"),
        *("meta", "milestone", "package", "page_build", "public", "pull_request"),
        *("pull_request_review", "pull_request_review_comment", "pull_request_review_thread"),
        *("push", "registry_package", "release", "repository", "repository_advisory"),
        *("repository_import", "repository_ruleset", "repository_vulnerability_alert"),
        *("secret_scanning_alert", "secret_scanning_alert_location", "secret_scanning_scan"),
        *("security_and_analysis", "star", "status", "sub_issues", "team_add", "watch"),
        *("workflow_job", "workflow_run"),
    }
)


@dataclass
class Hook:
    id: int
    home: Home
    events: list[str]
    config: dict[str, str]
    active: bool = True
    #: As GitHub lists them, the newest first.
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[int, tuple[str, bytes, str]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        config = {key: value for key, value in self.config.items() if key != "secret"}
        if self.config.get("secret"):
            config["secret"] = "********"
        return {
            "type": "Repository",
            "id": self.id,
            "name": "web",
            "active": self.active,
            "events": self.events,
            "config": config,
            "created_at": "2026-11-20T10:00:00Z",
        }

    def detailed(self, number: int) -> dict[str, Any]:
        """A delivery with what was sent."""
        (row,) = (one for one in self.deliveries if one["id"] == number)
        raw = self.sent[number][1].decode()
        body = dict(parse_qsl(raw))["payload"] if raw.startswith("payload=") else raw
        return {**row, "request": {"headers": {}, "payload": json.loads(body)}}


@dataclass
class Home:
    """A repository or an organization."""

    id: int
    path: str
    #: What the token's user may do: `admin`, `write`, `read`.
    permission: str = "admin"
    visible: bool = True
    archived: bool = False
    hooks: dict[int, Hook] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    #: Other people's permissions, by login.
    people: dict[str, str] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    #: What else its API answers, by path below it; see github_talk.py.
    contents: object = None

    def shown(self, page: str) -> dict[str, Any]:
        owner, name = self.path.split("/")
        return {
            "id": self.id,
            "name": name,
            "full_name": self.path,
            "owner": {"login": owner, "id": 1, "type": "Organization"},
            "private": True,
            "visibility": "private",
            "html_url": f"{page}/{self.path}",
            "default_branch": "main",
            "archived": self.archived,
            "disabled": False,
        }


class Sender:
    def __init__(self, page: str, timeout_s: float) -> None:
        self._page = page
        self._session = ClientSession(timeout=ClientTimeout(total=timeout_s))
        self._ids = iter(range(3_000_001, 9_000_000))

    async def close(self) -> None:
        await self._session.close()

    async def ping(self, hook: Hook) -> int:
        body: dict[str, Any] = {"zen": "Keep it simple.", "hook_id": hook.id, "hook": hook.shown()}
        if "/" in hook.home.path:
            body["repository"] = hook.home.shown(self._page)
        return await self.deliver(hook, "ping", body)

    async def deliver(self, hook: Hook, event: str, body: Mapping[str, Any]) -> int:
        """The status of the answer; 0 when there was none."""
        raw = json.dumps(body).encode()
        if hook.config.get("content_type", "form") == "form":
            raw = urlencode({"payload": raw.decode()}).encode()
        return await self._send(hook, event, raw, str(uuid.uuid4()), again=False)

    async def resend(self, hook: Hook, number: int) -> None:
        event, raw, guid = hook.sent[number]
        await self._send(hook, event, raw, guid, again=True)

    async def _send(self, hook: Hook, event: str, raw: bytes, guid: str, *, again: bool) -> int:
        form = hook.config.get("content_type", "form") == "form"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "User-Agent": "GitHub-Hookshot/abc1234",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid,
            "X-GitHub-Hook-ID": str(hook.id),
            "X-GitHub-Hook-Installation-Target-ID": str(hook.home.id),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
        }
        if secret := hook.config.get("secret"):
            for name, header in (("sha1", "X-Hub-Signature"), ("sha256", "X-Hub-Signature-256")):
                digest = hmac.new(secret.encode(), raw, getattr(hashlib, name)).hexdigest()
                headers[header] = f"{name}={digest}"
        status, text = await self._post(hook.config["url"], raw, headers)
        number = next(self._ids)
        hook.sent[number] = (event, raw, guid)
        hook.deliveries.insert(
            0,
            {
                "id": number,
                "guid": guid,
                "delivered_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                "redelivery": again,
                "duration": 0.01,
                "status": text,
                # When nobody answers, GitHub tells of a 502 of its own.
                "status_code": status or 502,
                "event": event,
                "action": None,
                "installation_id": None,
                "repository_id": hook.home.id,
            },
        )
        return status

    async def _post(self, url: str, raw: bytes, headers: dict[str, str]) -> tuple[int, str]:
        try:
            async with self._session.post(
                url, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                good = 200 <= answer.status < 300
                return answer.status, "OK" if good else f"Invalid HTTP Response: {answer.status}"
        except TimeoutError:
            return 0, "timed out"
        except ClientError:
            return 0, "failed to connect to host"
