"""What waits for its time in a run of decisions without a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.model import Decision
from bot.rules.decide import channel_of, person_of
from bot.rules.hours import next_after
from bot.rules.mutes import CHAT_MUTES, mutes_of
from bot.rules.releasing import instance_of, postponed, release
from bot.rules.timed import fire
from bot.waiting import OpenSubject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.model import State, SubjectKey
    from bot.rules.decide import Surroundings
    from bot.rules.ruleset import Rule, Ruleset
    from bot.waiting import Held, Touched


class Agenda:
    """Groups of what is held, the next time of each time rule, and what is open."""

    def __init__(self, ruleset: Ruleset, around: Surroundings) -> None:
        self._ruleset = ruleset
        self._around = around
        self._held: dict[str, list[Held]] = {}
        #: When each key falls due, and at the latest.
        self._due: dict[str, tuple[datetime, datetime]] = {}
        self._timers: dict[str, datetime] | None = None
        self._rules = {rule.name: rule for rule in ruleset.time_rules}
        self._open: dict[SubjectKey, OpenSubject] = {}
        #: Nothing falls due before then; None = it must be looked for.
        self._quiet_until: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Sets the clock going, once: what should have run before then did not."""
        if self._timers is None:
            self._timers = {}
            for rule in self._rules.values():
                self._plan(rule, now)

    def seed(self, held: Iterable[Held], opened: Iterable[OpenSubject]) -> None:
        """What waited, oldest first, and what was open before; its facts hold until an event
        tells others."""
        for one in held:
            self._hold(one)
        self._open |= {item.subject: item for item in opened}

    def add(self, decision: Decision, now: datetime) -> None:
        for held in decision.held:
            self._hold(held)
        for one in decision.touched:
            self._touch(one, now)

    def _hold(self, held: Held) -> None:
        _, latest = self._due.get(held.key, (held.due, held.latest))
        self._due[held.key] = (min(latest, held.due), latest)
        self._held.setdefault(held.key, []).append(held)
        self._quiet_until = None

    def _touch(self, touched: Touched, now: datetime) -> None:
        if not touched.open:
            self._open.pop(touched.subject, None)
            return
        known = self._open.get(touched.subject)
        asked_at = known.asked_at if known is not None else None
        if touched.asked is not None:
            asked_at = now if touched.asked else None
        self._open[touched.subject] = OpenSubject(
            subject=touched.subject,
            kind=touched.kind,
            project=touched.project,
            facts={},
            active_at=now if touched.active or known is None else known.active_at,
            asked_at=asked_at,
        )

    def _plan(self, rule: Rule, after: datetime) -> None:
        at = next_after(rule.timing.every, after) if rule.timing.every is not None else None
        if at is not None and self._timers is not None:
            self._timers[rule.name] = at

    def next(self, until: datetime, state: State) -> tuple[datetime, Decision] | None:
        """The next thing that falls due, no later than then; None when nothing does."""
        if self._quiet_until is not None and until < self._quiet_until:
            return None
        while True:
            found = self._earliest()
            if found is None or found[0] > until:
                self._quiet_until = found[0] if found is not None else until
                return None
            at, key = found
            is_rule = key in self._rules_due()
            made = self._fire(key, at, state) if is_rule else self._release(key, at, state)
            if made is not None:
                return at, made

    def _rules_due(self) -> dict[str, datetime]:
        return self._timers or {}

    def _earliest(self) -> tuple[datetime, str] | None:
        found = [(due, key) for key, (due, _) in self._due.items()]
        found += [(at, name) for name, at in self._rules_due().items()]
        return min(found, default=None)

    def _release(self, key: str, at: datetime, state: State) -> Decision | None:
        entries = self._held[key]
        mutes = mutes_of(self._ruleset, state.memory.get(CHAT_MUTES), now=at)
        later = postponed(entries, mutes, channel_of(self._around.channels), now=at)
        if later is not None:
            self._due[key] = (later, later)
            return None
        del self._held[key], self._due[key]
        return release(
            entries,
            ruleset=self._ruleset.hash,
            person=person_of(self._ruleset, self._around.faces, instance_of(entries[-1].action)),
            channel=channel_of(self._around.channels),
        )

    def _fire(self, name: str, at: datetime, state: State) -> Decision | None:
        rule = self._rules[name]
        del self._rules_due()[name]
        self._plan(rule, at)
        made = fire(
            rule,
            [
                replace(item, facts=state.memory.get(f"facts:{key}") or item.facts)
                for key, item in self._open.items()
            ],
            state,
            due=at,
            now=at,
            ruleset=self._ruleset,
            around=self._around,
        )
        # The state of a run without a store is whole: nothing is ever asked for.
        return made if isinstance(made, Decision) else None
