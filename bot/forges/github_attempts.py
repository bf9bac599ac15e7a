"""What GitHub remembers of a hook's deliveries, and how to have one sent again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gidgethub import BadRequest

from bot.forges.github_client import PAGE, GithubClient
from bot.forges.github_errors import said
from bot.forges.github_places import hook_place, named
from bot.outside import Attempt
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.forges.github_client import Api

#: Of a busy hook more deliveries than these are not read.
_MOST: Final = 2000
#: Deliveries that are read one by one, and how many at a time.
_DETAILED: Final = 300
_AT_ONCE: Final = 10
#: What an event is about, of those that follow each other until one of them is the last; a comment
#: or a review is its own.
_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "push": ("ref",),
    "pull_request": ("pull_request", "number"),
    "issues": ("issue", "number"),
    "discussion": ("discussion", "number"),
    "milestone": ("milestone", "number"),
    "release": ("release", "id"),
    "workflow_run": ("workflow_run", "id"),
    "workflow_job": ("workflow_job", "id"),
    "check_run": ("check_run", "id"),
    "check_suite": ("check_suite", "id"),
    "deployment_status": ("deployment", "id"),
    "status": ("sha",),
}
#: `OK`, or `Invalid HTTP Response: 404`: there was an answer. Anything else is why there was
#: none, and its status (502, or 0) is GitHub's own, not the receiver's.
_ANSWERED: Final = re.compile(r"OK|Invalid HTTP Response.*", re.IGNORECASE)


class GithubAttempts(GithubClient):
    """The part of ForgeAdmin about deliveries."""

    async def attempts(
        self, project_id: str, hook_id: str, *, since: datetime
    ) -> tuple[Attempt, ...]:
        what = self.attempt(f"deliveries of hook {hook_id} of {named(project_id)}", writes=False)
        path = f"{hook_place(project_id, hook_id)}/deliveries"

        async def read(api: Api) -> tuple[Attempt, ...]:
            found: list[Attempt] = []
            async for row in api.getiter(f"{path}?per_page={PAGE}", None):
                one = attempt_of(row)
                if one is None:
                    continue
                if one.at < since or len(found) >= _MOST:
                    break
                found.append(one)
            return tuple(found)

        return await self.call(what, read)

    async def detailed(
        self, project_id: str, hook_id: str, attempts: Sequence[Attempt]
    ) -> tuple[Attempt, ...]:
        """The list does not say what a delivery was about, so each is read; of very many the
        newest, and those that are gone meanwhile stay without."""
        base = f"{hook_place(project_id, hook_id)}/deliveries"
        known: dict[str, str] = {}
        asked = sorted(attempts, key=lambda one: one.at, reverse=True)[:_DETAILED]
        for at in range(0, len(asked), _AT_ONCE):
            part = [one for one in asked[at : at + _AT_ONCE] if one.event in _SUBJECTS]
            what = self.attempt(f"deliveries of hook {hook_id}", writes=False)
            known |= await self.call(what, partial(_subjects, base=base, attempts=part))
        return tuple(replace(one, subject=known.get(one.id, "")) for one in attempts)

    async def resend(self, project_id: str, hook_id: str, attempt_id: str) -> None:
        what = self.attempt(
            f"delivery {attempt_id} of hook {hook_id} of {named(project_id)}", writes=True
        )
        path = f"{hook_place(project_id, hook_id)}/deliveries/{quote(attempt_id, safe='')}/attempts"
        await self.call(what, lambda api: api.post(path, None, data=b""))


def attempt_of(row: Mapping[str, Any]) -> Attempt | None:
    """None for a row without a time."""
    at = parse_time(row.get("delivered_at"))
    if at is None:
        return None
    text, code = said(row.get("status")), row.get("status_code")
    answered = _ANSWERED.fullmatch(text) is not None
    status = code if answered and isinstance(code, int) else 0
    return Attempt(
        id=str(row["id"]),
        key=str(row.get("guid") or ""),
        event=str(row.get("event") or ""),
        at=at,
        status=status,
        error="" if 200 <= status < 300 else text,
    )


async def _subjects(api: Api, *, base: str, attempts: Sequence[Attempt]) -> dict[str, str]:
    async with asyncio.TaskGroup() as group:
        asking = {one.id: group.create_task(_subject(api, base, one)) for one in attempts}
    return {number: task.result() for number, task in asking.items()}


async def _subject(api: Api, base: str, one: Attempt) -> str:
    """What it was about: the same for all events of which only the last tells how it ended."""
    try:
        row = await api.getitem(f"{base}/{quote(one.id, safe='')}", None)
    except BadRequest:
        return ""
    body = (row.get("request") or {}).get("payload") or {}
    found: object = body
    for name in _SUBJECTS[one.event]:
        found = found.get(name) if isinstance(found, dict) else None
    repository = (body.get("repository") or {}).get("id")
    return f"{repository} {one.event} {found}" if found else ""
