"""GitLab's deploy keys, and the variables of builds that may hold their secret halves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from bot.errors import ContentRefused, TargetRefused
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.gitlab_places import place
from bot.outside import DeployKey
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: What GitLab can hide in job logs. Source: GitLab docs, "Mask a CI/CD variable" (read 2026-11).
_MASKABLE: Final = re.compile(r"[A-Za-z0-9+/=@:.~_-]{8,}", re.ASCII)
_TAKEN: Final = re.compile(r"already (been taken|in use|exists)", re.IGNORECASE)


class GitlabKeys(GitlabClient):
    """The part of ForgeAdmin about deploy keys."""

    async def keys(self, project_id: str) -> tuple[DeployKey, ...]:
        attempt = self.attempt(f"the deploy keys of project {project_id}", writes=False)
        path = f"{place(project_id)}/deploy_keys"
        return await self.read(
            attempt,
            lambda gl: gl.http_list(path, {"per_page": 100}, get_all=True, **NO_WAITING),
            lambda found: tuple(_key(row) for row in found),
        )

    async def add_key(
        self,
        project_id: str,
        *,
        title: str,
        public_key: str,
        writes: bool,
        expires_at: datetime | None,
    ) -> DeployKey:
        attempt = self.attempt(f"a deploy key on project {project_id}", writes=True)
        path = f"{place(project_id)}/deploy_keys"
        body: dict[str, Any] = {"title": title, "key": public_key, "can_push": writes}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        try:
            made = await self.read(
                attempt, lambda gl: gl.http_post(path, post_data=body, **NO_WAITING), _key
            )
        except ContentRefused as error:
            if _TAKEN.search(str(error)):
                raise ContentRefused(
                    "GitLab knows this key already, on another project or account that the bot's"
                    " token cannot see: every key works once on an instance. Make a new one.",
                    code="taken",
                ) from error
            raise
        # A key that was there already is answered as it was, whatever was asked for.
        if made.writes is not writes:
            return await self.read(
                attempt,
                lambda gl: gl.http_put(
                    f"{path}/{made.id}", post_data={"can_push": writes}, **NO_WAITING
                ),
                _key,
            )
        return made

    async def delete_key(self, project_id: str, key_id: str) -> None:
        attempt = self.attempt(f"deploy key {key_id} of project {project_id}", writes=True)
        path = f"{place(project_id)}/deploy_keys/{int(key_id)}"
        try:
            await self.call(attempt, lambda gl: gl.http_delete(path, **NO_WAITING))
        except TargetRefused as error:
            if error.code != "404" or "404 project" in str(error).lower():
                raise

    async def set_variable(self, project_id: str, name: str, value: str) -> None:
        """For protected branches only; a text of several lines becomes a file."""
        attempt = self.attempt(f"variable {name} of project {project_id}", writes=True)
        path = f"{place(project_id)}/variables"
        body: dict[str, Any] = {
            "value": value,
            "variable_type": "file" if "\n" in value else "env_var",
            "protected": True,
            "masked": bool(_MASKABLE.fullmatch(value)),
            "raw": True,
        }
        try:
            await self.call(
                attempt,
                lambda gl: gl.http_post(path, post_data={"key": name, **body}, **NO_WAITING),
            )
        except ContentRefused as error:
            if not _TAKEN.search(str(error)):
                raise
            await self.call(
                attempt,
                lambda gl: gl.http_put(f"{path}/{name}", post_data=body, **NO_WAITING),
            )


def _key(row: Mapping[str, Any]) -> DeployKey:
    fingerprint = str(row.get("fingerprint_sha256") or "").rstrip("=")
    return DeployKey(
        id=str(row["id"]),
        title=str(row.get("title") or ""),
        fingerprint=fingerprint,
        writes=row.get("can_push") is True,
        created_at=parse_time(row.get("created_at")),
        expires_at=parse_time(row.get("expires_at")),
    )
