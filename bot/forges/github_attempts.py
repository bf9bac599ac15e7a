"""What GitHub remembers of a hook's deliveries, and how to have one sent again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.forges.github_client import PAGE, GithubClient
from bot.forges.github_errors import said
from bot.forges.github_places import hook_place, named
from bot.outside import Attempt
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.forges.github_client import Api

#: Of a busy hook more deliveries than these are not read.
_MOST: Final = 2000
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
