"""What GitLab remembers of a hook's deliveries, and how to have one sent again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bot.errors import ContentRefused, TargetRefused
from bot.forges.gitlab_client import NO_WAITING, GitlabClient
from bot.forges.gitlab_errors import said
from bot.forges.gitlab_places import named, place
from bot.outside import Attempt
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PAGE: Final = 100
#: GitLab keeps seven days; of a busy hook more pages than these are not read.
_PAGES: Final = 20


class GitlabAttempts(GitlabClient):
    """The part of ForgeAdmin about deliveries."""

    async def attempts(
        self, project_id: str, hook_id: str, *, since: datetime
    ) -> tuple[Attempt, ...]:
        found: list[Attempt] = []
        at = datetime.now(UTC)
        for page in range(1, _PAGES + 1):
            rows = await self._attempts_page(project_id, hook_id, page)
            for row in rows:
                # Many versions tell no time: it is then no later than that of the one after it.
                at = min(at, _time(row) or at)
                if at < since:
                    return tuple(found)
                found.append(_attempt(row, min(at, _happened(row) or at)))
            if len(rows) < _PAGE:
                break
        return tuple(found)

    async def detailed(
        self,
        project_id: str,  # noqa: ARG002 - the port's
        hook_id: str,  # noqa: ARG002 - the port's
        attempts: Sequence[Attempt],
    ) -> tuple[Attempt, ...]:
        return tuple(attempts)  # GitLab's list tells everything.

    async def resend(self, project_id: str, hook_id: str, attempt_id: str) -> None:
        attempt = self.attempt(
            f"delivery {attempt_id} of hook {hook_id} of {named(project_id)}", writes=True
        )
        path = f"{_events(project_id, hook_id)}/{quote(attempt_id, safe='')}/resend"
        answer: Any = await self.call(attempt, lambda gl: gl.http_post(path, **NO_WAITING))
        status = said(answer.get("response_status")) if isinstance(answer, dict) else ""
        if status and not status.startswith("2"):
            raise ContentRefused(
                f"GitLab sent delivery {attempt_id} again and was answered {status}",
                code="undelivered",
            )

    async def _attempts_page(
        self, project_id: str, hook_id: str, page: int
    ) -> list[Mapping[str, Any]]:
        attempt = self.attempt(f"deliveries of hook {hook_id} of {named(project_id)}", writes=False)
        query = {"per_page": _PAGE, "page": page}
        path = _events(project_id, hook_id)
        try:
            rows: Any = await self.call(attempt, lambda gl: gl.http_get(path, query, **NO_WAITING))
        except TargetRefused as error:
            if error.code != "404" or page > 1:
                raise
            return []  # Before GitLab 17.3 there is no such list.
        return list(rows) if isinstance(rows, list) else []


def _events(project_id: str, hook_id: str) -> str:
    return f"{place(project_id)}/hooks/{quote(hook_id, safe='')}/events"


def _attempt(row: Mapping[str, Any], at: datetime) -> Attempt:
    headers = _headers(row, "request_headers")
    status = str(row.get("response_status") or "")
    code = int(status) if status.isascii() and status.isdecimal() else 0
    return Attempt(
        id=str(row.get("id") or ""),
        key=headers.get("idempotency-key", ""),
        event=headers.get("x-gitlab-event", ""),
        at=at,
        status=code,
        error="" if 200 <= code < 300 else said(row.get("response_body")) or status,
        subject=_subject(row.get("request_data")),
    )


def _subject(body: object) -> str:
    if not isinstance(body, dict):
        return ""
    kind = str(body.get("object_kind") or "")
    held = body.get("object_attributes")
    attributes = held if isinstance(held, dict) else {}
    if kind == "note":
        return ""  # Each comment is its own.
    number = attributes.get("iid") or attributes.get("ref") or body.get("ref")
    project = body.get("project_id") or (body.get("project") or {}).get("id")
    return f"{project} {kind} {number}" if kind and number else ""


def _time(row: Mapping[str, Any]) -> datetime | None:
    sent = _headers(row, "request_headers").get("webhook-timestamp", "")
    if sent.isascii() and sent.isdecimal():
        return parse_time(int(sent))
    return parse_time(row.get("created_at"))


def _happened(row: Mapping[str, Any]) -> datetime | None:
    """When that happened which it tells of; a commit may be much older than its push."""
    held = row.get("request_data")
    body = held if isinstance(held, dict) else {}
    attributes = body.get("object_attributes")
    places = (attributes if isinstance(attributes, dict) else {}, body)
    for name in ("finished_at", "updated_at", "created_at"):
        for place_ in places:
            found = parse_time(place_.get(name))
            if found is not None:
                return found
    return None


def _headers(row: Mapping[str, Any], name: str) -> dict[str, str]:
    held = row.get(name)
    return {str(k).lower(): str(v) for k, v in held.items()} if isinstance(held, dict) else {}
