"""The first loop: claims waiting deliveries lane by lane, decides them, writes what follows."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot import events
from bot.errors import BotError, LeaseLost, StateChanged, StoreAway, StoreError
from bot.model import Decision, Needs, Outcome, State
from bot.people import NOBODY
from bot.ports import Decided, Settled
from bot.rules.decide import Surroundings, decide
from bot.tracing import NO_TRACES, Traces
from bot.worker.facts import FactFinder
from bot.worker.lanes import Lanes
from bot.worker.leases import while_held
from bot.worker.loops import Turn
from bot.worker.overlay import Overlay
from bot.worker.shadow import Seen, Shadow
from bot.worker.understanding import Understood, failed, read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.metrics import Metrics
    from bot.model import Delivery, DeliveryId, Event
    from bot.ports import ClaimedDeliveries, Clock, Deciding, Hooks, Next, Way
    from bot.rules.ruleset import Ruleset
    from bot.worker.faces import Acquaintances
    from bot.worker.facts import Facts
    from bot.worker.lateness import Lateness

log = structlog.get_logger()

#: A killed worker's lane is taken over after it; a living one renews it.
_LEASE: Final = timedelta(seconds=20)
#: Deliveries of one claim, of all its lanes together: requests that come meanwhile wait for the
#: transaction that keeps them.
_BATCH: Final = 64
#: While requests wait to be answered: their rows wait until these decisions are written, about
#: half a millisecond each.
_SMALL_BATCH: Final = 2
#: Rounds of loading state for one event; each round asks only for what is still unknown.
_ROUNDS: Final = 8
#: How often one claim is decided because other lanes changed what it saw.
_TRIES: Final = 50


class Book(Protocol):
    """The rules in force."""

    @property
    def current(self) -> Ruleset: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    delivery: Delivery
    settled: Settled
    took_ms: float


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the decisions of one claim see in common."""

    overlay: Overlay
    lanes: Lanes
    #: Default routes by hook.
    routes: dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What of one lane is to be decided."""

    claimed: ClaimedDeliveries
    #: How often it was decided because other lanes changed what it saw.
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    case: Case
    made: Sequence[_Made]


def _again(case: Case) -> Case:
    """Then that other lane is done, so that there is an end to it."""
    lane = case.claimed.claim.lane
    if case.tries == _TRIES:
        raise StoreError(f"{lane}: its state changed {_TRIES} times meanwhile")
    log.info("decided again", lane=lane)
    return replace(case, tries=case.tries + 1)


class Decider:
    """Decides what lanes hold; several may be under way, because one that waits for a forge's
    answer must not hold other projects back."""

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

    async def turn(self, done: Sequence[Judged], *, limit: int) -> Turn[Case]:
        """Keeps decisions and claims up to `limit` lanes more, in one transaction. What another
        lane's state made untrue is to be decided again.

        Raises StoreError when decisions are not kept, and, unless the store is down, will be made
        again.
        """
        try:
            following = await self._kept(done, lanes=limit)
        except StoreAway:
            raise
        except StoreError as error:
            if len(done) > 1:
                # What broke for one must not stop the others.
                return Turn(claimed=await self._each(done), next_at=self._clock.now())
            if not isinstance(error, StateChanged):
                raise
            return Turn(claimed=[_again(one.case) for one in done], next_at=None)
        for one in done:
            self._ended(one, lost=one.case.claimed.claim in following.lost)
        return Turn(claimed=[Case(claimed=one) for one in following.claimed], next_at=None)

    async def _kept(self, done: Sequence[Judged], *, lanes: int) -> Next:
        busy = self._way is not None and self._way.busy
        return await self._store.settle_and_claim_deliveries(
            [
                Decided(
                    claim=one.case.claimed.claim,
                    settled=tuple(made.settled for made in one.made),
                )
                for one in done
            ],
            now=self._clock.now(),
            lease=_LEASE,
            lanes=lanes,
            limit=_SMALL_BATCH if busy else max(_BATCH // max(lanes, 1), _SMALL_BATCH),
        )

    async def _each(self, done: Sequence[Judged]) -> list[Case]:
        """One after the other; those that are to be decided again."""
        again: list[Case] = []
        failure: StoreError | None = None
        for one in done:
            try:
                again += (await self.turn([one], limit=0)).claimed
            except StoreError as error:
                lane = one.case.claimed.claim.lane
                log.error("decisions not kept; they will be made again", lane=lane)
                failure = error
        if failure is not None and not again:
            raise failure
        return again

    async def handle(self, case: Case) -> Judged | None:
        """Decides what one lane holds; None when its lease was lost meanwhile."""
        claim = case.claimed.claim

        async def renew() -> None:
            await self._store.renew(claim, now=self._clock.now(), lease=_LEASE)

        try:
            made = await while_held(self._decide_all(case.claimed), renew, lease=_LEASE)
        except LeaseLost:
            log.warning("lease lost", lane=claim.lane)
            return None
        return Judged(case=case, made=made)

    def _ended(self, one: Judged, *, lost: bool) -> None:
        if lost:
            log.warning("lease lost", lane=one.case.claimed.claim.lane)
            return
        for made in one.made:
            self._report(made)

    async def _decide_all(self, claimed: ClaimedDeliveries) -> list[_Made]:
        """In order; what one decision remembers, the next one of the same lane sees."""
        sight = _Sight(Overlay(self._store), Lanes(self._store, self._workspace), {})
        made: list[_Made] = []
        known = deque(await self._read_all(claimed.deliveries, sight.overlay))
        for delivery in claimed.deliveries:
            # A decision is a long step; whoever waits for the loop goes first.
            await asyncio.sleep(0)
            if self._way is not None:
                await self._way.give_way()
            started = perf_counter()
            with self._traces.decide(delivery.id, lane=delivery.lane) as span:
                # Nothing else holds it: its room is free for the next one that is read.
                settled = await self._settle(delivery, known.popleft(), sight)
                span.tell(outcome=settled.status, actions=len(settled.lanes))
            if settled.decision is not None:
                sight.overlay.apply(settled.decision, self._clock.now())
            took_ms = (perf_counter() - started) * 1000
            made.append(_Made(delivery=delivery, settled=settled, took_ms=took_ms))
        return made

    async def _read_all(
        self, deliveries: Sequence[Delivery], overlay: Overlay
    ) -> list[Understood | Settled]:
        """What each is; what they all ask for is loaded at once."""
        found: list[Understood | Settled] = []
        for delivery in deliveries:
            await asyncio.sleep(0)
            found.append(read(delivery))
        needs = [one.needs for one in found if isinstance(one, Understood)]
        await overlay.load(
            Needs(
                threads=tuple(dict.fromkeys(key for one in needs for key in one.threads)),
                memory=tuple(dict.fromkeys(key for one in needs for key in one.memory)),
            )
        )
        return found

    async def _settle(
        self, delivery: Delivery, known: Understood | Settled, sight: _Sight
    ) -> Settled:
        if isinstance(known, Settled):
            return known
        project = known.event.project
        try:
            decision = await self._decide(delivery, known, sight)
            if self._lateness is not None:
                decision = await self._lateness.mark(delivery, decision)
            chosen = await sight.lanes.of(decision.actions, await self._channels())
        except StoreError:
            raise
        except Exception as error:
            log.exception("decision failed", delivery=delivery.id)
            return failed(delivery, error)
        return Settled(
            delivery=delivery.id,
            status="decided",
            decision=decision,
            lanes=chosen,
            project=project.path if project is not None else "",
        )

    async def _decide(self, delivery: Delivery, known: Understood, sight: _Sight) -> Decision:
        event, overlay, ruleset = known.event, sight.overlay, self._book.current
        around = Surroundings(
            specs=events.SPECS,
            channels=await self._channels(),
            accounts=await self._accounts() if self._accounts is not None else {},
            default_route=await self._default_route(delivery.hook, sight.routes),
            hook=delivery.hook,
            content=known.content,
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
        if self._shadow is not None and self._shadow.runs:
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

    async def _default_route(self, hook_id: str, known: dict[str, str | None]) -> str | None:
        if hook_id == "shared":
            return None
        if hook_id not in known:
            hook = await self._hooks.hook(hook_id)
            known[hook_id] = hook.channel if hook is not None else None
        return known[hook_id]

    def _report(self, made: _Made) -> None:
        delivery, outcome = made.delivery, made.settled
        decision = outcome.decision
        sent = [v.rule for v in decision.verdicts if v.outcome is Outcome.SENT] if decision else []
        self._metrics.decided(outcome.status)
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
            took_ms=round(made.took_ms, 1),
        )


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
    for _ in range(_ROUNDS):
        state = facts.onto(overlay.state)
        made = decide(event, state, delivery=delivery, now=now, ruleset=ruleset, around=around)
        if isinstance(made, Decision):
            return facts.remembered(made)
        await overlay.load(made)
        if made.facts:
            await facts.learn(made.facts, overlay)
    raise BotError(f"the state of delivery {delivery} did not settle in {_ROUNDS} rounds")
