"""Which workspace is ours: Slack is asked once, with the bot's own token."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import CallError
from bot.slack.sdk import call, web_client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from bot.model import Json

#: Slack wants a command acknowledged within three seconds in all.
_ASK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Home:
    team: str
    #: The organisation, when the app is installed in all of it.
    enterprise: str | None


class Home:
    def __init__(self, token: str, *, api_url: str) -> None:
        self._client = web_client(token, api_url=api_url)
        self._home: _Home | None = None

    async def is_of(self, body: Mapping[str, Json]) -> bool:
        """Whether a request comes from there, and from somebody there.

        While Slack does not say where that is, its signature has to do.
        """
        home = await self._learnt()
        if home is None:
            return True
        team, enterprise = _sender(body, "team"), _sender(body, "enterprise")
        member = (body.get("user") or {}).get("team_id") or team
        if home.enterprise is not None and enterprise == home.enterprise:
            return True
        return team == member == home.team

    async def _learnt(self) -> _Home | None:
        if self._home is None:
            try:
                async with asyncio.timeout(_ASK_S):
                    said = await call(self._client.auth_test(), method="auth.test", target="Slack")
            except (CallError, TimeoutError):
                return None
            if said.get("team_id"):
                self._home = _read(said)
        return self._home


def _read(said: AsyncSlackResponse) -> _Home:
    whole = said.get("is_enterprise_install") is True
    enterprise = str(said.get("enterprise_id") or "") if whole else ""
    return _Home(team=str(said["team_id"]), enterprise=enterprise or None)


def _sender(body: Mapping[str, Json], what: str) -> str:
    """Commands name it flat, interactions as an object, which may be null."""
    flat = body.get(f"{what}_id")
    return str(flat or (body.get(what) or {}).get("id") or "")
