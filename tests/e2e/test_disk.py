"""A disk that fails under a running bot: refused, told, and over when the disk is well again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e import traced
from tests.e2e.disks import (
    WRITES,
    check,
    locked,
    log_of,
    small_disk,
    status_of,
    text_of,
    told,
    unmountable,
)
from tests.e2e.load import RULES, Load
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running import Place, Process, Sender
    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(180)

#: What the kernel answers for every such call on the database's files.
FAULTS: Final = {
    "full": f"{WRITES}:error=ENOSPC",
    "read-only": f"{WRITES}:error=EROFS",
    "broken while writing": f"{WRITES}:error=EIO",
    "broken while syncing": "fdatasync,fsync:error=EIO",
}
#: Of the disk under the database: more than its log grows to before it begins anew.
_MEGABYTES: Final = 64


@pytest.mark.skipif(traced.impossible() is not None, reason=traced.impossible() or "")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_what_cannot_be_written_is_refused_and_told_until_it_can(
    place: Place, slack: FakeSlack, forge: Sender, fault: str
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    async with place.bot() as bot:
        load.url = bot.url
        await _send(load, 0, 4)
        await load.arrive()
        async with traced.injected(bot.pid, fault, place.database, log_of(place)):
            assert [await _status(load, number) for number in range(4, 8)] == [503] * 4
            assert await told(bot)
            assert 'outcome="503"} 4.0' in await text_of(bot, "/metrics")
        await _send(load, 4, 8)
        await load.arrive()
        assert await status_of(bot, "/readyz") == 200
    assert [load.posted(name) for name in ("dev", "ci")] == [[0, 4], [1, 5]]
    assert (load.lost(), load.doubled()) == ([], 0)
    await asyncio.to_thread(check, place)


@pytest.mark.skipif(unmountable() is not None, reason=unmountable() or "")
async def test_a_disk_without_a_byte_of_room_is_refused_and_told_until_there_is_some(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    with small_disk(place.database.parent, megabytes=_MEGABYTES) as disk:
        async with place.bot() as bot, asyncio.TaskGroup() as group:
            load.url = bot.url
            group.create_task(load.run())
            for _ in range(2):
                await load.more(8)
                async with disk.full():
                    # The room it has already it may go on using.
                    await until(load.refused, "it is refused")
                    await until(lambda: told(bot), "it is told")
                await load.more(8)
                await until(lambda: _well(bot), "it is well again")
            load.end()
            await load.arrive()
            assert await bot.terminate() == 0
        assert set(load.refusals) == {503}
        assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)
        await asyncio.to_thread(check, place)


@pytest.mark.skipif(unmountable() is not None, reason=unmountable() or "")
async def test_a_start_on_a_disk_that_may_not_be_written_says_so_and_the_next_one_goes_on(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    with small_disk(place.database.parent, megabytes=_MEGABYTES) as disk:
        async with place.bot() as bot:
            load.url = bot.url
            await _send(load, 0, 4)
            assert await bot.terminate() == 0
        with disk.read_only():
            ended = await place.run("run")
        assert ended.code != 0
        assert str(place.database.parent) in ended.err
        assert "Traceback" not in ended.err
        async with place.bot() as bot:
            load.url = bot.url
            await _send(load, 4, 8)
            await load.arrive()
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)


async def test_a_database_that_another_process_locks_is_waited_for_and_then_refused(
    place: Place, slack: FakeSlack, forge: Sender
) -> None:
    place.rules.write_text(RULES)
    load = Load(forge, slack)
    async with place.bot() as bot:
        load.url = bot.url
        await _send(load, 0, 4)
        await load.arrive()
        with locked(place):
            assert await _status(load, 4) == 503
        await _send(load, 4, 8)
        await load.arrive()
    assert (load.lost(), load.doubled(), load.inversions()) == ([], 0, 0)


async def _send(load: Load, first: int, end: int) -> None:
    for number in range(first, end):
        await until(lambda n=number: load.send(n), f"number {number} is acknowledged")  # type: ignore[misc]  # lambda's default
        load.note(number)


async def _status(load: Load, number: int) -> int:
    assert not await load.send(number)
    return load.refusals[-1]


async def _well(bot: Process) -> bool:
    return await status_of(bot, "/readyz") == 200
