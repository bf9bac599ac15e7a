"""How the double of GitLab sends a hook's deliveries, and what it remembers of them."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import re2
from aiohttp import ClientError, ClientSession, ClientTimeout

TRIGGERS: Final = {
    "push_events": "Push Hook",
    "tag_push_events": "Tag Push Hook",
    "issues_events": "Issue Hook",
    "confidential_issues_events": "Confidential Issue Hook",
    "merge_requests_events": "Merge Request Hook",
    "note_events": "Note Hook",
    "confidential_note_events": "Confidential Note Hook",
    "job_events": "Job Hook",
    "pipeline_events": "Pipeline Hook",
    "wiki_page_events": "Wiki Page Hook",
    "deployment_events": "Deployment Hook",
    "feature_flag_events": "Feature Flag Hook",
    "releases_events": "Release Hook",
    "milestone_events": "Milestone Hook",
    "emoji_events": "Emoji Hook",
    "vulnerability_events": "Vulnerability Hook",
    "resource_access_token_events": "Resource Access Token Hook",
    "resource_deploy_token_events": "Resource Deploy Token Hook",
}
TESTABLE: Final = frozenset(TRIGGERS) - {
    "confidential_note_events",
    "deployment_events",
    "feature_flag_events",
    "vulnerability_events",
    "resource_deploy_token_events",
}
SETTINGS: Final = {
    "url",
    "name",
    "description",
    "token",
    "signing_token",
    "enable_ssl_verification",
    "push_events_branch_filter",
    "branch_filter_strategy",
    "custom_webhook_template",
}
STRATEGIES: Final = frozenset({"wildcard", "regex", "all_branches"})
MAINTAINER: Final = 40
_STRATEGY: Final = "branch_filter_strategy"


@dataclass
class Hook:
    id: int
    project: Project
    values: dict[str, Any]
    failures: int = 0
    health: str = "executable"
    disabled_until: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[int, tuple[str, str, bytes, str]] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        secret = {"token", "signing_token"}
        return {
            "id": self.id,
            "project_id": self.project.id,
            "created_at": "2026-11-20T10:00:00.000Z",
            **{name: False for name in TRIGGERS if name not in self.project.unknown},
            "enable_ssl_verification": True,
            "push_events_branch_filter": None,
            **({} if _STRATEGY in self.project.unknown else {_STRATEGY: "wildcard"}),
            **{k: v for k, v in self.values.items() if k not in secret},
            "alert_status": self.health,
            "disabled_until": self.disabled_until,
            "repository_update_events": False,
            "token_present": bool(self.values.get("token")),
            "signing_token_present": bool(self.values.get("signing_token")),
        }

    def wants(self, branch: str) -> bool:
        """As GitLab tells it: in a wildcard each star is anything; RE2 searches."""
        pattern = self.values.get("push_events_branch_filter") or ""
        strategy = self.values.get(_STRATEGY, "wildcard")
        if not pattern or strategy == "all_branches":
            return True
        if strategy == "regex":
            return re2.search(pattern, branch) is not None
        return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), branch) is not None


@dataclass
class Project:
    id: int
    path: str
    #: Attributes this older server has not heard of: ignored without a word.
    unknown: set[str] = field(default_factory=set)
    #: The token's user's role here: 30 developer, 40 maintainer.
    access: int = MAINTAINER
    visible: bool = True
    #: Triggers the test call has something to send for.
    samples: frozenset[str] = TESTABLE
    hooks: dict[int, Hook] = field(default_factory=dict)
    tests: list[float] = field(default_factory=list)
    #: See gitlab_talk.py.
    contents: object = None


class Sender:
    def __init__(self, instance: str, timeout_s: float) -> None:
        self._instance = instance
        self._session = ClientSession(timeout=ClientTimeout(total=timeout_s))
        self._event_ids = iter(range(1, 1_000_000))

    async def close(self) -> None:
        await self._session.close()

    async def deliver(self, hook: Hook, trigger: str, raw: bytes, *, key: str = "") -> int:
        """The status of the answer; 0 when there was none."""
        key = key or str(uuid.uuid4())
        headers, url = self._headers(hook, trigger, raw, key), hook.values["url"]
        try:
            async with self._session.post(
                url, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                status, text = answer.status, (await answer.text())[:8192]
        except TimeoutError:
            status, text = 0, "Net::ReadTimeout with #<TCPSocket:(closed)>"
        except ClientError as error:
            status, text = 0, f"Failed to open TCP connection to {urlsplit(url).netloc} ({error})"
        number = next(self._event_ids)
        hook.sent[number] = (trigger, url, raw, key)
        hook.events.append(
            {
                "id": number,
                "url": url,
                "trigger": trigger.replace("_events", "_hooks"),
                "request_headers": {**headers, "X-Gitlab-Token": "[REDACTED]"},
                "request_data": json.loads(raw),
                "response_headers": {},
                "response_body": text,
                "response_status": str(status) if status else "internal error",
                "execution_duration": 0.01,
            }
        )
        self._count(hook, good=200 <= status < 400)
        return status

    def _headers(self, hook: Hook, trigger: str, raw: bytes, key: str) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/19.1.0",
            "Idempotency-Key": key,
            "X-Gitlab-Event": TRIGGERS[trigger],
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "X-Gitlab-Webhook-UUID": str(uuid.uuid4()),
            "X-Gitlab-Instance": self._instance,
        }
        if hook.values.get("token"):
            headers["X-Gitlab-Token"] = hook.values["token"]
        if hook.values.get("signing_token"):
            stamp = str(int(time.time()))
            secret = base64.b64decode(hook.values["signing_token"].removeprefix("whsec_"))
            digest = hmac.digest(secret, f"{key}.{stamp}.".encode() + raw, "sha256")
            headers["webhook-id"], headers["webhook-timestamp"] = key, stamp
            headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
        return headers

    def _count(self, hook: Hook, *, good: bool) -> None:
        hook.failures = 0 if good else hook.failures + 1
        disabled = "disabled" if hook.failures >= 40 else "temporarily_disabled"
        hook.health = "executable" if hook.failures < 4 else disabled
        hook.disabled_until = None
        if hook.health == "temporarily_disabled":
            minutes = min(2 ** (hook.failures - 4), 24 * 60)
            until = datetime.now(UTC) + timedelta(minutes=minutes)
            hook.disabled_until = until.isoformat().replace("+00:00", "Z")
