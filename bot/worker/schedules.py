"""The fourth loop: what falls due by itself, held actions and time rules, each carried out once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot import events
from bot.errors import BotError, LeaseLost, StateChanged, StoreError
from bot.model import Decision, Needs, Outcome, Verdict
from bot.people import NOBODY
from bot.ports import Settled
from bot.rules.catalogue import LISTS
from bot.rules.decide import Surroundings, channel_of, person_of
from bot.rules.holding import due_again
from bot.rules.hours import latest, next_after, spelled
from bot.rules.mutes import CHAT_MUTES, mutes_of
from bot.rules.releasing import instance_of, postponed, release, release_id
from bot.rules.timed import fire, firing_id, schedule_key
from bot.tracing import NO_TRACES, Traces
from bot.worker.lanes import Lanes
from bot.worker.overlay import Overlay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from bot.model import DeliveryId
    from bot.people import Faces
    from bot.ports import Clock
    from bot.rules.ruleset import Rule, Ruleset
    from bot.waiting import Due, Schedules
    from bot.worker.faces import Acquaintances

log = structlog.get_logger()

_LEASE: Final = timedelta(seconds=60)
#: A rule that this process does not know: another one may have newer rules already.
_ASIDE: Final = timedelta(minutes=1)
_FORGOTTEN: Final = timedelta(days=1)
#: What the clock goes back by beyond it, it was set back by.
_BACK: Final = timedelta(seconds=3)
_TRIES: Final = 5
_ROUNDS: Final = 8


class Book(Protocol):
    """The rules in force."""

    @property
    def current(self) -> Ruleset: ...


class Scheduler:
    """Handles one thing that is due at a time."""

    def __init__(
        self,
        *,
        store: Schedules,
        book: Book,
        channels: Callable[[], Awaitable[Mapping[str, str]]],
        clock: Clock,
        workspace: str = "slack",
        who: Acquaintances | None = None,
        shared: Callable[[], Awaitable[frozenset[str]]] | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._store = store
        self._book = book
        self._channels = channels
        self._clock = clock
        self._workspace = workspace
        self._who = who
        self._shared = shared
        self._traces = traces
        #: The hash of the rules whose times are in the store.
        self._planned = ""
        self._seen_at: datetime | None = None

    async def step(self) -> bool:
        """Whether something was due."""
        await self._plan()
        due = await self._store.claim_due(now=self._clock.now(), lease=_LEASE)
        if due is None:
            return False
        try:
            await self._handle(due)
        except LeaseLost:
            log.warning("lease lost", schedule=due.key)
        return True

    async def _plan(self) -> None:
        """Puts the time rules of new rules into the store. After a start, and when the clock was
        set back, what was planned by the later time is planned anew."""
        ruleset, now = self._book.current, self._clock.now()
        back = self._seen_at is None or now < self._seen_at - _BACK
        if ruleset.hash == self._planned and not back:
            self._seen_at = now
            return
        wanted: dict[str, tuple[str, datetime]] = {}
        for rule in ruleset.time_rules:
            every = rule.timing.every
            at = next_after(every, now) if every is not None else None
            if every is not None and at is not None:
                wanted[schedule_key(rule)] = (spelled(every), at)
        if wanted:
            await self._store.plan_rules(wanted)
        if back:
            await self._hasten(ruleset, now)
        self._planned, self._seen_at = ruleset.hash, now

    async def _hasten(self, ruleset: Ruleset, now: datetime) -> None:
        timings = {rule.name: rule.timing for rule in ruleset.rules}
        keys: dict[str, tuple[datetime, datetime]] = {}
        for one in await self._store.held():
            due, latest_ = due_again(one, timings.get(one.rule), now)
            # As when they came: the first says when at the latest, the last when else.
            at_most = keys[one.key][1] if one.key in keys else latest_
            keys[one.key] = (min(due, at_most), at_most)
        if keys:
            await self._store.hasten(keys)

    async def _handle(self, due: Due) -> None:
        for _ in range(_TRIES):
            try:
                await (self._release(due) if due.kind == "held" else self._fire(due))
            except StateChanged:
                log.info("decided again", schedule=due.key)
                continue
            return

    # -- held ----------------------------------------------------------------------------------

    async def _release(self, due: Due) -> None:
        now, ruleset = self._clock.now(), self._book.current
        if not due.entries:
            await self._store.settle_due(due, None, next_due=None, now=now)
            return
        known = await self._store.load_memory([CHAT_MUTES])
        mutes = mutes_of(ruleset, known[CHAT_MUTES], now=now)
        ids = await self._channels()
        later = postponed(due.entries, mutes, channel_of(ids), now=now)
        if later is not None:
            await self._store.settle_due(due, None, next_due=later, now=now)
            return
        newest = due.entries[-1]
        try:
            made = release(
                due.entries,
                ruleset=ruleset.hash,
                person=person_of(ruleset, await self._faces(ruleset), instance_of(newest.action)),
                channel=channel_of(ids),
                footer=ruleset.footer is not None,
            )
        except Exception as error:
            log.exception("release failed", schedule=due.key)
            made = _failed(ruleset, newest.rule, newest.file, newest.line, due.kind, error)
        await self._settle(due, release_id(due.key, due.entries[0]), made, next_due=None)

    # -- time rules ----------------------------------------------------------------------------

    async def _fire(self, due: Due) -> None:
        now, ruleset = self._clock.now(), self._book.current
        rule = next((r for r in ruleset.time_rules if schedule_key(r) == due.key), None)
        every = rule.timing.every if rule is not None else None
        if rule is None or every is None or spelled(every) != due.spec:
            await self._set_aside(due, now)
            return
        at = latest(every, since=due.due, now=now)
        upcoming = next_after(every, now)
        if at is None:
            log.warning("time rule missed", rule=rule.name, due=due.due.isoformat())
            made = _missed(ruleset, rule)
        elif await self._store.decision(firing_id(rule, at)) is not None:
            # The clock was set back over it.
            await self._store.settle_due(due, None, next_due=upcoming, now=now)
            return
        else:
            try:
                made = await self._decide(rule, at, now=now, ruleset=ruleset)
            except StoreError:
                raise
            except Exception as error:
                log.exception("time rule failed", rule=rule.name)
                made = _failed(ruleset, rule.name, rule.file, rule.line, "every", error)
        # One that was missed because the clock was ahead may still come.
        await self._settle(due, firing_id(rule, at or now), made, next_due=upcoming)

    async def _set_aside(self, due: Due, now: datetime) -> None:
        if now - due.due > _FORGOTTEN:
            await self._store.settle_due(due, None, next_due=None, now=now)
        else:
            await self._store.set_aside(due, now + _ASIDE)

    async def _decide(
        self, rule: Rule, at: datetime, *, now: datetime, ruleset: Ruleset
    ) -> Decision:
        kind = LISTS[rule.timing.listed or rule.timing.each or ""]
        items = await self._store.open_subjects(kind)
        overlay = Overlay(self._store)
        around = Surroundings(
            specs=events.SPECS,
            channels=await self._channels(),
            faces=await self._faces(ruleset),
            shared=await self._shared() if self._shared is not None else frozenset(),
        )
        for _ in range(_ROUNDS):
            made = fire(rule, items, overlay.state, due=at, now=now, ruleset=ruleset, around=around)
            if not isinstance(made, Needs):
                return made
            await overlay.load(made)
        raise BotError(f"the state of {rule.name} did not settle in {_ROUNDS} rounds")

    async def _faces(self, ruleset: Ruleset) -> Faces:
        return await self._who.known(ruleset) if self._who is not None else NOBODY

    async def _settle(
        self, due: Due, release_: DeliveryId, made: Decision, *, next_due: datetime | None
    ) -> None:
        lanes = await Lanes(self._store, self._workspace).of(made.actions, await self._channels())
        settled = Settled(delivery=release_, status="decided", decision=made, lanes=lanes)
        with self._traces.fall_due(release_, actions=len(lanes)):
            await self._store.settle_due(due, settled, next_due=next_due, now=self._clock.now())
        (verdict,) = made.verdicts
        log.info(
            "schedule carried out",
            delivery=release_,
            rule=verdict.rule,
            outcome=verdict.outcome.value,
            actions=len(made.actions),
        )


def _missed(ruleset: Ruleset, rule: Rule) -> Decision:
    verdict = Verdict(
        rule=rule.name,
        file=rule.file,
        line=rule.line,
        outcome=Outcome.WITHHELD,
        reason="missed by an hour or more",
    )
    return Decision(ruleset=ruleset.hash, names=("every",), verdicts=(verdict,))


def _failed(
    ruleset: Ruleset, rule: str, file: str, line: int, name: str, error: Exception
) -> Decision:
    verdict = Verdict(
        rule=rule,
        file=file,
        line=line,
        outcome=Outcome.ERROR,
        reason=f"{type(error).__name__} when it was due; see the log",
    )
    return Decision(ruleset=ruleset.hash, names=(name,), verdicts=(verdict,))
