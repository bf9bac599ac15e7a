"""A store with deliveries that were decided and carried out: for explain and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bot import events
from bot.commands.tracing import understand
from bot.events.samples import sample
from bot.model import Delivery, DeliveryId, Lane, Place
from bot.ports import Done, Settled, StoredRuleset
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from tests.store.make import next_deliveries, next_item, settle_deliveries, settle_item

if TYPE_CHECKING:
    from bot.store import Store

NOW: Final = datetime(2026, 11, 22, 10, 14, 3, tzinfo=UTC)
LEASE: Final = timedelta(seconds=60)

RULES: Final = """\
channels: {dev: C0DEV0001, security: {id: C0SEC0001, confidential: true}}
rules:
  - {name: MR card, on: mr, project: shop/**, card: dev}
  - name: by area
    on: [mr.opened, mr.labeled]
    if: {labels: backend, draft: false}
    post: dev
  - {name: wip, on: mr.opened, if: {title: {starts: WIP}}, stop: true}
  - {name: secrets, on: issue.opened, confidential: true, post: security}
  - {name: elsewhere, on: mr, project: other/x, post: dev}
"""


class Kept:
    """`await kept.take("mr.opened")` keeps a sample, decides it and says that all was done."""

    def __init__(self, store: Store, rules: str = RULES) -> None:
        self.store = store
        self.ruleset = load({"rules.yaml": rules}, "rules.yaml")
        self._rules = rules
        self._playback = Playback(self.ruleset, Surroundings(specs=events.SPECS))
        self._count = 0

    async def take(self, name: str, **overrides: Any) -> DeliveryId:
        """The n-th message made is at `17638445<n>.000100` of its channel."""
        self._count += 1
        if self._count == 1:
            stored = StoredRuleset(
                hash=self.ruleset.hash,
                files={"rules.yaml": self._rules},
                entry="rules.yaml",
                loaded_at=NOW,
            )
            await self.store.activate_ruleset(stored)
        delivery = _delivery(self._count, name, overrides)
        await self.store.append(delivery)
        claimed = await next_deliveries(self.store, now=NOW, limit=9)
        assert claimed is not None
        decision = self._playback.feed(understand(delivery), delivery=delivery.id, now=NOW)
        lanes = tuple(Lane(f"send:slack:{action.channel}") for action in decision.actions)
        settled = Settled(
            delivery=delivery.id,
            status="decided",
            decision=decision,
            lanes=lanes,
            project="shop/api",
        )
        await settle_deliveries(self.store, claimed.claim, [settled], now=NOW)
        await self._send()
        return delivery.id

    async def _send(self) -> None:
        later = NOW + timedelta(milliseconds=41)
        while (item := await next_item(self.store, now=NOW)) is not None:
            ts = f"17638445{self._count:02}.000100"
            place = item.root or Place(channel=item.item.action.channel, ts=ts)
            await settle_item(self.store, item, Done(place=place), now=later, ready_at=NOW)


def _delivery(number: int, name: str, overrides: dict[str, Any]) -> Delivery:
    headers, body = sample(name, overrides=overrides)
    return Delivery(
        id=DeliveryId(f"D{number:025}"),
        forge="gitlab",
        instance="gitlab",
        hook="shared",
        key=f"key {number}",
        event=headers["X-Gitlab-Event"],
        lane=Lane("decide:gitlab:15"),
        headers={"x-gitlab-event": headers["X-Gitlab-Event"]},
        body=body,
        received_at=NOW,
    )
