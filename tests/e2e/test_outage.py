"""What GitLab could not deliver while the bot was away is fetched in order and says it is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import Place
from tests.fakes.gitlab_server import GitlabServer
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)


async def test_pushes_of_an_outage_come_late_and_once(
    place: Place, slack: FakeSlack, gitlab: GitlabServer
) -> None:
    gitlab.add("shop/api")
    place.reached_by(GITLAB_URL=gitlab.url, GITLAB_TOKEN=gitlab.token, HOOKS_CHECK_S="5")
    async with place.bot() as bot:
        await slack.command(bot.url, "/hook add shop/api")
        await until(lambda: bool(slack.answers), "the answer")
        assert await gitlab.push("shop/api", titles=("Before",)) == [202]
        await until(lambda: len(slack.messages("dev")) == 1, "the push before")
        assert await bot.terminate() == 0
    for number in range(4):
        assert await gitlab.push("shop/api", titles=(f"Lost {number}",)) == [0]
    (hook,) = gitlab.hooks("shop/api")
    assert hook.health == "temporarily_disabled"
    async with place.bot():
        await until(lambda: len(slack.messages("dev")) == 5, "the pushes of the outage")
        assert hook.health == "executable"
        assert await gitlab.push("shop/api", titles=("After",)) == [202]
        await until(lambda: len(slack.messages("dev")) == 6, "the push after")
    said = [f"{message.blocks} {message.attachments}" for message in slack.messages("dev")]
    titles = ["Before", *(f"Lost {n}" for n in range(4)), "After"]
    assert [title for title, words in zip(titles, said, strict=True) if title in words] == titles
    assert ["late: this was at" in words for words in said] == [False, *[True] * 4, False]
