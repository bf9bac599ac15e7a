"""A trial: other rules decide beside the live ones, nothing of it is sent, the difference is kept.

The shadow may not harm: whatever goes wrong with it stays here, its time is a share of the live
rules' time, and what it keeps is bounded.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from bot.errors import BotError, RulesError, StoreError
from bot.model import Decision, State, SubjectKey, Thread
from bot.rules.comparison import Comparison, Tally
from bot.rules.decide import decide
from bot.rules.remembered import Remembered
from bot.worker.quiet import quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.model import DeliveryId, Event, Json, Needs
    from bot.ports import Clock
    from bot.rules.decide import Surroundings
    from bot.rules.ruleset import Ruleset
    from bot.worker.overlay import Overlay

log = structlog.get_logger()

#: The trial that runs or ran last, its files, and what each process counted.
TRIAL: Final = "try"
FILES: Final = "try-files"
COUNTS: Final = "try:"

_LOOK_S: Final = 2.0
#: One comparison; it waits for little but reads of the store.
_LONGEST_S: Final = 2.0
_KEEP: Final = timedelta(seconds=5)
#: Of all time since the trial began, so much may be spent on it, and this much at once.
_SHARE: Final = 0.2
_BURST_S: Final = 1.0
#: Keys whose value differs from the live one; beyond it the shadow begins again from live state.
_DIVERGED: Final = 50_000
_ROUNDS: Final = 8
#: Failures after which this process takes no more part.
_FAILURES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    id: str
    #: The file, as the person named it.
    name: str
    entry: str
    since: datetime
    until: datetime

    def dump(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "entry": self.entry,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Trial:
        return cls(
            id=raw["id"],
            name=raw["name"],
            entry=raw["entry"],
            since=datetime.fromisoformat(raw["since"]),
            until=datetime.fromisoformat(raw["until"]),
        )


class Notes(Protocol):
    async def get_meta(self, key: str) -> Json: ...

    async def set_meta(self, key: str, value: Json) -> None: ...


class Book(Protocol):
    @property
    def current(self) -> Ruleset: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One delivery as the live rules decided it; `overlay` is as it was before."""

    event: Event
    decision: Decision
    overlay: Overlay
    around: Surroundings
    delivery: DeliveryId
    now: datetime
    #: What the forge's API told the live rules; the shadow asks for nothing.
    facts: State


