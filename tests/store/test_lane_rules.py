"""Whatever is done in whatever order: nothing is lost, doubled, or overtaken in its lane."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from bot.errors import LeaseLost
from bot.model import DeliveryId, Lane, Place
from bot.ports import Dead, Done, Retry
from bot.store import Store, open_store
from tests.store.make import (
    NOW,
    SECOND,
    action,
    decided,
    delivery,
    next_deliveries,
    next_item,
    settle_deliveries,
    settle_item,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.model import Delivery
    from bot.ports import ClaimedDeliveries, ClaimedItem

T = TypeVar("T")

PROJECTS = ("1", "2")
CHANNELS = ("#dev", "#ops")


class Lanes(RuleBasedStateMachine):
    """A store, and beside it what must be true of it."""

    deciding: Bundle[ClaimedDeliveries] = Bundle("deciding")
    sending: Bundle[ClaimedItem] = Bundle("sending")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.open = AsyncExitStack()
        self.now = NOW
        self.count = 0
        #: By lane, in the order in which they must come out.
        self.waiting: dict[str, list[str]] = defaultdict(list)
        self.planned: dict[str, list[str]] = defaultdict(list)
        self.receipts: dict[str, Place] = {}
        #: The lease that is good, by lane.
        self.owner: dict[str, tuple[str, Any]] = {}
        self.store: Store
        self.start()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    def start(self) -> None:
        url = f"sqlite:///{self.directory.name}/bot.db"
        self.store = self.run(self.open.enter_async_context(open_store(url, secret_key=None)))

    @override
    def teardown(self) -> None:
        self.run(self.open.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.directory.cleanup()

    async def _append(self, new: Delivery) -> bool:
        return await self.store.append(new)

    # -- what may happen ---------------------------------------------------------------------

    @rule(project=st.sampled_from(PROJECTS), again=st.booleans())
    def receive(self, project: str, again: bool) -> None:
        self.count += 1
        new = delivery(self.count, project=project, received_at=self.now)
        assert self.run(self._append(new))
        if again:
            # As a request of its own, so with an id of its own.
            repeated = replace(new, id=DeliveryId(new.id.replace("D", "R")))
            assert not self.run(self._append(repeated))
        self.waiting[new.lane].append(new.id)

    @rule(seconds=st.integers(1, 90))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def crash(self) -> None:
        """The process dies and comes back; SQLite's leases are cleared by that."""
        self.run(self.open.aclose())
        self.owner.clear()
        self.start()

    @rule(target=deciding, limit=st.integers(1, 3))
    def claim_deliveries(self, limit: int) -> Any:
        claimed = self.run(next_deliveries(self.store, now=self.now, limit=limit))
        if claimed is None:
            free = [lane for lane in self.waiting if self.waiting[lane] and self.is_free(lane)]
            assert free == []
            return None
        lane = claimed.claim.lane
        assert self.is_free(lane), "two at once in one lane"
        self.owner[lane] = (claimed.claim.token, claimed.claim.until)
        ids = [found.id for found in claimed.deliveries]
        assert ids == self.waiting[lane][:limit]
        return claimed

    @rule(claimed=consumes(deciding), channel=st.sampled_from(CHANNELS), actions=st.integers(0, 2))
    def settle_deliveries(self, claimed: ClaimedDeliveries, channel: str, actions: int) -> None:
        if claimed is None:
            return
        to = Lane(f"send:slack:{channel}")
        # Apart: what is far behind would be folded, and be fewer than was planned.
        act = partial(action, channel=channel, apart=True)
        settled = [
            decided(
                int(found.id[1:]),
                *(act(int(found.id[1:]), place) for place in range(actions)),
                lanes=(to,) * actions,
            )
            for found in claimed.deliveries
        ]
        doing = settle_deliveries(self.store, claimed.claim, settled, now=self.now)
        if not self.owns(claimed.claim.lane, claimed.claim.token):
            with pytest.raises(LeaseLost):
                self.run(doing)
            return
        self.run(doing)
        del self.owner[claimed.claim.lane]
        del self.waiting[claimed.claim.lane][: len(settled)]
        for one in settled:
            assert one.decision is not None
            self.planned[to] += [made.id for made in one.decision.actions]

    @rule(target=sending)
    def claim_item(self) -> Any:
        claimed = self.run(next_item(self.store, now=self.now))
        if claimed is None:
            return None
        lane = claimed.claim.lane
        assert self.is_free(lane), "two at once in one lane"
        assert claimed.item.action.id == self.planned[lane][0], "overtaken"
        assert claimed.item.action.id not in self.receipts, "sent twice"
        self.owner[lane] = (claimed.claim.token, claimed.claim.until)
        return claimed

    @rule(
        claimed=consumes(sending),
        outcome=st.sampled_from(["done", "retry", "dead"]),
        gap=st.integers(0, 5),
    )
    def settle_item(self, claimed: ClaimedItem, outcome: str, gap: int) -> None:
        if claimed is None:
            return
        made: Done | Retry | Dead = Dead(error="no", code="no")
        if outcome == "done":
            made = Done(place=Place(channel="C1", ts=claimed.item.action.id))
        elif outcome == "retry":
            made = Retry(at=self.now + gap * SECOND, error="later", code="later")
        ready_at = self.now + gap * SECOND
        doing = settle_item(self.store, claimed, made, now=self.now, ready_at=ready_at)
        if not self.owns(claimed.claim.lane, claimed.claim.token):
            with pytest.raises(LeaseLost):
                self.run(doing)
            return
        self.run(doing)
        del self.owner[claimed.claim.lane]
        if outcome == "retry":
            return
        first = self.planned[claimed.claim.lane].pop(0)
        if isinstance(made, Done) and made.place is not None:
            assert first not in self.receipts
            self.receipts[first] = made.place

    # -- what must be true -------------------------------------------------------------------

    def owns(self, lane: str, token: str) -> bool:
        return self.owner.get(lane, ("", None))[0] == token

    def is_free(self, lane: str) -> bool:
        return lane not in self.owner or self.owner[lane][1] <= self.now

    @invariant()
    def nothing_is_lost(self) -> None:
        waits = self.run(self.store.backlog())
        assert waits.deliveries == sum(len(ids) for ids in self.waiting.values())
        assert waits.outbox == sum(len(ids) for ids in self.planned.values())

    @invariant()
    def receipts_are_kept(self) -> None:
        done = self.run(self.store.list_outbox(state="done", limit=1000))
        assert {item.action.id: item.place for item in done} == self.receipts


def test_lanes_keep_their_rules_whatever_happens() -> None:
    run_state_machine_as_test(
        Lanes,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
