"""PostgreSQL: several processes, wake-ups between them, servers that go away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.errors import ConfigError, LeaseLost, StoreError
from bot.model import Lane
from bot.ports import Done
from bot.store import migrate, open_store
from bot.store.engine import translate
from tests.store.make import (
    KEY,
    LEASE,
    NOW,
    action,
    claim,
    claim_item,
    decided,
    delivery,
    delivery_id,
    next_deliveries,
    next_item,
    plan,
    settle_deliveries,
    settle_item,
)

if TYPE_CHECKING:
    from bot.store import Store
    from tests.postgres import Server

_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = '{}' AND pid <> pg_backend_pid()"
)


def database(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


async def test_what_one_process_stores_another_one_decides(postgres_url: str) -> None:
    async with (
        open_store(postgres_url, secret_key=KEY) as web,
        open_store(postgres_url, secret_key=KEY) as worker,
    ):
        await web.append(delivery(1))
        assert (await claim(worker)).deliveries == (delivery(1),)
        assert await next_deliveries(web) is None


async def test_a_start_frees_no_lease_of_another_process(postgres_url: str) -> None:
    async with open_store(postgres_url, secret_key=KEY) as first:
        await plan(first, 1, action(1))
        claimed = await claim_item(first)
        async with open_store(postgres_url, secret_key=KEY) as second:
            assert await next_item(second, now=NOW) is None
        await settle_item(first, claimed, Done(), now=NOW, ready_at=NOW)


async def test_another_process_is_woken(postgres_url: str) -> None:
    async with (
        open_store(postgres_url, secret_key=KEY) as web,
        open_store(postgres_url, secret_key=KEY) as worker,
        asyncio.timeout(60),
    ):
        await _listens(worker, web)
        await _woken(worker, web)


async def test_waking_goes_on_after_the_connections_were_cut(
    postgres_server: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.postgres._QUIET_S", 0.1)
    monkeypatch.setattr("bot.store.postgres._AGAIN_S", 0.1)
    async with (
        open_store(postgres_url, secret_key=KEY) as web,
        open_store(postgres_url, secret_key=KEY) as worker,
        asyncio.timeout(60),
        asyncio.TaskGroup() as group,
    ):
        await _listens(worker, web)
        # It asks for everything anew once it listens again: nothing was told.
        again = group.create_task(worker.wait("schedules", 120))
        await asyncio.sleep(0)
        await postgres_server.run(_CUT.format(database(postgres_url)))
        await again
        await _woken(worker, web)


async def _listens(worker: Store, web: Store) -> None:
    """Whatever woke it: it was told of a delivery, or began to listen."""
    async with asyncio.TaskGroup() as group:
        woken = group.create_task(worker.wait("deliveries", 120))
        number = 0
        while not woken.done():
            number += 1
            await web.append(delivery(number))


async def _woken(worker: Store, web: Store) -> None:
    """By the other one alone, of something that nobody told of before."""
    async with asyncio.TaskGroup() as group:
        woken = group.create_task(worker.wait("schedules", 120))
        while not woken.done():
            # The other one may begin to listen only now: a hint is all it is.
            await web.plan_rules({})
            await asyncio.sleep(0.01)


async def test_a_cut_connection_is_replaced_without_an_error(
    postgres_server: Server, postgres_url: str
) -> None:
    async with open_store(postgres_url, secret_key=KEY) as store:
        await store.append(delivery(1))
        await postgres_server.run(_CUT.format(database(postgres_url)))
        assert await store.append(delivery(2))
        assert len(await store.list_deliveries()) == 2


async def test_many_workers_decide_and_send_everything_once_and_in_order(
    postgres_url: str,
) -> None:
    sent: dict[str, list[str]] = {}

    async def work(store: Store) -> None:
        while len([one for lane in sent.values() for one in lane]) < 60:
            claimed = await next_deliveries(store, now=NOW, limit=3)
            if claimed is not None:
                numbers = [int(found.id[1:]) for found in claimed.deliveries]
                lanes = (Lane("send:a"), Lane("send:b")) if numbers[0] % 2 else None
                lanes = lanes or (Lane("send:b"), Lane("send:a"))
                settled = [decided(n, action(n), action(n, 1), lanes=lanes) for n in numbers]
                await settle_deliveries(store, claimed.claim, settled, now=NOW)
            item = await next_item(store, now=NOW)
            if item is not None:
                sent.setdefault(item.item.lane, []).append(item.item.action.id)
                await settle_item(store, item, Done(), now=NOW, ready_at=NOW)

    async with (
        open_store(postgres_url, secret_key=KEY) as one,
        open_store(postgres_url, secret_key=KEY) as two,
        asyncio.timeout(60),
    ):
        await asyncio.gather(*(one.append(delivery(n, project=str(n % 3))) for n in range(30)))
        async with asyncio.TaskGroup() as group:
            for store in (one, two) * 4:
                group.create_task(work(store))
        assert sorted(sent["send:a"] + sent["send:b"]) == sorted(
            action(n, place).id for n in range(30) for place in range(2)
        )
        received = [found.id for found in reversed(await one.list_deliveries())]
    for lane in ("send:a", "send:b"):
        for project in range(3):
            came = [one for one in received if int(one[1:]) % 3 == project]
            went = [one.split(".")[0] for one in sent[lane]]
            assert [one for one in went if int(one[1:]) % 3 == project] == came


async def test_two_processes_receive_a_delivery_and_one_keeps_it(postgres_url: str) -> None:
    async with (
        open_store(postgres_url, secret_key=KEY) as one,
        open_store(postgres_url, secret_key=KEY) as two,
    ):
        kept = await asyncio.gather(
            *(
                store.append(delivery(number * 10 + place, key=f"{number}"))
                for number in range(10)
                for place, store in enumerate((one, two))
            )
        )
        assert sum(kept) == 10
        assert (await one.backlog()).deliveries == 10


async def test_a_worker_of_another_process_is_fenced_off(postgres_url: str) -> None:
    async with (
        open_store(postgres_url, secret_key=KEY) as one,
        open_store(postgres_url, secret_key=KEY) as two,
    ):
        await one.append(delivery(1))
        late = await claim(one)
        await claim(two, now=NOW + LEASE)
        with pytest.raises(LeaseLost):
            await settle_deliveries(one, late.claim, [decided(1)], now=NOW + LEASE)
        assert await one.delivery(delivery_id(1)) == (delivery(1), "new")


async def test_a_database_without_tables_names_the_command(empty_postgres_url: str) -> None:
    with pytest.raises(ConfigError, match="no tables yet; run `bot migrate`"):
        async with open_store(empty_postgres_url, secret_key=KEY):
            pass
    await asyncio.gather(migrate(empty_postgres_url), migrate(empty_postgres_url))
    async with open_store(empty_postgres_url, secret_key=KEY) as store:
        assert await store.append(delivery(1))


async def test_tables_of_another_version_name_the_command(
    postgres_server: Server, postgres_url: str
) -> None:
    await postgres_server.run(
        "UPDATE alembic_version SET version_num = '9999'", database=database(postgres_url)
    )
    with pytest.raises(ConfigError, match="tables of a newer bot"):
        async with open_store(postgres_url, secret_key=KEY):
            pass
    with pytest.raises(ConfigError, match="bot migrate --to"):
        await migrate(postgres_url)


async def test_a_key_is_needed(postgres_url: str) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        async with open_store(postgres_url, secret_key=None):
            pass


async def test_a_wrong_key_is_told_at_the_start(postgres_url: str) -> None:
    async with open_store(postgres_url, secret_key=KEY):
        pass
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        async with open_store(postgres_url, secret_key="another one"):
            pass


async def test_a_server_that_is_not_there_is_told(unused_tcp_port: int) -> None:
    with pytest.raises(StoreError, match="the database does not answer"):
        async with open_store(f"postgresql://bot@127.0.0.1:{unused_tcp_port}/bot", secret_key=KEY):
            pass


async def test_a_database_that_is_not_there_is_told(postgres_url: str) -> None:
    url = postgres_url.replace(database(postgres_url), "nowhere")
    with pytest.raises(StoreError, match="there is no such database; see DATABASE_URL"):
        async with open_store(url, secret_key=KEY):
            pass


async def test_a_read_only_server_is_told_and_recovers(
    postgres_server: Server, postgres_url: str
) -> None:
    name = database(postgres_url)
    async with open_store(postgres_url, secret_key=KEY) as store:
        await postgres_server.run(
            f"ALTER DATABASE {name} SET default_transaction_read_only = on", _CUT.format(name)
        )
        with pytest.raises(StoreError, match="read-only"):
            await store.append(delivery(1))
        await postgres_server.run(
            f"ALTER DATABASE {name} SET default_transaction_read_only = off", _CUT.format(name)
        )
        assert await store.append(delivery(1))


def test_an_error_of_the_program_is_not_called_one_of_the_store() -> None:
    error = ValueError("ours")
    assert translate(error) is error
