"""State as a run of decisions sees it: what was known before, then what they decided so far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.model import Decision, Needs, State, Thread
from bot.rules.agenda import Agenda
from bot.rules.decide import decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bot.model import Action, DeliveryId, Event, Json, SubjectKey, Value
    from bot.rules.decide import Surroundings
    from bot.rules.ruleset import Ruleset
    from bot.waiting import Held, OpenSubject


class Remembered:
    """Grows with what is learnt and decided."""

    def __init__(self, *, whole: bool = False) -> None:
        #: Nothing is known but what is learnt and decided here.
        self._whole = whole
        self._memory: dict[str, Json] = {}
        self._threads: dict[SubjectKey, tuple[Thread, ...]] = {}
        #: Threads claimed by decisions: known even where the subject was not asked for yet.
        self._claimed: dict[SubjectKey, dict[tuple[str, bool], Thread]] = {}

    @property
    def state(self) -> State:
        return State(memory=self._memory, threads=self._threads, whole=self._whole)

    def missing(self, needs: Needs) -> Needs:
        """What of it is not known yet."""
        return Needs(
            memory=tuple(key for key in needs.memory if key not in self._memory),
            threads=tuple(key for key in needs.threads if key not in self._threads),
        )

    def learn(
        self,
        memory: Mapping[str, Json],
        threads: Mapping[SubjectKey, tuple[Thread, ...]],
    ) -> None:
        """What was known before the first of these decisions."""
        self._memory |= memory
        for key, found in threads.items():
            self._threads[key] = self._with_claims(key, found)

    def apply(self, decision: Decision, now: datetime) -> None:
        """As the store does when the decision is settled."""
        self._memory |= decision.remember
        for action in decision.actions:
            card = action.verb == "card"
            for key in action.claims:
                self._claimed.setdefault(key, {})[action.channel, card] = Thread(
                    channel=action.channel,
                    subject=key,
                    root=action.id,
                    rule=action.rule,
                    card=card,
                    ts=None,
                    at=now,
                )
                if self._whole or key in self._threads:
                    self._threads[key] = self._with_claims(key, self._threads.get(key, ()))

    def forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._memory.pop(key, None)

    def share(self, keys: Iterable[str], other: Remembered) -> None:
        for key in keys:
            theirs = other._memory.get(key)
            if theirs is not None and theirs == self._memory.get(key):
                self._memory[key] = theirs

    def _with_claims(self, key: SubjectKey, found: tuple[Thread, ...]) -> tuple[Thread, ...]:
        """In each channel at most one card and one other root, the card last."""
        fresh = self._claimed.get(key, {})
        kept = [thread for thread in found if (thread.channel, thread.card) not in fresh]
        return tuple(sorted((*kept, *fresh.values()), key=lambda thread: thread.card))


class Playback:
    """Decides events one after the other for a bot that has never seen anything before: for
    simulate, inline tests and back-tests. No store, no clock, no network."""

    def __init__(self, ruleset: Ruleset, around: Surroundings) -> None:
        self.ruleset = ruleset
        self.around = around
        self._remembered = Remembered(whole=True)
        self._agenda = Agenda(ruleset, around)

    def seed(
        self,
        memory: Mapping[str, Json],
        threads: Mapping[SubjectKey, tuple[Thread, ...]],
        *,
        held: Iterable[Held] = (),
        opened: Iterable[OpenSubject] = (),
    ) -> None:
        """What was known before the first event; `held`: what waited, oldest first."""
        self._remembered.learn(memory, threads)
        self._agenda.seed(held, opened)

    def forget(self, keys: Iterable[str]) -> None:
        """Drops what is remembered under them."""
        self._remembered.forget(keys)

    def share(self, keys: Iterable[str], other: Playback) -> None:
        """What both remember alike under them is kept once."""
        self._remembered.share(keys, other._remembered)

    def feed(
        self,
        event: Event,
        *,
        delivery: DeliveryId,
        now: datetime,
        around: Surroundings | None = None,
        facts: Mapping[str, Value | None] | None = None,
        history: Mapping[str, Value] | None = None,
    ) -> Decision:
        """`around`: of this event alone. `facts`: all that the forge's API would tell of it;
        None: there is nobody to ask, so that rules are unknown where they depend on more than
        what the API told when it happened (`history`)."""
        unknown: dict[str, str] = {}
        while True:
            made = decide(
                event,
                replace(
                    self._remembered.state,
                    facts=facts or history or {},
                    unknown=unknown,
                    offline=facts is None,
                ),
                delivery=delivery,
                now=now,
                ruleset=self.ruleset,
                around=around or self.around,
            )
            if isinstance(made, Decision):
                self._agenda.begin(now)
                self._take(made, now)
                return made
            # Each round asks only for what is not known: there is an end to it.
            self._remembered.learn(dict.fromkeys(made.memory), dict.fromkeys(made.threads, ()))
            unknown |= dict.fromkeys(made.facts, "only the forge's API knows it")

    def advance(self, now: datetime) -> tuple[tuple[datetime, tuple[Action, ...]], ...]:
        """What falls due by itself up to `now` (batches, hours, throttles, `every`), each with the
        moment of it. The first call of `feed` or `advance` sets the clock going."""
        return tuple((at, made.actions) for at, made in self.decisions_until(now))

    def decisions_until(self, now: datetime) -> tuple[tuple[datetime, Decision], ...]:
        """As `advance`, with what is to be said of each."""
        self._agenda.begin(now)
        found: list[tuple[datetime, Decision]] = []
        while (due := self._agenda.next(now, self._remembered.state)) is not None:
            at, made = due
            self._take(made, at)
            found.append((at, made))
        return tuple(found)

    def _take(self, made: Decision, now: datetime) -> None:
        self._remembered.apply(made, now)
        self._agenda.add(made, now)
