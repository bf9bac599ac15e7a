"""GitHub's deploy keys, and the secrets of workflows that may hold their secret halves."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from nacl.public import PublicKey, SealedBox

from bot.errors import ContentRefused, TargetRefused
from bot.forges.github_client import GithubClient
from bot.forges.github_places import named, place
from bot.outside import DeployKey
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.forges.github_client import Api

_SCOPE: Final = "`repo` (fine-grained: Administration, read and write)"
_SECRETS_SCOPE: Final = "`repo` (fine-grained: Secrets, read and write)"
#: Source: GitHub docs, "Using secrets in GitHub Actions > Naming your secrets" (read 2026-11).
_NAME: Final = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.IGNORECASE | re.ASCII)


class GithubKeys(GithubClient):
    """The part of ForgeAdmin about deploy keys."""

    async def keys(self, project_id: str) -> tuple[DeployKey, ...]:
        what = self.attempt(f"the deploy keys of {named(project_id)}", writes=False, scope=_SCOPE)
        return await self.read(
            what,
            lambda api: api.pages(f"{place(project_id)}/keys"),
            lambda rows: tuple(_key(row) for row in rows),
        )

    async def add_key(
        self,
        project_id: str,
        *,
        title: str,
        public_key: str,
        writes: bool,
        expires_at: datetime | None,  # noqa: ARG002 - GitHub's keys have none
    ) -> DeployKey:
        what = self.attempt(f"a deploy key on {named(project_id)}", writes=True, scope=_SCOPE)
        # Left out, `read_only` would be false.
        body = {"title": title, "key": public_key, "read_only": not writes}
        path = f"{place(project_id)}/keys"
        return await self.read(what, lambda api: api.post(path, None, data=body), _key)

    async def delete_key(self, project_id: str, key_id: str) -> None:
        what = self.attempt(
            f"deploy key {key_id} of {named(project_id)}", writes=True, scope=_SCOPE
        )
        path = f"{place(project_id)}/keys/{int(key_id)}"
        try:
            await self.call(what, lambda api: api.delete(path, None))
        except TargetRefused as error:
            # A 404 also says that the token may not: only the list tells that it is gone.
            if error.code != "404" or any(key.id == key_id for key in await self.keys(project_id)):
                raise

    async def set_variable(self, project_id: str, name: str, value: str) -> None:
        if not _NAME.fullmatch(name):
            raise ContentRefused(
                f"{name} is no name for a secret of GitHub Actions: letters, digits and `_`, not"
                " beginning with a digit or with GITHUB_.",
                code="name",
            )
        what = self.attempt(
            f"secret {name} of {named(project_id)}", writes=True, scope=_SECRETS_SCOPE
        )
        base = f"{place(project_id)}/actions/secrets"

        async def write(api: Api) -> None:
            lock = await api.getitem(f"{base}/public-key", None)
            sealed = SealedBox(PublicKey(base64.b64decode(lock["key"]))).encrypt(value.encode())
            body = {"encrypted_value": base64.b64encode(sealed).decode(), "key_id": lock["key_id"]}
            await api.put(f"{base}/{name}", None, data=body)

        await self.call(what, write)


def _key(row: Mapping[str, Any]) -> DeployKey:
    return DeployKey(
        id=str(row["id"]),
        title=str(row.get("title") or ""),
        fingerprint=_fingerprint(str(row.get("key") or "")),
        writes=row.get("read_only") is not True,
        created_at=parse_time(row.get("created_at")),
    )


def _fingerprint(public_key: str) -> str:
    """As `ssh-keygen -l` shows it; GitHub's API has none."""
    words = public_key.split()
    try:
        raw = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
