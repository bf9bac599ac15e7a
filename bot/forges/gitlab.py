"""GitLab's deliveries: are they authentic, and what are they about. Pure.

Sources: GitLab's "Webhooks" page (delivery headers, signing tokens) and the Standard Webhooks
specification (read 2026-11).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final, TypedDict

from bot.outside import Identity
from bot.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.model import Json
    from bot.outside import Received

#: Attributes of a project hook that only tell what is public to the project's members.
OPEN_TRIGGERS: Final = frozenset(
    {
        "push_events",
        "tag_push_events",
        "issues_events",
        "merge_requests_events",
        "note_events",
        "job_events",
        "pipeline_events",
        "wiki_page_events",
        "deployment_events",
        "feature_flag_events",
        "releases_events",
        "milestone_events",
        "emoji_events",
    }
)
#: Every one a project hook has. Vulnerabilities and expiring tokens are for few eyes too.
TRIGGERS: Final = OPEN_TRIGGERS | {
    "confidential_issues_events",
    "confidential_note_events",
    "vulnerability_events",
    "resource_access_token_events",
    "resource_deploy_token_events",
}
#: What the test call may send, the likeliest to have a sample first.
TEST_TRIGGERS: Final = (
    "push_events",
    "resource_access_token_events",
    "issues_events",
    "merge_requests_events",
)

_TOLERANCE_S: Final = 300
_LONGEST_KEY: Final = 200
_LONGEST_ID: Final = 20
_LONGEST_SIGNATURE: Final = 4096
#: Where bodies hold their project's id; vulnerabilities have it in the attributes only, and a
#: merge request's target is the project whose hook fired.
_PROJECT_ID_PATHS: Final = (
    ("project", "id"),
    ("project_id",),
    ("object_attributes", "project_id"),
    ("object_attributes", "target_project_id"),
)


class _Project(TypedDict, total=False):
    id: Any


class _Attributes(TypedDict, total=False):
    project_id: Any
    target_project_id: Any


class _Telling(TypedDict, total=False):
    project: _Project
    project_id: Any
    object_attributes: _Attributes


class Gitlab:
    """The pure half of GitLab."""

    name: str = "gitlab"
    forms: bool = False
    telling: type = _Telling
    secret_headers: frozenset[str] = frozenset({"x-gitlab-token", "webhook-signature"})

    def verify(self, received: Received, secrets: Sequence[str], *, now: datetime) -> bool:
        """By `webhook-signature` when there is one, and then by nothing else; else by token."""
        if "webhook-signature" in received.headers:
            return _signed(received, secrets, now)
        # No early exit: the time taken must not tell which secret came close.
        given = _bytes(received.headers.get("x-gitlab-token", ""))
        matches = [hmac.compare_digest(given, _bytes(secret)) for secret in secrets if secret]
        return any(matches)

    def disowned(self, headers: Mapping[str, str]) -> str:  # noqa: ARG002 - nobody copies GitLab's
        return ""

    def identify(self, received: Received, body: Json) -> Identity:
        # X-Gitlab-Webhook-UUID is fresh on every attempt and X-Gitlab-Event-UUID is shared by a
        # whole chain of hooks: neither tells a duplicate.
        event = received.headers.get("x-gitlab-event", "").strip()
        key = received.headers.get("idempotency-key", "").strip()
        if not key or len(key) > _LONGEST_KEY:
            digest = hashlib.sha256(_bytes(event) + b"\n" + received.body).hexdigest()
            key = f"sha256:{digest}"
        return Identity(
            key=key,
            event=event,
            project_id=_project_id(body),
            place=received.headers.get("x-gitlab-instance", ""),
        )


GITLAB: Final = Gitlab()


def _signed(received: Received, secrets: Sequence[str], now: datetime) -> bool:
    headers = received.headers
    id_, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers["webhook-signature"]
    if not id_ or not _fresh(stamp, now) or len(signatures) > _LONGEST_SIGNATURE:
        return False
    signed = _bytes(f"{id_}.{stamp}.") + received.body
    given = [_bytes(signature) for signature in signatures.split()]
    matches = [
        hmac.compare_digest(signature, _signature(key, signed))
        for key in map(_key, secrets)
        if key
        for signature in given
    ]
    return any(matches)


def _fresh(stamp: str, now: datetime) -> bool:
    # Twelve digits reach past the year 30000; longer ones only cost time.
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    return abs(now.timestamp() - int(stamp)) <= _TOLERANCE_S


def _key(secret: str) -> bytes | None:
    """The bytes a `whsec_` secret stands for; None for other secrets."""
    if not secret.startswith("whsec_"):
        return None
    encoded = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))


def _bytes(value: str) -> bytes:
    """What was on the wire: the server decodes headers as UTF-8 and keeps odd bytes aside."""
    return value.encode("utf-8", "surrogateescape")


def _project_id(body: Json) -> str | None:
    for path in _PROJECT_ID_PATHS:
        place = body
        for name in path:
            place = place.get(name) if isinstance(place, dict) else None
        found = Payload(place).id()
        if found.isascii() and found.isdecimal() and len(found) <= _LONGEST_ID:
            return found
    return None
