"""A lease is kept while work is under way; work whose lease is lost is ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import LeaseLost, NotSent, StoreError
from bot.worker.leases import while_held

SHORT = timedelta(milliseconds=30)


class Lease:
    """Counts its renewals; `errors` are raised instead, the first first."""

    def __init__(self, *errors: Exception, enough: int = 3) -> None:
        self.errors = list(errors)
        self.renewals = 0
        self.enough = enough
        self.kept = asyncio.Event()

    async def renew(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.renewals += 1
        if self.renewals == self.enough:
            self.kept.set()


async def test_quick_work_renews_nothing() -> None:
    lease = Lease()

    async def work() -> str:
        return "done"

    assert await while_held(work(), lease.renew, lease=SHORT) == "done"
    assert lease.renewals == 0


async def test_long_work_keeps_its_lease() -> None:
    lease = Lease()

    async def work() -> str:
        await lease.kept.wait()
        return "done"

    assert await while_held(work(), lease.renew, lease=SHORT) == "done"
    assert lease.renewals >= 3


async def test_one_failed_renewal_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    # However late a busy machine comes to it.
    monkeypatch.setattr("bot.worker.leases._RISKY", 1000.0)
    lease = Lease(StoreError("busy"), enough=1)

    async def work() -> str:
        await lease.kept.wait()
        return "done"

    assert await while_held(work(), lease.renew, lease=SHORT) == "done"


@pytest.mark.parametrize("errors", [[LeaseLost("taken")], [StoreError("gone")] * 99])
async def test_work_whose_lease_is_lost_is_ended(errors: list[Exception]) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(LeaseLost):
        await while_held(work(), Lease(*errors).renew, lease=SHORT)
    assert ended.is_set()


async def test_a_renewal_that_hangs_loses_the_lease() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(LeaseLost):
        await while_held(hang(), hang, lease=SHORT)


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise NotSent("down")

    with pytest.raises(NotSent, match="down"):
        await while_held(work(), Lease().renew, lease=SHORT)


async def test_a_cancelled_wait_ends_the_work() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.ensure_future(while_held(work(), Lease().renew, lease=timedelta(seconds=60)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
