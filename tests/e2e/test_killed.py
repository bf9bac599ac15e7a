"""Processes that die at any moment, or are told to stop, lose nothing and double nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.e2e.killing import Killing
from tests.e2e.load import RULES, Load
from tests.e2e.running import Place, Sender, numbers
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)


async def test_kills_under_load_lose_nothing_and_keep_the_order(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    killing = Killing(place, load, random.Random(1))
    await killing.of_one_process(6)
    assert (load.lost(), load.strayed(), load.refusals) == ([], [], [])
    assert load.inversions() == 0
    # What Slack takes in after the next process looked for it, as it may on a busy machine.
    assert load.doubled() <= killing.kills


async def test_killed_processes_on_postgresql_lose_nothing_and_keep_the_order(
    on_postgres: Place, slack: FakeSlack, forge: Sender
) -> None:
    on_postgres.rules.write_text(RULES)
    load = Load(forge, slack)
    killing = Killing(on_postgres, load, random.Random(7))
    await killing.of_several(4)
    assert (load.lost(), load.strayed(), load.refusals) == ([], [], [])
    assert load.inversions() == 0
    # A worker that lives loses its leases here too, with whatever call it is in.
    assert load.doubled() <= killing.kills


async def test_a_message_recorded_just_before_the_kill_is_found_again(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    slack.fail("chat.postMessage", slack_faults.hang(record=True))
    async with place.bot() as bot:
        assert await forge.number(bot.url, 1)
        await until(lambda: numbers(slack) == [1], "Slack has it")
        await bot.kill()
    async with place.bot() as bot:
        assert await forge.number(bot.url, 2)
        await until(lambda: 2 in numbers(slack), "the next one")
    assert numbers(slack) == [1, 2]
