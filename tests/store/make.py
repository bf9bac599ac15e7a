"""Deliveries, actions and decisions for the store's tests, and a walk through both loops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.errors import LeaseLost
from bot.handover import Handover
from bot.message import Message, text
from bot.model import (
    Action,
    Decision,
    Delivery,
    DeliveryId,
    HookRecord,
    Job,
    Lane,
    SubjectKey,
    action_id,
    subject_key,
)
from bot.ports import Carried, Decided, Settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports import Claim, ClaimedDeliveries, ClaimedItem, Dead, Done, Dropped, Retry
    from bot.store import Store

KEY: Final = "a key for the tests"
NOW: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
LEASE: Final = timedelta(seconds=60)
SECOND: Final = timedelta(seconds=1)
MR: Final = subject_key("gitlab", "1", "mr", "7")
DEV: Final = Lane("send:slack:#dev")
#: What is kept encrypted, or holds such.
HOOK: Final = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="7",
    project="group/repo",
    remote_id="1",
    secrets=("whsec_secret", "another"),
)
PAGE: Final = Handover(title="title", secret="once-secret", who="U1", instance="gitlab")
JOB: Final = Job(
    id="j1", command="hook", args=("list",), who="U1", reply_to="https://slack.example/1"
)


def delivery_id(number: int) -> DeliveryId:
    return DeliveryId(f"D{number:025}")


def delivery(number: int, *, project: str = "1", **changes: Any) -> Delivery:  # any field
    made: dict[str, Any] = {
        "id": delivery_id(number),
        "forge": "gitlab",
        "instance": "gitlab",
        "hook": "shared",
        "key": f"key {number}",
        "event": "Push Hook",
        "lane": Lane(f"decide:gitlab:{project}"),
        "headers": {"x-gitlab-event": "Push Hook"},
        "body": b'{"object_kind": "push"}',
        "received_at": NOW,
    }
    return Delivery(**(made | changes))


def action(number: int, place: int = 0, **changes: Any) -> Action:  # any field
    made: dict[str, Any] = {
        "id": action_id(delivery_id(number), place),
        "verb": "post",
        "rule": "a rule",
        "channel": "#dev",
        "subject": MR,
        "message": Message(text=text(f"message {number}.{place}")),
    }
    return Action(**(made | changes))


def decided(number: int, *actions: Action, lanes: tuple[Lane, ...] = (), **changes: Any) -> Settled:
    """A decision of delivery `number`; its actions go to `#dev` unless lanes are named."""
    return Settled(
        delivery=delivery_id(number),
        status="decided",
        decision=Decision(ruleset="r1", names=("push",), actions=actions, **changes),
        lanes=lanes or (DEV,) * len(actions),
    )


async def claim(store: Store, *, now: datetime = NOW, limit: int = 50) -> ClaimedDeliveries:
    claimed = await next_deliveries(store, now=now, limit=limit)
    assert claimed is not None, "nothing waits to be decided"
    return claimed


async def next_deliveries(
    store: Store, *, now: datetime = NOW, limit: int = 50
) -> ClaimedDeliveries | None:
    """Of one lane."""
    found = await store.settle_and_claim_deliveries((), now=now, lease=LEASE, lanes=1, limit=limit)
    return found.claimed[0] if found.claimed else None


async def settle_deliveries(
    store: Store, claimed: Claim, settled: Sequence[Settled], *, now: datetime
) -> None:
    """Raises LeaseLost."""
    made = Decided(claim=claimed, settled=tuple(settled))
    found = await store.settle_and_claim_deliveries([made], now=now, lease=LEASE, lanes=0, limit=0)
    if found.lost:
        raise LeaseLost(f"another worker took lane {claimed.lane}")


async def claim_item(store: Store, *, now: datetime = NOW) -> ClaimedItem:
    claimed = await next_item(store, now=now)
    assert claimed is not None, "nothing waits to be sent"
    return claimed


async def next_item(
    store: Store, *, now: datetime = NOW, lease: timedelta = LEASE
) -> ClaimedItem | None:
    turned = await store.settle_and_claim((), now=now, lease=lease, limit=1)
    return turned.claimed[0] if turned.claimed else None


async def settle_item(
    store: Store,
    claimed: ClaimedItem,
    outcome: Done | Retry | Dead | Dropped,
    *,
    now: datetime,
    ready_at: datetime,
) -> None:
    """Raises LeaseLost."""
    one = Carried(claimed=claimed, outcome=outcome, ready_at=ready_at)
    turned = await store.settle_and_claim([one], now=now, lease=LEASE, limit=0)
    if turned.lost:
        raise LeaseLost(f"another worker took lane {claimed.claim.lane}")


async def plan(
    store: Store,
    number: int,
    *actions: Action,
    lanes: tuple[Lane, ...] = (),
    now: datetime = NOW,
    **changes: Any,
) -> None:
    """Delivery `number` comes in and is decided to those actions."""
    await store.append(delivery(number, received_at=now))
    claimed = await claim(store, now=now)
    assert [found.id for found in claimed.deliveries] == [delivery_id(number)]
    settled = decided(number, *actions, lanes=lanes, **changes)
    await settle_deliveries(store, claimed.claim, [settled], now=now)


def subject(ident: str) -> SubjectKey:
    return subject_key("gitlab", "1", "mr", ident)