class Shadow:
    """Runs the stored trial beside the live rules of this process."""

    def __init__(
        self,
        *,
        store: Notes,
        book: Book,
        load: Callable[[Mapping[str, str], str], Ruleset],
        clock: Clock,
        process: str,
        stopwatch: Callable[[], float] = perf_counter,
    ) -> None:
        self._store = store
        self._book = book
        self._load = load
        self._clock = clock
        self._process = process
        self._stopwatch = stopwatch
        self._running: _Running | None = None
        #: A trial that does not load, or failed too often here.
        self._refused = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Looks for trials and keeps what was counted, until `stop`."""
        while not stop.is_set():
            await self.look()
            try:
                async with asyncio.timeout(_LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue
        try:
            await self._keep()
        except StoreError as error:
            log.warning("trial's last counts not kept", error=str(error))

    async def look(self) -> None:
        """Takes up, goes on with or ends the stored trial."""
        try:
            raw = await self._store.get_meta(TRIAL)
            trial = Trial.load(raw) if raw is not None else None
            if trial is None or trial.until <= self._clock.now():
                await self._keep()
                self._running = None
            elif self._running is None or self._running.trial.id != trial.id:
                await self._keep()
                self._running = await self._take_up(trial)
                await self._keep()
            else:
                self._running.trial = trial
                if abs(self._clock.now() - self._running.kept_at) >= _KEEP:
                    await self._keep()
        except (StoreError, RulesError) as error:
            log.warning("trial not followed", error=str(error))

    async def _take_up(self, trial: Trial) -> _Running | None:
        if trial.id == self._refused:
            return None
        files = await self._store.get_meta(FILES)
        try:
            ruleset = await asyncio.to_thread(quietly, self._load, files, trial.entry)
        except RulesError:
            self._refused = trial.id
            raise
        log.info("trial taken up", trial=trial.id, file=trial.name, until=trial.until.isoformat())
        return _Running(
            trial=trial, ruleset=ruleset, began=self._stopwatch(), kept_at=self._clock.now()
        )

    async def _keep(self) -> None:
        running = self._running
        if running is None:
            return
        running.kept_at = self._clock.now()
        counted = running.tally.dump()
        if counted != running.kept:
            running.kept = counted
            await self._store.set_meta(f"{COUNTS}{running.trial.id}:{self._process}", counted)

    @property
    def runs(self) -> bool:
        """There is a trial to compare with."""
        return self._running is not None

    async def compare(self, seen: Seen) -> None:
        """Never raises, and changes nothing but the counts."""
        running = self._running
        if running is None or not running.trial.since <= seen.now < running.trial.until:
            return
        started = self._stopwatch()
        if running.spent > _BURST_S + _SHARE * (started - running.began):
            running.tally["totals"]["skipped"] += 1
            return
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self._compare(seen, running)
        except Exception:
            log.exception("trial failed for a delivery", delivery=seen.delivery)
            running.tally["totals"]["failed"] += 1
            if running.tally["totals"]["failed"] >= _FAILURES:
                self._refused, self._running = running.trial.id, None
        finally:
            running.spent += self._stopwatch() - started

    async def _compare(self, seen: Seen, running: _Running) -> None:
        live = self._book.current
        if running.comparison is None or running.compared_with != live.hash:
            running.comparison = Comparison(live, running.ruleset, tally=running.tally)
            running.compared_with = live.hash
        made = await _decide(seen, running)
        running.diverged.note(seen, made)
        running.comparison.take(
            _at_once(seen.decision), _at_once(made), delivery=seen.delivery, now=seen.now
        )


@dataclass(slots=True, kw_only=True)
class _Running:
    trial: Trial
    ruleset: Ruleset
    began: float
    kept_at: datetime
    tally: Tally = field(default_factory=Tally)
    kept: Json = None
    spent: float = 0.0
    comparison: Comparison | None = None
    compared_with: str = ""
    diverged: _Diverged = field(default_factory=lambda: _Diverged())


class _Diverged:
    """Where the shadow's state differs from the live one; everything else is the live state."""

    def __init__(self) -> None:
        self._memory: dict[str, Json] = {}
        #: Threads that only the shadow has, and those that only the live rules have.
        self._claimed: dict[SubjectKey, dict[tuple[str, bool], Thread | None]] = {}

    def memory(self, live: Mapping[str, Json], keys: tuple[str, ...]) -> dict[str, Json]:
        return {key: self._memory.get(key, live.get(key)) for key in keys}

    def threads(
        self, live: Mapping[SubjectKey, tuple[Thread, ...]], keys: tuple[SubjectKey, ...]
    ) -> dict[SubjectKey, tuple[Thread, ...]]:
        found: dict[SubjectKey, tuple[Thread, ...]] = {}
        for key in keys:
            by_place: dict[tuple[str, bool], Thread | None] = {
                (thread.channel, thread.card): thread for thread in live.get(key, ())
            }
            by_place |= self._claimed.get(key, {})
            kept = [thread for thread in by_place.values() if thread is not None]
            found[key] = tuple(sorted(kept, key=lambda thread: thread.card))
        return found

    def note(self, seen: Seen, made: Decision) -> None:
        """Remembers what the two decisions changed differently."""
        if len(self._memory) + len(self._claimed) > _DIVERGED:
            self._memory.clear()
            self._claimed.clear()
        before = seen.overlay.state.memory
        live = seen.decision.remember
        for key in {*live, *made.remember}:
            old = before.get(key)
            ours = made.remember.get(key, self._memory.get(key, old))
            if ours != live.get(key, old):
                self._memory[key] = ours
            else:
                self._memory.pop(key, None)
        self._note_claims(_claims(seen.decision, seen.now), _claims(made, seen.now))

    def _note_claims(self, live: _Claims, ours: _Claims) -> None:
        for place in {*live, *ours}:
            subject, channel, card = place
            known = self._claimed.setdefault(subject, {})
            if place in live and place in ours:
                known.pop((channel, card), None)
            else:
                known[channel, card] = ours.get(place)
            if not known:
                del self._claimed[subject]


_Claims = dict[tuple[SubjectKey, str, bool], Thread]


def _claims(decision: Decision, now: datetime) -> _Claims:
    return {
        (key, action.channel, action.verb == "card"): Thread(
            channel=action.channel,
            subject=key,
            root=action.id,
            rule=action.rule,
            card=action.verb == "card",
            ts=None,
            at=now,
        )
        for action in decision.actions
        for key in action.claims
    }


async def _decide(seen: Seen, running: _Running) -> Decision:
    own = Remembered()
    unknown = dict(seen.facts.unknown)
    for _ in range(_ROUNDS):
        state = replace(own.state, facts=seen.facts.facts, unknown=unknown)
        made = decide(
            seen.event,
            state,
            delivery=seen.delivery,
            now=seen.now,
            ruleset=running.ruleset,
            around=seen.around,
        )
        if isinstance(made, Decision):
            return made
        await _learn(own, made, seen, running.diverged)
        unknown |= dict.fromkeys(made.facts, "the live rules did not ask for it")
    raise BotError(f"the state of delivery {seen.delivery} did not settle in {_ROUNDS} rounds")


async def _learn(own: Remembered, needs: Needs, seen: Seen, diverged: _Diverged) -> None:
    await seen.overlay.load(needs)
    live = seen.overlay.state
    own.learn(
        diverged.memory(live.memory, needs.memory), diverged.threads(live.threads, needs.threads)
    )


def _at_once(decision: Decision) -> Decision:
    """What waits for its batch or its hours counts as if it were sent now, on both sides."""
    if not decision.held:
        return decision
    waiting = (held.action for held in decision.held)
    return replace(decision, actions=(*decision.actions, *waiting))
