"""One call of Slack's Web API: its trouble in our words, and the way to its next page."""

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


def next_page(answer: AsyncSlackResponse) -> str | None:
    return (answer.get("response_metadata") or {}).get("next_cursor") or None
