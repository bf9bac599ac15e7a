"""What comes to `/slack/events` of a real process and is not, or no longer, Slack's wish."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.running import Place, Process
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)


async def _post(bot: Process, body: str, headers: Mapping[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{bot.url}/slack/events", data=body, headers=headers) as answer,
    ):
        return answer.status


def _typed(slack: FakeSlack, text: str, **changes: str) -> str:
    where = slack.workspace.channel("general")
    return urlencode(slack.commands.form(text, user="U0ALICE", channel=where) | changes)


async def test_a_signed_command_that_comes_again_is_carried_out_once(
    place: Place, slack: FakeSlack
) -> None:
    """Also after a restart: whoever recorded it has five minutes to send it again."""
    body = _typed(slack, "/hook mute shop/api")
    signed = slack.commands.signed(body)
    async with place.bot() as bot:
        assert [await _post(bot, body, signed) for _ in range(2)] == [200, 200]
        await until(lambda: len(bot.events("command carried out")) == 1, "it is carried out")
        assert await bot.terminate() == 0
    async with place.bot() as bot:
        assert await _post(bot, body, signed) == 200
        await slack.command(bot.url, "/hook help")
        await until(lambda: len(slack.answers) == 2, "the answer to another one")
        [done] = bot.events("command carried out")
        assert done["outcome"] == "done"
    assert len(slack.answers) == 2


async def test_what_slack_did_not_sign_for_this_workspace_is_refused(
    place: Place, slack: FakeSlack
) -> None:
    body = _typed(slack, "/hook list")
    signed = slack.commands.signed(body)
    foreign = _typed(slack, "/hook list", team_id="T0ELSEWHERE")
    stamp = "X-Slack-Request-Timestamp"
    async with place.bot() as bot:
        assert await _post(bot, body, {}) == 401
        assert await _post(bot, f"{body}&x=1", signed) == 401
        for wrong in ("", "soon", "-1", "1e9", "٣", "9" * 400):
            assert await _post(bot, body, signed | {stamp: wrong}) in {400, 401}
        assert await _post(bot, body, slack.commands.signed(body, at="1700000000")) == 401
        assert await _post(bot, foreign, slack.commands.signed(foreign)) == 403
        assert await _post(bot, body, signed) == 200
        await until(lambda: len(slack.answers) == 1, "the answer to the good one")
    assert len(slack.answers) == 1
