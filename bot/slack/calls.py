"""A call through slack_sdk: its trouble in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import tracing
from bot.slack.taxonomy import TROUBLE, translate

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from slack_sdk.web.async_slack_response import AsyncSlackResponse


async def call(
    sent: Awaitable[AsyncSlackResponse], *, method: str, target: str
) -> AsyncSlackResponse:
    """Raises CallError."""
    with tracing.call(f"slack {method}"):
        try:
            return await sent
        except TROUBLE as error:
            raise translate(error, method=method, target=target) from error
