"""What the kernel saw: no acknowledgement before its row was on disk, and no stranger on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e import traced
from tests.e2e.disks import status_of
from tests.e2e.running import Place, Process, Sender
from tests.e2e.traced import Call
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(traced.impossible() is not None, reason=traced.impossible() or ""),
]

_SYNCS: Final = ("fdatasync", "fsync")
_WRITES: Final = ("write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg")
_READS: Final = ("read", "readv", "pread64", "recvfrom", "recvmsg")


async def test_no_delivery_is_acknowledged_before_the_sync_that_covers_its_row(
    bare: Place, forge: Sender, tmp_path: Path
) -> None:
    keys = [f"proof-{number:03}" for number in range(24)]
    async with bare.bot() as bot:
        assert await forge.send(bot.url, key="before") == 202
        async with traced.traced(bot.pid, tmp_path / "trace", *_SYNCS, *_WRITES, *_READS) as trace:
            for key in keys[:4]:
                assert await forge.send(bot.url, key=key) == 202
            async with asyncio.TaskGroup() as group:
                for key in keys[4:]:
                    group.create_task(forge.send(bot.url, key=key))
            await _something_else(bot)
    calls = trace.calls()
    for key in keys:
        written = _first(calls, _WRITES, "bot.db-wal", key)
        synced = _first(calls, _SYNCS, "bot.db-wal", after=written.ended)
        asked = _first(calls, _READS, "", f"Idempotency-Key: {key}")
        answered = _first(calls, _WRITES, asked.target, "HTTP/1.1 202", after=asked.ended)
        assert synced.result == 0
        assert synced.ended < answered.began, f"{key} was acknowledged before it was on disk"


async def _something_else(bot: Process) -> None:
    """Of the last call the end of the trace may cut off how it ended."""
    assert await status_of(bot, "/healthz") == 200


def _first(
    calls: Sequence[Call], names: Sequence[str], target: str, text: str = "", *, after: float = 0.0
) -> Call:
    """The first of these calls on a file or socket so named that began then and holds the text."""
    return next(
        call
        for call in calls
        if call.name in names
        and call.began >= after
        and call.target.endswith(target)
        and text in call.given
    )


async def test_who_is_not_authenticated_writes_nothing(
    bare: Place, forge: Sender, tmp_path: Path
) -> None:
    async with bare.bot(HOOKS_CHECK_S="0") as bot:
        assert await forge.send(bot.url, key="before") == 202
        # From then on nothing else is under way, no look after hooks either.
        await until(lambda: bool(bot.events("action carried out")), "the message")
        async with traced.traced(bot.pid, tmp_path / "trace", *_WRITES) as trace:
            for number in range(15):
                assert await forge.send(bot.url, key=f"{number}", secret="wrong") == 401
            await _something_else(bot)
    calls = trace.calls()
    assert len([call for call in calls if "HTTP/1.1 401" in call.given]) == 15
    assert [call for call in calls if call.target.endswith("bot.db-wal")] == []
