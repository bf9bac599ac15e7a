"""The second loop: claims waiting actions lane by lane and carries them out, once each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    LeaseLost,
    NotSent,
    ParentLost,
    StoreAway,
    StoreError,
    Unsure,
)
from bot.message import Message, Plain, join, truncate
from bot.model import Place
from bot.ports import Carried, Dead, Done, Dropped, Retry
from bot.tracing import NO_TRACES, Traces
from bot.worker.asked import Asked
from bot.worker.leases import while_held
from bot.worker.loops import Turn
from bot.worker.retry import Gates, after_failure, honoured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.metrics import Metrics
    from bot.model import Action, OutboxItem
    from bot.outside import Chat, Trace
    from bot.ports import ClaimedItem, Clock, Sending
    from bot.worker.calling import Caller

log = structlog.get_logger()

#: A killed worker's lane is taken over after it; a living one renews it while it calls.
LEASE: Final = timedelta(seconds=20)
CALL_TIMEOUT_S: Final = 20.0
#: Clocks of two machines may differ; a look-up begins this long before the item was made.
_SKEW: Final = timedelta(minutes=2)
_PLAIN_LIMIT: Final = 2500

#: The Slack method behind a verb, as far as rate limits go.
_LOOK_UP: Final = "find"
_METHODS: Final = {"post": "post", "card": "post", "reply": "post", "dm": "post", "react": "react"}


class _NotLookedUp(NotSent):
    """Whether it was posted before, or who reads there, could not be asked: the limit is not that
    of posting."""


class Privacy(Protocol):
    """What the rules in force, and the chat, say of a channel."""

    async def refuses(self, action: Action) -> str | None:
        """Why it may not be sent; None when it may. Raises CallError when nobody knows."""


class GivenUp(Protocol):
    """Is told of every dead letter."""

    def __call__(self, action: Action, *, error: str, code: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    claimed: ClaimedItem
    outcome: Done | Retry | Dead | Dropped
    #: Of its lane, from when it is settled on: the clock may be set in between.
    wait: timedelta
    took_ms: float

    def carried(self, now: datetime) -> Carried:
        outcome, ready_at = self.outcome, now + self.wait
        if isinstance(outcome, Retry):
            outcome = replace(outcome, at=ready_at)
        return Carried(claimed=self.claimed, outcome=outcome, ready_at=ready_at)


class Deliverer:
    """Carries out one claimed item at a time; many may run at once, each on its own lane."""

    def __init__(
        self,
        *,
        store: Sending,
        chat: Chat,
        privacy: Privacy,
        clock: Clock,
        gap: timedelta,
        jitter: Callable[[], float],
        metrics: Metrics,
        caller: Caller | None = None,
        trace: Trace | None = None,
        given_up: GivenUp | None = None,
        learnt: Callable[[str, str], None] = lambda _name, _channel: None,
        traces: Traces = NO_TRACES,
        steady: Clock | None = None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._privacy = privacy
        self._clock = clock
        #: Never steps: for limits.
        self._steady = steady or clock
        self._asked = Asked(steady=self._steady, wall=clock)
        self._gap = gap
        self._jitter = jitter
        self._metrics = metrics
        self._caller = caller
        self._trace = trace
        self._given_up = given_up
        #: Is told which channel a `#name` is, before the store files its threads by the id.
        self._learnt = learnt
        self._traces = traces
        self._gates = Gates()

    async def turn(self, done: Sequence[Ended], *, limit: int) -> Turn[ClaimedItem]:
        """Keeps what became of items and claims up to `limit` more, in one transaction.

        Raises StoreError when nothing was claimed; what could not be kept, unless the store is
        down, will be looked for.
        """
        for one in done:
            self._learn(one)
        asked = self._asked.now()
        now = asked.wall
        carried = [one.carried(now) for one in done]
        try:
            turned = await self._store.settle_and_claim(carried, now=now, lease=LEASE, limit=limit)
        except StoreError as error:
            if not done or isinstance(error, StoreAway):
                raise
            # What broke for one must not stop the others.
            parts = [[one] for one in done] if len(done) > 1 else []
            if not parts:
                log.error("outcome not stored; it will be looked for", error=str(error))
            for part in parts:
                await self.turn(part, limit=0)
            return Turn(claimed=(), next_at=self._clock.now())
        self._asked.note(turned.claimed, asked)
        for one, settled in zip(done, carried, strict=True):
            await self._ended(one, lost=settled in turned.lost)
        return Turn(claimed=turned.claimed, next_at=turned.next_at)

    async def _ended(self, one: Ended, *, lost: bool) -> None:
        claimed, outcome = one.claimed, one.outcome
        if lost:
            log.warning("lease lost", lane=claimed.claim.lane, action=claimed.item.action.id)
            return
        await self._note(claimed.item, outcome)
        self._report(claimed, outcome, took_ms=one.took_ms)

    async def handle(self, claimed: ClaimedItem) -> Ended | None:
        """Carries the item out, whatever happens; None when its lease was lost meanwhile."""
        started = perf_counter()

        async def renew() -> None:
            await self._store.renew(claimed.claim, now=self._clock.now(), lease=LEASE)

        try:
            outcome = await while_held(self._traced(claimed), renew, lease=LEASE)
        except LeaseLost:
            log.warning("lease lost", lane=claimed.claim.lane, action=claimed.item.action.id)
            return None
        finally:
            self._asked.forget(claimed.claim)
        wait = outcome.at - self._clock.now() if isinstance(outcome, Retry) else timedelta()
        if isinstance(outcome, Done) and _method(claimed.item.action) == "post":
            wait = self._gap
        took_ms = (perf_counter() - started) * 1000
        return Ended(claimed=claimed, outcome=outcome, wait=wait, took_ms=took_ms)

    async def _traced(self, claimed: ClaimedItem) -> Done | Retry | Dead | Dropped:
        item = claimed.item
        with self._traces.act(
            item.delivery,
            action=item.action.id,
            verb=item.action.verb,
            rule=item.action.rule,
            channel=item.action.channel,
            attempt=item.attempts,
        ) as span:
            outcome = await self._outcome(claimed)
            span.tell(outcome=type(outcome).__name__.lower())
            if isinstance(outcome, Retry | Dead):
                span.fail(outcome.code)
            return outcome

    def _learn(self, ended: Ended) -> None:
        channel, outcome = ended.claimed.item.action.channel, ended.outcome
        place = outcome.place if isinstance(outcome, Done) else None
        if place is not None and channel.startswith("#"):
            self._learnt(channel, place.channel)

    async def _outcome(self, claimed: ClaimedItem) -> Done | Retry | Dead | Dropped:
        item = claimed.item
        if self._asked.ago(claimed.claim) >= LEASE:
            # This machine slept between the claim and the call; somebody else may be calling.
            raise LeaseLost(f"the lease of {item.lane} ended before the call")
        method, now = _method(item.action), self._steady.now()
        closed = self._gates.closed_until(method, now=now)
        if closed is not None:
            at = self._clock.now() + (closed - now)
            return Retry(at=at, error="waits for the rate limit", code="gate", limited=True)
        try:
            return await self._timed(claimed, method)
        except TimeoutError:
            error: CallError = Unsure(f"no answer in {CALL_TIMEOUT_S:.0f} s", code="timeout")
        except CallError as failure:
            error = failure
        except StoreError:
            raise
        except Exception as failure:
            log.exception("action failed", action=item.action.id)
            said = f"{type(failure).__name__}; see the log"
            return Dead(error=said, code="internal", maybe_sent=True)
        made = after_failure(
            error,
            attempts=item.attempts,
            created_at=self._asked.tried_since(claimed),
            now=self._clock.now(),
            jitter=self._jitter(),
        )
        if isinstance(error, NotSent) and error.retry_after is not None and isinstance(made, Retry):
            limited = _LOOK_UP if isinstance(error, _NotLookedUp) else method
            word = limited.partition(":")[0]
            wait, now = honoured(error.retry_after), self._steady.now()
            self._metrics.limited_s.labels(method=word).inc(wait.total_seconds())
            self._gates.limited(limited, item.lane, until=now + wait, scope=error.scope, now=now)
        return made

    async def _timed(self, claimed: ClaimedItem, method: str) -> Done | Dropped:
        started = perf_counter()
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await self._carry_out(claimed)
        finally:
            self._metrics.called(method.partition(":")[0], perf_counter() - started)

    async def _carry_out(self, claimed: ClaimedItem) -> Done | Dropped:
        action = claimed.item.action
        if action.call is not None:
            return await self._call(claimed)
        refused = await self._refused(action)
        if refused is not None:
            return Dropped(reason=refused)
        if action.root is None:
            return await self._post(claimed, thread=None)
        if claimed.root is None and not claimed.root_dead:
            raise NotSent("waits for the first message of its thread", code="no_root_yet")
        if claimed.root is None:
            return await self._orphan(claimed)
        try:
            return await self._below(claimed, claimed.root)
        except ParentLost:
            # Somebody deleted the message; what belongs to it goes with it.
            if action.verb == "reply" and action.alone:
                return await self._post(claimed, thread=None)
            return Dropped(reason="its message was deleted")

    async def _call(self, claimed: ClaimedItem) -> Done | Dropped:
        if self._caller is None:
            raise CredentialRefused("this bot calls nothing outside of chat", code="no_caller")
        return await self._caller.carry_out(self._asked.from_before(claimed))

    async def _refused(self, action: Action) -> str | None:
        """The rules, and who reads in the channel, may have changed since it was planned."""
        try:
            return await self._privacy.refuses(action)
        except NotSent as error:
            raise _NotLookedUp(
                str(error), code=error.code, retry_after=error.retry_after, scope=error.scope
            ) from error

    async def _orphan(self, claimed: ClaimedItem) -> Done | Dropped:
        action = claimed.item.action
        if action.verb == "reply" and action.alone:
            return await self._post(claimed, thread=None)
        return Dropped(reason="the first message of its thread was given up")

    async def _below(self, claimed: ClaimedItem, root: Place) -> Done:
        action = claimed.item.action
        if action.verb == "reply" and not action.edit:
            return await self._post(claimed, thread=root)
        if action.verb == "react":
            await self._chat.react(root, action.emoji or "", remove=action.remove)
            return Done(place=root)
        await self._chat.edit(root, _message(action))
        return Done(place=root)

    async def _post(self, claimed: ClaimedItem, *, thread: Place | None) -> Done:
        """A new message; one that may have been posted before is looked for first."""
        action = claimed.item.action
        channel = thread.channel if thread is not None else action.channel
        ts = thread.ts if thread is not None else None
        if claimed.item.maybe_sent:
            found = await self._found(claimed, channel, thread=ts)
            if found is not None:
                return Done(place=found)
        try:
            place = await self._chat.post(
                channel,
                _message(action),
                key=action.id,
                thread=ts,
                broadcast=action.broadcast and ts is not None,
            )
        except ContentRefused:
            log.warning("message refused, sent as plain text", action=action.id, rule=action.rule)
            place = await self._chat.post(
                channel, _bare(action), key=action.id, thread=ts, broadcast=False
            )
        return Done(place=place)

    async def _found(
        self, claimed: ClaimedItem, channel: str, *, thread: str | None
    ) -> Place | None:
        now = self._steady.now()
        closed = self._gates.closed_until(_LOOK_UP, now=now)
        if closed is not None:
            wait_s = (closed - now).total_seconds()
            raise _NotLookedUp("waits for the rate limit", code="gate", retry_after=wait_s)
        item = self._asked.from_before(claimed).item
        since = item.created_at - _SKEW
        try:
            return await self._chat.find(channel, key=item.action.id, since=since, thread=thread)
        except NotSent as error:
            raise _NotLookedUp(
                str(error), code=error.code, retry_after=error.retry_after, scope=error.scope
            ) from error

    async def _note(self, item: OutboxItem, outcome: Done | Retry | Dead | Dropped) -> None:
        if self._trace is not None and isinstance(outcome, Done) and outcome.place is not None:
            await self._trace.note(outcome.place, item.action)

    def _report(
        self, claimed: ClaimedItem, outcome: Done | Retry | Dead | Dropped, *, took_ms: float
    ) -> None:
        action = claimed.item.action
        word = type(outcome).__name__.lower()
        self._metrics.acted(action.verb, word)
        if not isinstance(outcome, Retry):
            waited = self._clock.now() - claimed.item.created_at
            self._metrics.delay_s.observe(max(waited.total_seconds(), 0))
        if isinstance(outcome, Retry | Dead) and action.call is None:
            self._metrics.slack_failed(outcome.code)
        fields = {
            "delivery": claimed.item.delivery,
            "action": action.id,
            "verb": action.verb,
            "rule": action.rule,
            "lane": claimed.item.lane,
            "attempts": claimed.item.attempts,
            "took_ms": round(took_ms, 1),
        }
        if isinstance(outcome, Retry):
            log.warning("action postponed", error=outcome.error, code=outcome.code, **fields)
        elif isinstance(outcome, Dead):
            log.error("action given up", error=outcome.error, code=outcome.code, **fields)
            if self._given_up is not None:
                self._given_up(action, error=outcome.error, code=outcome.code)
        elif isinstance(outcome, Dropped):
            log.info("action dropped", reason=outcome.reason, **fields)
        else:
            log.info("action carried out", **fields)


def _method(action: Action) -> str:
    if action.call is not None:
        return f"{action.verb}:{action.call.instance or action.channel}"
    if action.is_edit:
        return "edit"
    return _METHODS.get(action.verb, action.verb)


def _message(action: Action) -> Message:
    return action.message if action.message is not None else Message(text=())


def _bare(action: Action) -> Message:
    """Its texts alone, as far as they fit, for a message whose blocks Slack refuses."""
    made = _message(action)
    said = truncate(join(Plain("\n"), [made.text, *made.body]), _PLAIN_LIMIT)
    return replace(made, text=said, body=(), context=(), color=None)
