"""While a hook's secret is changed nothing authentic is refused, and afterwards the old one is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from tests.web.fakes import HOOK_SECRET, Site, served
from tests.web.test_receive import post

NEW = "the new secret of this hook"


@pytest.fixture
def site() -> Site:
    site = Site()
    site.hooks.add("h1")
    return site


@pytest.fixture
async def client(site: Site) -> AsyncIterator[ClientSession]:
    async with served(site) as client:
        yield client


async def status(client: ClientSession, secret: str, key: str) -> int:
    headers = {"Idempotency-Key": key}
    return (await post(client, b"{}", path="/hooks/gitlab/h1", secret=secret, headers=headers))[0]


async def test_both_secrets_count_until_a_delivery_came_with_the_new_one(
    site: Site, client: ClientSession
) -> None:
    site.hooks.change("h1", secrets=(NEW, HOOK_SECRET))
    assert await status(client, HOOK_SECRET, "1") == 202
    site.clock.move(days=3)
    assert await status(client, HOOK_SECRET, "2") == 202
    assert site.hooks.records["h1"].retire_at is None


async def test_the_old_secret_ends_ten_minutes_after_the_first_delivery_with_the_new_one(
    site: Site, client: ClientSession
) -> None:
    site.hooks.change("h1", secrets=(NEW, HOOK_SECRET))
    assert await status(client, NEW, "1") == 202
    assert site.hooks.records["h1"].retire_at == site.clock.now() + timedelta(minutes=10)
    site.clock.move(minutes=9)
    assert await status(client, HOOK_SECRET, "2") == 202
    assert await status(client, NEW, "3") == 202
    site.clock.move(minutes=2)
    assert await status(client, HOOK_SECRET, "4") == 401
    assert await status(client, NEW, "5") == 202


async def test_a_store_that_fails_while_the_proof_is_noted_costs_no_delivery(
    site: Site, client: ClientSession
) -> None:
    site.hooks.change("h1", secrets=(NEW, HOOK_SECRET))
    assert await status(client, NEW, "1") == 202
    site.hooks.change("h1", secrets=(NEW, HOOK_SECRET))
    site.hooks.broken = True
    assert await status(client, NEW, "2") == 202
