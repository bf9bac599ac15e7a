"""`bot check` that asks Slack and the database too."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.cli.test_backtest import Shell, shell
from tests.fakes.slack_server import TOKEN, FakeSlack

if TYPE_CHECKING:
    import pytest

__all__ = ["shell"]

RULES = """\
channels: {dev: C0DEV}
rules:
  - {name: pushes, on: push, post: dev}
  - {name: merges, on: mr.merged, post: "#elsewhere"}
"""


async def test_it_asks_slack_for_the_channels(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write("rules.yaml", RULES)
    async with FakeSlack() as slack:
        monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
        monkeypatch.setenv("SLACK_SIGNING_SECRET", "a-secret")
        monkeypatch.setenv("SLACK_API_URL", slack.url)
        code, told = await asyncio.to_thread(shell.bot, "check", "--online", "--format", "json")
    assert code == 0, told
    (fault,) = json.loads(told)
    assert (fault["file"], fault["line"], fault["column"]) == ("rules.yaml", 4, 5)
    assert fault["text"] == "the bot is not in #elsewhere: nothing but plain posts gets there"


def test_without_a_token_it_cannot_ask_slack(shell: Shell) -> None:
    code, told = shell.bot("check", "--online")
    assert code == 2
    assert "set SLACK_BOT_TOKEN" in told


def test_it_asks_the_database_which_rules_want_nothing(shell: Shell) -> None:
    shell.kept("push", "mr.opened")
    shell.write("rules.yaml", RULES)
    code, told = shell.bot("check", "--history", "30d")
    assert code == 0
    assert "4:5  warning  rule `merges` wants none of the 2 events of the last 30d" in told
    assert "rule `pushes`" not in told


def test_without_history_there_is_nothing_to_ask(shell: Shell) -> None:
    assert shell.bot("check", "--history", "30d")[0] == 2
    code, told = shell.bot("check", "--history", "soon")
    assert code == 2
    assert "a duration such as `30d`" in told
