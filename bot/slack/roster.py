"""Who and what there is in the workspace: channels and who reads there, members, user groups."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from bot.errors import CredentialRefused, Refused
from bot.outside import Room
from bot.slack.wire import next_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Json
    from bot.slack.wire import Wire

_PAGE: Final = 999
#: Of a listing: an end, whatever the other side says.
_PAGES: Final = 20
#: Before sending: how old the answer may be who reads a channel.
_SHARED_AGE_S: Final = 120.0


class Roster:
    """Listed at most as often as its users allow."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        #: By name, without `#`.
        self.ids: dict[str, str] = {}
        self.rooms: tuple[Room, ...] = ()
        #: By id: whether people of another organisation read there.
        self._shared: dict[str, bool] = {}
        #: The same of channels that no listing shows, and when it was asked.
        self._asked: dict[str, tuple[bool, float]] = {}
        self._listed_at: float | None = None
        self._listing = asyncio.Lock()

    @property
    def shared(self) -> frozenset[str]:
        return frozenset(channel for channel, shared in self._shared.items() if shared)

    async def list_channels(self, *, max_age_s: float) -> None:
        async with self._listing:
            if self._listed_at is not None and time.monotonic() - self._listed_at < max_age_s:
                return
            try:
                found = await self._listed("public_channel,private_channel")
            except CredentialRefused as error:
                if error.code != "missing_scope":
                    raise
                found = await self._listed("public_channel")
            self.ids = {one["name"]: one["id"] for one in found}
            self._shared = {one["id"]: is_foreign(one) for one in found}
            self.rooms = tuple(
                Room(id=one["id"], name=one["name"], joined=bool(one.get("is_member")))
                for one in found
            )
            self._listed_at = time.monotonic()

    async def is_shared(self, channel: str) -> bool:
        """By id. Raises CallError when it cannot be known."""
        await self.list_channels(max_age_s=_SHARED_AGE_S)
        if channel in self._shared:
            return self._shared[channel]
        known, asked_at = self._asked.get(channel, (False, None))
        if asked_at is None or time.monotonic() - asked_at >= _SHARED_AGE_S:
            answer = await self._wire.call("conversations.info", target=channel, channel=channel)
            known = is_foreign(answer.get("channel") or {})
            self._asked[channel] = known, time.monotonic()
        return known

    async def member(self, email: str) -> str | None:
        """The id of the member with exactly that address; None when there is none."""
        try:
            answer = await self._wire.call("users.lookupByEmail", target="a member", email=email)
        except Refused as error:
            if error.code == "users_not_found":
                return None
            raise
        user: Mapping[str, Json] = answer.get("user") or {}
        alive = not user.get("deleted") and not user.get("is_bot")
        return str(user["id"]) if alive and user.get("id") else None

    async def teams(self) -> dict[str, str]:
        """Ids of user groups by lower-case handle."""
        answer = await self._wire.call("usergroups.list", target="the workspace")
        found = answer.get("usergroups") or ()
        return {str(one["handle"]).lower(): str(one["id"]) for one in found if one.get("handle")}

    async def _listed(self, types: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = await self._wire.call(
                "conversations.list",
                target="the workspace",
                types=types,
                exclude_archived=True,
                limit=_PAGE,
                cursor=cursor,
            )
            found += answer.get("channels") or ()
            cursor = next_page(answer)
            if cursor is None:
                break
        return found


def is_foreign(channel: Mapping[str, Any]) -> bool:
    """Whether people of another organisation read there, or are invited to. A channel that the
    workspaces of one organisation share is its own.

    Source: Slack docs, "Conversation object" (read 2026-11).
    """
    if channel.get("is_ext_shared") or channel.get("is_pending_ext_shared"):
        return True
    return bool(channel.get("is_shared")) and not channel.get("is_org_shared")
