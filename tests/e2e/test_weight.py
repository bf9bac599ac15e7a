"""What an idle bot carries: it reads no library that it can do without, not even when it makes
its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running import Place, Process, Sender
    from tests.fakes.slack_server import FakeSlack

#: What commands, secrets, other engines, instances with a token, texts of one's own, Markdown or
#: Slack's first request need.
#: Each is a megabyte of memory, or many: docs/operations.md says what a bot takes.
LATER = (
    *("typer", "rich.console", "alembic", "asyncpg", "sqlalchemy.dialects.postgresql"),
    *("sqlalchemy.orm", "sqlalchemy.ext.asyncio", "cryptography", "anyio._backends"),
    *("slack_sdk", "slack_bolt", "gitlab", "requests", "gidgethub", "nacl", "mistune", "jinja2"),
    *("bot.commands", "bot.slack.listener"),
)


async def test_an_idle_bot_reads_no_library_that_it_can_do_without(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.fresh = True
    async with place.bot(PYTHONPROFILEIMPORTTIME="1") as bot:
        await until(lambda: "watchfiles" in read(bot), "the rules are watched")
        assert await forge.send(bot.url, key="1") == 202
        await until(lambda: bool(slack.texts("dev")), "the message")
        assert await bot.terminate() == 0
        assert sorted(read(bot).intersection(LATER)) == []


def read(bot: Process) -> set[str]:
    """Every module that it has read, and the packages that they are in."""
    told = [line for line in bot.log() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in told}
