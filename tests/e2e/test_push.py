"""A push becomes a message in Slack, through real processes, sockets and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import Place, Sender, numbers
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)


async def test_a_signed_push_becomes_a_message(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with place.bot() as bot:
        assert await forge.send(bot.url, "push", key="1") == 202
        await until(lambda: bool(slack.texts("dev")), "the message")
    assert "pushed 2 commits to `main`" in slack.texts("dev")[0]
    assert "shop/api" in slack.texts("dev")[0]


async def test_a_repeated_push_becomes_one_message(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with place.bot() as bot:
        for key in ("1", "1", "2"):
            assert await forge.send(bot.url, key=key, branch=f"number-{key}-") == 202
        await until(lambda: 2 in numbers(slack), "the second push")
    assert numbers(slack) == [1, 2]


async def test_an_unsigned_push_becomes_nothing(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with place.bot() as bot:
        assert await forge.send(bot.url, key="1", branch="number-1-", secret="no") == 401
        assert await forge.number(bot.url, 2)
        await until(lambda: bool(numbers(slack)), "the signed push")
    assert numbers(slack) == [2]


async def test_one_web_and_two_workers_share_a_postgresql(
    on_postgres: Place, slack: FakeSlack, forge: Sender
) -> None:
    async with (
        on_postgres.bot("worker") as one,
        on_postgres.bot("worker") as other,
        on_postgres.bot("web") as web,
    ):
        for number in range(20):
            assert (
                await forge.send(
                    web.url,
                    key=f"{number}",
                    branch=f"number-{number}-",
                    project=f"shop/project-{number % 4}",
                )
                == 202
            )
        await until(lambda: len(numbers(slack)) == 20, "twenty messages")
        assert (one.running, other.running) == (True, True)
    assert sorted(numbers(slack)) == list(range(20))
    for project in range(4):
        assert _of_project(numbers(slack), project) == list(range(project, 20, 4))


def _of_project(posted: list[int], project: int) -> list[int]:
    return [number for number in posted if number % 4 == project]


CARDS = """\
version: 1
channels:
  secret: {id: "#secret", confidential: true}
rules:
  - name: merge requests
    on: mr
    card: {to: "#dev", follow: [comments, reviews, state, pipeline]}
  - name: confidential issues
    on: issue
    confidential: true
    post: secret
  - name: issues
    on: issue
    post: "#ci"
"""
#: With how many messages there are then: what Bob says at once is one reply.
STORY = {"mr.opened": 1, "comment.mr": 2, "mr.approved": 2, "mr.merged": 3}


@pytest.mark.parametrize("listed", [True, False])
async def test_a_merge_request_is_one_live_message_with_its_thread(
    place: Place, slack: FakeSlack, forge: Sender, listed: bool
) -> None:
    """Also where the bot may not list channels, and learns their ids from its own messages."""
    place.rules.write_text(CARDS)
    if not listed:
        slack.fail("conversations.list", *[slack_faults.error("unknown_method")] * 50)
    async with place.bot() as bot:
        for name, count in STORY.items():
            assert await forge.send(bot.url, name, key=name) == 202
            # One after the other, as in life: each finds what the one before left.
            await until(lambda n=count: len(slack.messages("dev")) >= n, name)  # type: ignore[misc]  # lambda's default

        def shown() -> bool:
            return {"white_check_mark", "tada"} <= slack.messages("dev")[0].reactions.keys()

        await until(shown, "the reactions")
    card, *replies = slack.messages("dev")
    assert len(card.edits) >= 1
    assert [reply.thread_ts for reply in replies] == [card.ts] * 2
    assert "approved" in replies[0].text


@pytest.mark.parametrize("listed", [True, False])
async def test_confidential_issues_reach_declared_channels_only(
    place: Place, slack: FakeSlack, forge: Sender, listed: bool
) -> None:
    place.rules.write_text(CARDS)
    if not listed:
        slack.fail("conversations.list", *[slack_faults.error("unknown_method")] * 50)
    async with place.bot() as bot:
        assert await forge.send(bot.url, "issue.opened", key="1", confidential=True) == 202
        assert await forge.send(bot.url, "issue.closed", key="2") == 202
        await until(lambda: bool(slack.messages("ci")), "the open issue")
        await until(lambda: bool(slack.messages("secret")), "the confidential issue")
        assert await bot.terminate() == 0
    assert len(slack.messages("secret")) == 1
    assert len(slack.messages("ci")) == 1
