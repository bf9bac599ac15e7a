"""What `bot check` asks beyond the file: Slack for its channels, the database for what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.cli.bar import bar
from bot.cli.environment import fail, settings
from bot.cli.recorded import recorded
from bot.cli.running import run_cli, store
from bot.rules.rehearsal import Rehearsal
from bot.rules.rooms import unreachable
from bot.rules.times import duration
from bot.slack.client import SlackChat

if TYPE_CHECKING:
    from bot.model import Fault
    from bot.rules.ruleset import Ruleset


def channels(ruleset: Ruleset) -> tuple[Fault, ...]:
    """Channels that are not there, or that the bot is not in. Ends the command without a token."""
    current = settings()
    token, url = current.slack_bot_token, current.slack_api_url
    if token is None:
        fail("--online asks Slack for its channels: set SLACK_BOT_TOKEN")
    found: list[Fault] = []

    async def main() -> None:
        async with SlackChat.connect(token.reveal(), api_url=url) as chat:
            found.extend(unreachable(ruleset, await chat.rooms()))

    run_cli(main())
    return tuple(found)


def history(ruleset: Ruleset, since: str) -> tuple[Fault, ...]:
    """Rules that want nothing of what is stored. Nothing is sent and nobody is asked."""
    ago = duration(since)
    if not ago:
        fail(f"--history {since}: a duration such as `30d`")
    now = datetime.now(UTC)
    rehearsal = Rehearsal(ruleset)

    async def main() -> None:
        async with store() as opened:
            within = await opened.window(since=now - ago, until=now)
            with bar(within.size) as went:
                async for page in opened.past_deliveries(within):
                    for delivery in page.deliveries:
                        learned = page.learned.get(delivery.id, {})
                        rehearsal.feed(recorded(delivery, {}, learned))
                    went(page.after - within.after)
                    if not rehearsal.left:
                        break

    run_cli(main())
    if not rehearsal.events:
        fail(f"no event of the last {since} is stored")
    return rehearsal.faults(since)
