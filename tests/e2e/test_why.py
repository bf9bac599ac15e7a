"""Why a message is here, asked in Slack of a real process and answered there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.slack_commands import Ack
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.e2e.running import Place, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)

_RULES = """\
version: 1
channels: {dev: "#dev", ci: "#ci"}
rules:
  - name: news
    on: mr
    once: mr
    post: dev
  - name: backend
    on: mr
    if: {labels: backend}
    post: ci
"""
_PAGE = "https://gitlab.example.com/shop/api/-/merge_requests/7"


async def _answer(slack: FakeSlack, asking: Awaitable[Ack | int]) -> str:
    """What is shown to whoever asked, and to nobody else."""
    before = len(slack.answers)
    acknowledged = await asking
    assert (acknowledged.status if isinstance(acknowledged, Ack) else acknowledged) == 200
    await until(lambda: len(slack.answers) > before, "the answer")
    answer: dict[str, Any] = slack.answers[-1]
    assert answer["response_type"] == "ephemeral"
    return f"{answer['text']} {answer.get('blocks')} {answer.get('attachments')}"


async def test_a_link_a_page_and_the_shortcut_are_answered_with_every_rules_outcome(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(_RULES)
    place.settings["GITLAB_URL"] = "https://gitlab.example.com"
    dev = slack.workspace.channel("dev")
    async with place.bot() as bot:
        assert await forge.send(bot.url, "mr.opened", key="1") == 202
        await until(lambda: bool(slack.texts("dev")), "the message")
        assert await forge.send(bot.url, "mr.pushed", key="2") == 202
        await until(lambda: len(bot.events("delivery decided")) == 2, "the push is decided")
        [message] = slack.messages("dev")
        link = f"https://team.slack.com/archives/{dev.id}/p{message.ts.replace('.', '')}"
        by_link = await _answer(
            slack, slack.command(bot.url, f"/hook why {link}", user="U0BOB", channel="dev")
        )
        by_shortcut = await _answer(
            slack, slack.commands.choose(bot.url, "why", message.ts, user="U0BOB", channel=dev)
        )
        by_page = await _answer(slack, slack.command(bot.url, f"/hook why {_PAGE}"))
        elsewhere = await _answer(
            slack, slack.command(bot.url, f"/hook why {link}", user="U0BOB", channel="general")
        )
    assert "*mr.opened* in shop/api" in by_link
    assert "✓ *news*" in by_link
    assert f"posted (ts {message.ts})" in by_link
    assert "labels: backend" in by_link
    assert by_shortcut == by_link
    assert "mr.pushed" in by_page
    assert "◌ *news*  rules.yaml:4  matched, withheld: once" in by_page
    assert "labels: backend" in by_page
    assert "news" not in elsewhere
