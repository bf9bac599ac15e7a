"""GitHub: are deliveries authentic, and what are they about; its REST half says "not yet".

Source: GitHub's "Validating webhook deliveries" page (read 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final, NoReturn

from bot.errors import CommandError
from bot.outside import Identity
from bot.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.model import Json, Project
    from bot.outside import HookWish, Received, RemoteHook

_LONGEST_KEY: Final = 200
_LONGEST_ID: Final = 20


class Github:
    """The pure half of GitHub."""

    name: str = "github"
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

    def identify(self, received: Received, body: Json) -> Identity:
        event = received.headers.get("x-github-event", "").strip()
        key = received.headers.get("x-github-delivery", "").strip()
        if not key or len(key) > _LONGEST_KEY:
            digest = hashlib.sha256(_bytes(event) + b"\n" + received.body).hexdigest()
            key = f"sha256:{digest}"
        found = Payload(body)["repository"]["id"].id()
        ok = found.isascii() and found.isdecimal() and len(found) <= _LONGEST_ID
        return Identity(key=key, event=event, project_id=found if ok else None)


GITHUB: Final = Github()


class GithubAdmin:
    """Stands where the REST half will be, so that people get an answer instead of a guess."""

    async def project(self, path: str) -> Project:
        _not_built(path)

    async def hooks(self, project_id: str) -> tuple[RemoteHook, ...]:
        _not_built(project_id)

    async def create_hook(self, project_id: str, wish: HookWish) -> RemoteHook:  # noqa: ARG002 - the port's
        _not_built(project_id)

    async def update_hook(self, project_id: str, hook_id: str, wish: HookWish) -> RemoteHook:  # noqa: ARG002 - the port's
        _not_built(project_id)

    async def delete_hook(self, project_id: str, hook_id: str) -> None:  # noqa: ARG002 - the port's
        _not_built(project_id)

    async def test_hook(self, project_id: str, hook_id: str, trigger: str) -> None:  # noqa: ARG002 - the port's
        _not_built(project_id)

    async def last_answer(self, project_id: str, hook_id: str) -> str:  # noqa: ARG002 - the port's
        _not_built(project_id)


def _not_built(project: str) -> NoReturn:
    raise CommandError(
        f"GitHub hooks are not built yet ({project}). Until then make one by hand under the"
        " repository's Settings → Webhooks: payload URL = PUBLIC_URL + `/hooks/github`, content"
        " type `application/json`, secret = the bot's WEBHOOK_SECRET."
    )


def _signature(secret: str, body: bytes) -> bytes:
    return b"sha256=" + hmac.digest(_bytes(secret), body, "sha256").hex().encode()


def _bytes(value: str) -> bytes:
    """What was on the wire: the server decodes headers as UTF-8 and keeps odd bytes aside."""
    return value.encode("utf-8", "surrogateescape")
