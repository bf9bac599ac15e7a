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
    from tests.e2e.running import Place, Sender
    from tests.fakes.slack_server import FakeSlack
    from tests.postgres import Server

pytestmark = pytest.mark.timeout(180)


async def test_a_server_whose_connections_break_loses_and_doubles_nothing(
    on_postgres: Place, slack: FakeSlack, forge: Sender, postgres_server: Server
) -> None:
    """They are cut, then it crashes and comes back."""
    on_postgres.rules.write_text(RULES)
    database = urlsplit(on_postgres.settings["DATABASE_URL"]).path.lstrip("/")
    harms = iter((lambda: postgres_server.cut(database), postgres_server.restart))
    load = Load(forge, slack)
    await under_load(on_postgres, load, lambda: next(harms)(), times=2)
    assert (load.lost(), load.strayed(), load.inversions(), load.doubled()) == ([], [], 0, 0)
    assert set(load.refusals) <= {503}


async def test_a_worker_that_slept_through_its_lease_is_fenced_off_when_it_wakes(
    on_postgres: Place, slack: FakeSlack, forge: Sender
) -> None:
    """In the middle of a call that Slack carried out, and of one that it did not."""
    on_postgres.rules.write_text(RULES)
    load = Load(forge, slack)
    async with on_postgres.bot("web") as web, on_postgres.bot("worker") as sleeper:
        load.url = web.url
        for times, recorded in ((1, True), (2, False)):
            called = len(slack.called("chat.postMessage"))
            slack.fail("chat.postMessage", slack_faults.hang(record=recorded))
            assert await load.send(8 * times)
            await until(
                lambda n=called: len(slack.called("chat.postMessage")) > n,  # type: ignore[misc]  # lambda's default
                "it is in the middle of a call",
            )
            os.kill(sleeper.pid, signal.SIGSTOP)
            await on_postgres.expire_leases()
            async with on_postgres.bot("worker") as other:
                assert await load.send(8 * times + 4)
                await until(lambda n=times: 8 * n + 4 in load.posted("dev"), "the other goes on")  # type: ignore[misc]  # lambda's default
                os.kill(sleeper.pid, signal.SIGCONT)
                await until(
                    lambda n=times: len(sleeper.events("lease lost")) >= n,  # type: ignore[misc]  # lambda's default
                    "it is told to keep out",
                )
                assert await other.terminate() == 0
        assert await load.send(24)
        await until(lambda: 24 in load.posted("dev"), "awake, it works again")
    assert load.posted("dev") == [8, 12, 16, 20, 24]
