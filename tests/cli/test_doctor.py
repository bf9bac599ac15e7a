"""`bot doctor` finds what needs a hand, and says which command mends it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.fault import Fault, Level
from bot.model import HookRecord
from bot.ports import Dead, Settled
from bot.store import open_store
from bot.waiting import HOOKS_OFF
from tests.cli.test_explain import Shell, shell
from tests.store.make import (
    NOW,
    action,
    claim,
    claim_item,
    delivery,
    delivery_id,
    plan,
    settle_deliveries,
    settle_item,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.store import Store

__all__ = ["shell"]


def prepare(shell: Shell, do: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        url = f"sqlite:///{shell.folder}/bot.db"
        async with open_store(url, secret_key="a-key-for-the-tests") as store:
            await do(store)

    asyncio.run(main())


def told(shell: Shell) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shell.bot("doctor", "--json")[1].splitlines()]


def faults(shell: Shell) -> list[str]:
    return [one["text"] for one in told(shell) if one["level"] == "fault"]


def test_a_bot_in_order_needs_nothing_and_is_told_what_to_try(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_store: Store) -> None:
        """It is new."""

    prepare(shell, nothing)
    monkeypatch.setenv("SECRET_KEY", "a-key-for-the-tests")
    code, said = shell.bot("doctor")
    assert "✗" not in said
    assert (code, "bot send push" in said) == (0, True)
    assert {one["level"] for one in told(shell)} <= {"good", "note"}


async def _given_up(store: Store) -> None:
    await plan(store, 1, action(1))
    claimed = await claim_item(store)
    outcome = Dead(error="channel_not_found", code="channel_not_found")
    await settle_item(store, claimed, outcome, now=NOW, ready_at=NOW)


async def _failed(store: Store) -> None:
    await store.append(delivery(1))
    claimed = await claim(store)
    settled = Settled(delivery=delivery_id(1), status="failed", error="$.user: expected object")
    await settle_deliveries(store, claimed.claim, [settled], now=datetime.now(UTC))


async def _late(store: Store) -> None:
    await store.append(replace(delivery(1), received_at=datetime.now(UTC) - timedelta(hours=1)))


async def _switched_off(store: Store) -> None:
    for id_, project in (("h1", "shop/api"), ("h2", "shop/web")):
        await store.save_hook(
            HookRecord(
                id=id_,
                forge="gitlab",
                instance="gitlab",
                project_id="7",
                project=project,
                remote_id="1001",
                secrets=("x",),
            )
        )
    await store.set_meta(HOOKS_OFF, ["h1"])


async def _broken_rules(store: Store) -> None:
    fault = Fault(file="rules.yaml", line=3, column=1, level=Level.ERROR, text="unknown key")
    await store.keep_rules_faults([fault])


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (_given_up, "bot outbox retry --all"),
        (_failed, "bot deliveries list --status failed"),
        (_late, "does a worker run?"),
        (_switched_off, "hooks of shop/api are switched off"),
        (_broken_rules, "rules.yaml:3:1 error unknown key"),
    ],
)
def test_what_needs_a_hand_is_told_with_its_remedy(
    shell: Shell, happens: Callable[[Store], Awaitable[None]], said: str
) -> None:
    prepare(shell, happens)
    [found] = faults(shell)
    assert said in found
    assert shell.bot("doctor")[0] == 1


def test_a_page_that_nobody_can_open_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.com")
    assert "CONSOLE_TOKEN is not set" in shell.bot("doctor")[1]
    monkeypatch.setenv("CONSOLE_TOKEN", "Yf7hLq0sBn4dGc9E")
    assert "CONSOLE_TOKEN is not set" not in shell.bot("doctor")[1]
