"""A push becomes a message in Slack, through real processes, sockets and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.running import Place, Sender, numbers
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
    assert "Alice Moreau pushed" in slack.texts("dev")[0]
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
