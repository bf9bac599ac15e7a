"""Whatever Slack answers, messages arrive once and in order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.e2e import load
from tests.e2e.running import Place, Sender, numbers
from tests.e2e.storms import Storm
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_faults import Fault
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)

THREE: list[str] = ["dev", "ci", "general"]
RULES = """\
version: 1
rules:
  - name: pushes
    on: push
    post: ["#dev", "#ci", "#general"]
"""

#: Three at a time: each of the three channels meets one of them.
FAULTS: list[tuple[Fault, Fault, Fault]] = [
    (
        slack_faults.status(500),
        slack_faults.status(503, record=True),
        slack_faults.rate_limited("1"),
    ),
    (
        slack_faults.reset(record=True),
        slack_faults.page(),
        slack_faults.page(record=True),
    ),
    (
        slack_faults.garbage(),
        slack_faults.garbage(b"[1]", record=True),
        slack_faults.error("internal_error", record=True),
    ),
    (
        slack_faults.reset(),
        slack_faults.words(record=True),
        slack_faults.rate_limited(None),
    ),
]


async def test_failures_delay_and_neither_lose_double_nor_reorder(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    async with place.bot() as bot:
        for round_, faults in enumerate(FAULTS):
            slack.fail("chat.postMessage", *faults)
            for number in (2 * round_, 2 * round_ + 1):
                assert await forge.number(bot.url, number)
            await until(lambda n=number: _everywhere(slack, n), f"number {number} everywhere")  # type: ignore[misc]  # lambda's default
    for channel in THREE:
        assert numbers(slack, channel) == list(range(2 * len(FAULTS)))


def _everywhere(slack: FakeSlack, number: int) -> bool:
    return all(number in numbers(slack, channel) for channel in THREE)


async def test_bad_weather_delays_and_nobody_calls_before_the_time_that_was_told(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(load.RULES)
    under = load.Load(forge, slack)
    weather = await Storm(place, under, random.Random(3)).rage(messages=24)
    assert weather.early == []
    assert weather.met["429"] > 0
    assert (under.lost(), under.strayed(), under.refusals) == ([], [], [])
    assert (under.inversions(), under.doubled()) == (0, 0)


async def test_a_call_without_an_answer_is_looked_for(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    slack.fail("chat.postMessage", slack_faults.hang(record=True))
    async with place.bot() as bot:
        for number in range(3):
            assert await forge.number(bot.url, number)
        await until(lambda: 2 in numbers(slack), "the messages behind it")
    assert numbers(slack) == [0, 1, 2]


async def test_a_slack_that_is_down_at_the_start_delays_only(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    slack.fail("conversations.list", slack_faults.status(503), slack_faults.status(503))
    slack.fail("chat.postMessage", slack_faults.status(503))
    async with place.bot() as bot:
        for number in range(5):
            assert await forge.number(bot.url, number)
        await until(lambda: len(numbers(slack)) == 5, "all of them")
    assert numbers(slack) == list(range(5))


async def test_a_channel_that_refuses_holds_no_other_and_is_told(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES.replace('"#ci"', '"#old"'))
    place.settings["ADMIN_CHANNEL"] = "#secret"
    async with place.bot() as bot:
        for number in range(3):
            assert await forge.number(bot.url, number)
        await until(lambda: len(numbers(slack, "general")) == 3, "the other channels")
        await until(lambda: len(bot.events("action given up")) == 3, "the dead letters")
        assert await bot.terminate() == 0
    async with place.bot() as bot:
        await until(lambda: bool(slack.messages("secret")), "the notice")
    [notice] = slack.messages("secret")
    assert "3 messages to" in str(notice.blocks)
    assert "archived" in str(notice.blocks)
    listed = await place.command("outbox", "list", "--state", "dead", "--json")
    assert listed.out.count("is_archived") == 3
