"""What may still be sent when its turn comes: the rules and who reads in the channel, as of now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import CredentialRefused, NotSent
from tests.worker.test_delivering import OPEN

if TYPE_CHECKING:
    from tests.worker.bench import Bench

SHARED_OK = """
channels: {dev: {id: C0DEV, shared: ok}}
rules: []
"""


async def reasons(bench: Bench) -> list[str | None]:
    return [item.error for item in await bench.items("dropped")]


@pytest.mark.parametrize("channel", ["#dev", "C0DEV"])
async def test_what_is_private_is_dropped_where_others_came_to_read(
    bench: Bench, channel: str
) -> None:
    bench.use(OPEN)
    bench.chat.foreign = {"C0DEV"}
    await bench.plan("internal", channel=channel, private=True)
    await bench.plan("public", channel=channel)
    await bench.send()
    assert bench.said() == ["public"]
    (reason,) = await reasons(bench)
    assert "is shared with another organisation" in (reason or "")


async def test_where_only_the_organisation_reads_it_goes(bench: Bench) -> None:
    await bench.plan("internal", channel="#dev", private=True)
    await bench.send()
    assert bench.said() == ["internal"]


async def test_a_channel_declared_for_it_gets_it(bench: Bench) -> None:
    bench.use(SHARED_OK)
    bench.chat.foreign = {"C0DEV"}
    await bench.plan("internal", channel="#dev", private=True)
    await bench.send()
    assert bench.said() == ["internal"]


async def test_nothing_is_sent_until_it_is_known_who_reads(bench: Bench) -> None:
    await bench.plan("internal", channel="#dev", private=True)
    bench.chat.fail("is_shared", NotSent("Slack is away", code="unreachable"))
    await bench.send()
    assert bench.said() == []
    await bench.send_all()
    assert bench.said() == ["internal"]


async def test_without_the_scope_to_ask_nothing_private_is_sent(bench: Bench) -> None:
    await bench.plan("internal", channel="#dev", private=True)
    bench.chat.fail("is_shared", CredentialRefused("no scope", code="missing_scope"))
    await bench.send()
    assert bench.said() == []
    (item,) = await bench.items("dead")
    assert item.error == "no scope"


async def test_who_switched_messages_off_meanwhile_gets_none(bench: Bench) -> None:
    bench.chat.known["alice"] = "U0ALICE01"
    await bench.store.set_quiet("U0ALICE01", quiet=True, now=bench.clock.now())
    await bench.plan("hello", verb="dm", channel="U0ALICE01")
    await bench.send()
    assert bench.said() == []
    assert await reasons(bench) == ["they want no direct messages"]
