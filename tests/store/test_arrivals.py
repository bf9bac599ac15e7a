"""Deliveries that come in on PostgreSQL at one moment: their order, and connections that break."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import pytest

from bot.errors import StoreError
from bot.store import open_store
from bot.store.arrivals import Arrivals
from bot.store.deliveries import pack_delivery
from tests.store.make import (
    KEY,
    NOW,
    claim,
    decided,
    delivery,
    delivery_id,
    next_deliveries,
    settle_deliveries,
)
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.store import Store
    from tests.postgres import Server

_WAITING: Final = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND $1 IN (wait_event_type, wait_event)"
    " AND query LIKE '%INSERT INTO deliveries%'"
)
_CUT: Final = f"SELECT pg_terminate_backend(pid) FROM ({_WAITING}) AS one"  # noqa: S608 - our own words


@asynccontextmanager
async def _beside(url: str) -> AsyncIterator[Any]:
    """A connection of somebody else's."""
    conn = await asyncpg.connect(url)
    try:
        yield conn
    finally:
        await conn.close()


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


async def _waits(conn: Any, kind: str) -> bool:
    return bool(await conn.fetch(_WAITING, kind))


async def test_lanes_keep_their_order_whoever_takes_deliveries_in(postgres_url: str) -> None:
    """Two processes take them in and a third claims meanwhile: none shows up behind a later one."""
    came: dict[str, list[str]] = {}

    async def take_in(store: Store, numbers: range) -> None:
        for start in numbers[::10]:
            ten = range(start, start + 10)
            made = (store.append(delivery(number, project=f"{number % 3}")) for number in ten)
            assert await asyncio.gather(*made) == [True] * 10

    async def work(store: Store) -> None:
        while sum(map(len, came.values())) < 240:
            claimed = await next_deliveries(store, now=NOW, limit=7)
            if claimed is None:
                await store.wait("deliveries", 0.1)
                continue
            ids = [found.id for found in claimed.deliveries]
            came.setdefault(claimed.claim.lane, []).extend(ids)
            settled = [decided(int(one[1:])) for one in ids]
            await settle_deliveries(store, claimed.claim, settled, now=NOW)

    async with (
        open_store(postgres_url, secret_key=KEY) as one,
        open_store(postgres_url, secret_key=KEY) as two,
        open_store(postgres_url, secret_key=KEY) as worker,
        asyncio.timeout(60),
    ):
        async with asyncio.TaskGroup() as group:
            group.create_task(take_in(one, range(120)))
            group.create_task(take_in(two, range(120, 240)))
            group.create_task(work(worker))
        stored = [found.id for found in reversed(await one.list_deliveries(limit=1000))]
        assert await one.next_ready(now=NOW) is None
    for project in range(3):
        ids = came[f"decide:gitlab:{project}"]
        assert ids == [one for one in stored if int(one[1:]) % 3 == project]
        for half in (range(120), range(120, 240)):
            assert [one for one in ids if int(one[1:]) in half] == [
                delivery_id(number) for number in half if number % 3 == project
            ]


async def test_a_connection_cut_while_a_delivery_waits_is_replaced(postgres_url: str) -> None:
    async with (
        open_store(postgres_url, secret_key=KEY) as store,
        _beside(postgres_url) as other,
    ):
        await store.append(delivery(1))
        async with other.transaction():
            await other.execute("SELECT 1 FROM lanes FOR UPDATE")
            appended = asyncio.ensure_future(store.append(delivery(2)))
            await until(lambda: _waits(other, "Lock"), "it waits for its lane")
            await other.execute(_CUT.replace("$1", "'Lock'"))
        assert await appended
        claimed = await claim(store)
        assert [found.id for found in claimed.deliveries] == [delivery_id(1), delivery_id(2)]
        await settle_deliveries(store, claimed.claim, [decided(1), decided(2)], now=NOW)
        assert await store.next_ready(now=NOW) is None


async def test_a_delivery_whose_answer_was_lost_is_on_disk_once_and_counted_once(
    postgres_server: Server, postgres_url: str
) -> None:
    """A commit waits for a standby that does not exist: it is cut when it is on disk already.

    That it waits also says that it is on disk before it is answered: the server's own setting is
    that nobody waits."""
    await postgres_server.run(f"ALTER DATABASE {_name(postgres_url)} SET synchronous_commit = off")
    last = 0

    async def take_in(store: Store) -> None:
        nonlocal last
        while not cut:
            last += 1
            assert await store.append(delivery(last)), "found by the next try"

    cut = False
    async with (
        open_store(postgres_url, secret_key=KEY) as store,
        _beside(postgres_url) as other,
    ):
        try:
            await postgres_server.run(
                "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()"
            )
            async with asyncio.TaskGroup() as group:
                # The server may notice its new setting after a while.
                group.create_task(take_in(store))
                await until(lambda: _waits(other, "SyncRep"), "it waits for the standby")
                cut = True
                await other.execute(_CUT.replace("$1", "'SyncRep'"))
        finally:
            await postgres_server.run(
                "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"
            )
        numbers = range(1, last + 1)
        claimed = await claim(store, limit=last + 1)
        assert [found.id for found in claimed.deliveries] == [delivery_id(n) for n in numbers]
        await settle_deliveries(store, claimed.claim, [decided(n) for n in numbers], now=NOW)
        assert await store.next_ready(now=NOW) is None


async def test_a_server_that_is_away_is_waited_for(postgres_url: str, unused_tcp_port: int) -> None:
    nowhere, tries = f"postgresql://bot@127.0.0.1:{unused_tcp_port}/bot", 0

    async def connect() -> Any:
        nonlocal tries
        tries += 1
        return await asyncpg.connect(postgres_url if tries > 3 else nowhere)

    rows = [pack_delivery(delivery(1))]
    with pytest.raises(ConnectionRefusedError):
        await Arrivals(connect, patience_s=0).append(rows)
    arrivals = Arrivals(connect, patience_s=60)
    assert await arrivals.append(rows) == [True]
    assert tries == 4
    await arrivals.close()


async def test_what_the_driver_cannot_send_stops_no_other(postgres_url: str) -> None:
    async with open_store(postgres_url, secret_key=KEY) as store:
        broken = replace(delivery(2), instance="\udc80")
        made = (store.append(one) for one in (delivery(1), broken, delivery(3)))
        kept = await asyncio.gather(*made, return_exceptions=True)
        assert kept[::2] == [True, True]
        assert type(kept[1]) is StoreError


async def test_a_server_that_refuses_is_told_and_taken_up_again(
    postgres_server: Server, postgres_url: str
) -> None:
    name = _name(postgres_url)
    async with open_store(postgres_url, secret_key=KEY) as store:
        await store.append(delivery(1))
        await postgres_server.run(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",  # noqa: S608 - our own word
        )
        with pytest.raises(StoreError):
            await store.append(delivery(2))
        await postgres_server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert await store.append(delivery(2))
        assert len(await store.list_deliveries()) == 2
