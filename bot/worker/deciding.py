"""The first loop: claims waiting deliveries lane by lane, decides them, writes what follows."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot import events
from bot.errors import BotError, LeaseLost, PayloadError, StateChanged, StoreError
from bot.model import Decision, Event, Needs, Outcome, State
from bot.payload import read_object, unwrapped
from bot.people import NOBODY
from bot.ports import Settled
from bot.registry import Source
from bot.rules import loops
from bot.rules.decide import Surroundings, decide
from bot.rules.mutes import CHAT_MUTES
from bot.tracing import NO_TRACES, Traces
from bot.worker.facts import FactFinder
from bot.worker.lanes import Lanes
from bot.worker.leases import while_held
from bot.worker.overlay import Overlay
from bot.worker.shadow import Seen, Shadow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.metrics import Metrics
    from bot.model import Delivery, DeliveryId
    from bot.ports import ClaimedDeliveries, Clock, Deciding, Hooks, Way
    from bot.rules.ruleset import Ruleset
    from bot.worker.faces import Acquaintances
    from bot.worker.facts import Facts
    from bot.worker.lateness import Lateness

log = structlog.get_logger()

#: A killed worker's lane is taken over after it; a living one renews it.
_LEASE: Final = timedelta(seconds=20)
_BATCH: Final = 50
#: While requests wait to be answered: their rows must not wait for many decisions to be written.
_SMALL_BATCH: Final = 4
#: Rounds of loading state for one event; each round asks only for what is still unknown.
_ROUNDS: Final = 8
#: How often one claim is decided because other lanes changed what it saw.
_TRIES: Final = 50


class Book(Protocol):
    """The rules in force."""

    @property
    def current(self) -> Ruleset: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    delivery: Delivery
    settled: Settled
    took_ms: float


class Decider:
    """Decides one claimed lane at a time."""

    def __init__(
        self,
        *,
        store: Deciding,
        hooks: Hooks,
        book: Book,
        channels: Callable[[], Awaitable[Mapping[str, str]]],
        clock: Clock,
        metrics: Metrics,
        workspace: str = "slack",
        facts: FactFinder | None = None,
        accounts: Callable[[], Awaitable[Mapping[str, str]]] | None = None,
        shadow: Shadow | None = None,
        way: Way | None = None,
        lateness: Lateness | None = None,
        who: Acquaintances | None = None,
        shared: Callable[[], Awaitable[frozenset[str]]] | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._store = store
        self._hooks = hooks
        self._book = book
        self._channels = channels
        self._clock = clock
        self._metrics = metrics
        self._workspace = workspace
        self._facts = facts or FactFinder({}, clock)
        self._accounts = accounts
        self._shadow = shadow
        self._way = way
        self._lateness = lateness
        self._who = who
        #: Channels that people of another organisation read.
        self._shared = shared
        self._traces = traces

    async def step(self) -> bool:
        """Decides what one lane holds; False when nothing waits."""
        claimed = await self._store.claim_deliveries(
            now=self._clock.now(), lease=_LEASE, limit=await self._batch()
        )
        if claimed is None:
            return False
        claim = claimed.claim

        async def renew() -> None:
            await self._store.renew(claim, now=self._clock.now(), lease=_LEASE)

        try:
            decided = await while_held(self._decide_and_settle(claimed), renew, lease=_LEASE)
        except LeaseLost:
            log.warning("lease lost", lane=claim.lane)
            return True
        for one in decided:
            self._report(one)
        return True

    async def _batch(self) -> int:
        if self._way is None:
            return _BATCH
        await self._way.give_way()
        return _SMALL_BATCH if self._way.busy else _BATCH

    async def _decide_and_settle(self, claimed: ClaimedDeliveries) -> list[_Decided]:
        """Again when another lane wrote what these decisions are made of: then that one is done,
        so that there is an end to it."""
        for _ in range(_TRIES):
            decided = await self._decide_all(claimed)
            settled = [one.settled for one in decided]
            try:
                await self._store.settle_deliveries(claimed.claim, settled, now=self._clock.now())
            except StateChanged:
                log.info("decided again", lane=claimed.claim.lane)
            else:
                return decided
        raise StoreError(f"{claimed.claim.lane}: its state changed {_TRIES} times meanwhile")

    async def _decide_all(self, claimed: ClaimedDeliveries) -> list[_Decided]:
        """In order; what one decision remembers, the next one of the same lane sees."""
        overlay = Overlay(self._store)
        lanes = Lanes(self._store, self._workspace)
        decided: list[_Decided] = []
        read = await self._read_all(claimed.deliveries, overlay)
        for delivery, event in zip(claimed.deliveries, read, strict=True):
            # A decision is a long step; whoever waits for the loop goes first.
            await asyncio.sleep(0)
            if decided and self._way is not None:
                await self._way.give_way()
            started = perf_counter()
            with self._traces.decide(delivery.id, lane=delivery.lane) as span:
                settled = await self._settle(delivery, event, overlay, lanes)
                span.tell(outcome=settled.status, actions=len(settled.lanes))
            settled = replace(settled, body=delivery.body)
            if settled.decision is not None:
                overlay.apply(settled.decision, self._clock.now())
            took_ms = (perf_counter() - started) * 1000
            decided.append(_Decided(delivery=delivery, settled=settled, took_ms=took_ms))
        return decided

    async def _read_all(
        self, deliveries: Sequence[Delivery], overlay: Overlay
    ) -> list[Event | Settled]:
        """What each is, or why that cannot be told; what they all ask for is loaded at once."""
        read: list[Event | Settled] = []
        for delivery in deliveries:
            await asyncio.sleep(0)
            try:
                read.append(understand(delivery))
            except PayloadError as error:
                read.append(Settled(delivery=delivery.id, status="failed", error=str(error)))
            except Exception as error:
                log.exception("decision failed", delivery=delivery.id)
                read.append(_failed(delivery, error))
        events_ = [event for event in read if isinstance(event, Event)]
        await overlay.load(
            Needs(
                threads=tuple(dict.fromkeys(key for one in events_ for key in one.subjects)),
                memory=tuple(dict.fromkeys(key for one in events_ for key in _known(one))),
            )
        )
        return read

    async def _settle(
        self, delivery: Delivery, event: Event | Settled, overlay: Overlay, lanes: Lanes
    ) -> Settled:
        if isinstance(event, Settled):
            return event
        try:
            decision = await self._decide(delivery, event, overlay)
            if self._lateness is not None:
                decision = await self._lateness.mark(delivery, decision)
            chosen = await lanes.of(decision.actions, await self._channels())
        except StoreError:
            raise
        except Exception as error:
            log.exception("decision failed", delivery=delivery.id)
            return _failed(delivery, error)
        return Settled(
            delivery=delivery.id,
            status="decided",
            decision=decision,
            lanes=chosen,
            project=event.project.path if event.project is not None else "",
        )

    async def _decide(self, delivery: Delivery, event: Event, overlay: Overlay) -> Decision:
        ruleset = self._book.current
        around = Surroundings(
            specs=events.SPECS,
            channels=await self._channels(),
            accounts=await self._accounts() if self._accounts is not None else {},
            default_route=await self._default_route(delivery),
            hook=delivery.hook,
            content=content_of(delivery),
            wishes=True,
            late=self._lateness is not None and await self._lateness.missed(delivery) is not None,
            faces=await self._who.known(ruleset, event) if self._who is not None else NOBODY,
            shared=await self._shared() if self._shared is not None else frozenset(),
        )
        now, facts = self._clock.now(), self._facts.about(event)
        made = await settle(
            event,
            overlay,
            delivery=delivery.id,
            now=now,
            ruleset=ruleset,
            around=around,
            facts=facts,
        )
        if self._shadow is not None:
            await self._shadow.compare(
                Seen(
                    event=event,
                    decision=made,
                    overlay=overlay,
                    around=around,
                    delivery=delivery.id,
                    now=now,
                    facts=facts.onto(State()),
                )
            )
        return made

    async def _default_route(self, delivery: Delivery) -> str | None:
        if delivery.hook == "shared":
            return None
        hook = await self._hooks.hook(delivery.hook)
        return hook.channel if hook is not None else None

    def _report(self, decided: _Decided) -> None:
        delivery, outcome = decided.delivery, decided.settled
        decision = outcome.decision
        sent = [v.rule for v in decision.verdicts if v.outcome is Outcome.SENT] if decision else []
        self._metrics.decisions.labels(outcome=outcome.status).inc()
        for rule in sent:
            self._metrics.matched(rule)
        log.info(
            "delivery decided",
            delivery=delivery.id,
            forge=delivery.forge,
            lane=delivery.lane,
            outcome=outcome.status,
            names=list(decision.names) if decision else [delivery.event],
            rules=sent,
            actions=len(decision.actions) if decision else 0,
            error=outcome.error,
            took_ms=round(decided.took_ms, 1),
        )


def _failed(delivery: Delivery, error: Exception) -> Settled:
    text = f"{type(error).__name__} while deciding; see the log"
    return Settled(delivery=delivery.id, status="failed", error=text)


def _known(event: Event) -> tuple[str, ...]:
    """What every decision about it asks for."""
    return (*event.links, *loops.keys_of(event), CHAT_MUTES)


def content_of(delivery: Delivery) -> str:
    """The same for one event that came through two hooks."""
    head = f"{delivery.instance}\n{delivery.event}\n".encode()
    return hashlib.sha256(head + unwrapped(delivery.body)).hexdigest()


def understand(delivery: Delivery) -> Event:
    """The delivery as an event; raises PayloadError."""
    source = Source(forge=delivery.forge, instance=delivery.instance, event=delivery.event)
    return events.understand(source, read_object(delivery.body))


async def settle(
    event: Event,
    overlay: Overlay,
    *,
    delivery: DeliveryId,
    now: datetime,
    ruleset: Ruleset,
    around: Surroundings,
    facts: Facts,
) -> Decision:
    """Decides, loading what the decision asks for until it asks for nothing more."""
    await overlay.load(Needs(threads=event.subjects, memory=_known(event)))
    for _ in range(_ROUNDS):
        state = facts.onto(overlay.state)
        made = decide(event, state, delivery=delivery, now=now, ruleset=ruleset, around=around)
        if isinstance(made, Decision):
            return facts.remembered(made)
        await overlay.load(made)
        if made.facts:
            await facts.learn(made.facts, overlay)
    raise BotError(f"the state of delivery {delivery} did not settle in {_ROUNDS} rounds")
