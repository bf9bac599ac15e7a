"""A PostgreSQL that goes away and comes back, and a worker that sleeps longer than its lease."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.e2e.harm import under_load
from tests.e2e.load import RULES, Load
from tests.fakes import slack_faults
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.e2e.running import Place, Sender
    from tests.fakes.slack_server import FakeSlack
    from tests.postgres import Server

pytestmark = pytest.mark.timeout(180)


async def _lossless(
    place: Place, load: Load, harm: Callable[[], Awaitable[None]], *, times: int
) -> None:
    place.rules.write_text(RULES)
    await under_load(place, load, harm, times=times)
    assert (load.lost(), load.strayed(), load.inversions(), load.doubled()) == ([], [], 0, 0)
    assert set(load.refusals) <= {503}


async def test_connections_that_are_cut_lose_and_double_nothing(
    on_postgres: Place, slack: FakeSlack, forge: Sender, postgres_server: Server
) -> None:
    database = urlsplit(on_postgres.settings["DATABASE_URL"]).path.lstrip("/")
    load = Load(forge, slack)
    await _lossless(on_postgres, load, lambda: postgres_server.cut(database), times=3)


async def test_a_server_that_crashes_and_comes_back_loses_and_doubles_nothing(
    on_postgres: Place, slack: FakeSlack, forge: Sender, postgres_server: Server
) -> None:
    await _lossless(on_postgres, Load(forge, slack), postgres_server.restart, times=1)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_worker_that_slept_through_its_lease_is_fenced_off_when_it_wakes(
    on_postgres: Place, slack: FakeSlack, forge: Sender, recorded: bool
) -> None:
    on_postgres.rules.write_text(RULES)
    load = Load(forge, slack)
    slack.fail("chat.postMessage", slack_faults.hang(record=recorded))
    async with on_postgres.bot("web") as web, on_postgres.bot("worker") as sleeper:
        load.url = web.url
        assert await load.send(0)
        await until(lambda: bool(slack.called("chat.postMessage")), "it is in the middle of a call")
        os.kill(sleeper.pid, signal.SIGSTOP)
        await on_postgres.expire_leases()
        async with on_postgres.bot("worker") as other:
            for number in (4, 8):
                assert await load.send(number)
            await until(lambda: load.posted("dev") == [0, 4, 8], "the other one goes on")
            os.kill(sleeper.pid, signal.SIGCONT)
            await until(lambda: bool(sleeper.events("lease lost")), "it is told to keep out")
            assert await other.terminate() == 0
        assert await load.send(12)
        await until(lambda: 12 in load.posted("dev"), "awake, it works again")
    assert load.posted("dev") == [0, 4, 8, 12]
