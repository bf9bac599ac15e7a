"""GitHub's deliveries: are they authentic, and what are they about. Pure.

Source: GitHub's "Validating webhook deliveries" and "Webhook events and payloads" pages (read
2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final, TypedDict
from urllib.parse import urlsplit

from bot.outside import Identity
from bot.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.model import Json
    from bot.outside import Received

#: Events of a repository's hook that only tell what everybody who may read it can see.
OPEN_TRIGGERS: Final = frozenset(
    {
        *("check_run", "check_suite", "commit_comment", "create", "delete"),
        *("deployment", "deployment_status", "discussion", "discussion_comment", "fork"),
        *("gollum", "issue_comment", "issues", "label", "merge_group", "milestone"),
        *("package", "page_build", "public", "pull_request", "pull_request_review"),
        *("pull_request_review_comment", "pull_request_review_thread", "push", "release"),
        *("repository", "star", "status", "sub_issues", "workflow_job", "workflow_run"),
    }
)
#: Every one such a hook may have; what is sent to applications or organizations only is missing.
TRIGGERS: Final = OPEN_TRIGGERS | {
    *("branch_protection_configuration", "branch_protection_rule", "code_scanning_alert"),
    *("custom_property_values", "dependabot_alert", "deploy_key", "issue_dependencies"),
    *("member", "registry_package", "repository_advisory", "repository_import"),
    *("repository_ruleset", "repository_vulnerability_alert", "secret_scanning_alert"),
    *("secret_scanning_alert_location", "secret_scanning_scan", "security_and_analysis"),
    *("team_add", "watch"),
}
#: What the test call may send: every hook gets pings, whatever its events.
TEST_TRIGGERS: Final = ("ping",)

#: Others copy GitHub's headers, its signature included, into every delivery of theirs.
_COPIES: Final[Mapping[str, str]] = {
    "x-forgejo-event": "Forgejo",
    "x-gitea-event": "Gitea",
    "x-gogs-event": "Gogs",
}
_LONGEST_KEY: Final = 200
_LONGEST_ID: Final = 20


class _Repository(TypedDict, total=False):
    id: Any
    html_url: Any


class _Sender(TypedDict, total=False):
    html_url: Any


class _Telling(TypedDict, total=False):
    repository: _Repository
    sender: _Sender


class Github:
    """The pure half of GitHub."""

    name: str = "github"
    forms: bool = True
    telling: type = _Telling
    secret_headers: frozenset[str] = frozenset({"x-hub-signature", "x-hub-signature-256"})

    def verify(self, received: Received, secrets: Sequence[str], *, now: datetime) -> bool:  # noqa: ARG002 - GitHub signs no time
        """The SHA-1 signature is never looked at: GitHub always sends the better one too."""
        given = _bytes(received.headers.get("x-hub-signature-256", ""))
        matches = [
            hmac.compare_digest(given, _signature(secret, received.body))
            for secret in secrets
            if secret
        ]
        return any(matches)

    def disowned(self, headers: Mapping[str, str]) -> str:
        return next((name for header, name in _COPIES.items() if header in headers), "")

    def identify(self, received: Received, body: Json) -> Identity:
        event = received.headers.get("x-github-event", "").strip()
        key = received.headers.get("x-github-delivery", "").strip()
        if not key or len(key) > _LONGEST_KEY:
            digest = hashlib.sha256(_bytes(event) + b"\n" + received.body).hexdigest()
            key = f"sha256:{digest}"
        payload = Payload(body)
        found = payload["repository"]["id"].id()
        ok = found.isascii() and found.isdecimal() and len(found) <= _LONGEST_ID
        place = received.headers.get("x-github-enterprise-host", "") or _host(payload)
        return Identity(key=key, event=event, project_id=found if ok else None, place=place)


GITHUB: Final = Github()


def signature(secret: str, body: bytes) -> str:
    """The header `X-Hub-Signature-256` of a body."""
    return _signature(secret, body).decode()


def _host(payload: Payload) -> str:
    """Where its pages are: only an own server's deliveries have a header for it."""
    for name in ("repository", "sender"):
        page = payload[name]["html_url"].text_or()
        try:
            host = urlsplit(page).hostname
        except ValueError:
            continue
        if host:
            return host
    return "github.com"


def _signature(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hmac.digest(_bytes(secret), body, "sha256").hex().encode()


def _bytes(value: str) -> bytes:
    """What was on the wire: the server decodes headers as UTF-8 and keeps odd bytes aside."""
    return value.encode("utf-8", "surrogateescape")
