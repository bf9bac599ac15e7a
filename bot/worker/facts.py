"""Fetches the fields that a decision lacks from its event's forge, and remembers what stays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog

from bot.actions.values import dump_value, load_value
from bot.errors import CallError, NotSent, Unsure
from bot.model import Needs, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.model import Decision, Event, Json, Value
    from bot.outside import ForgeFacts
    from bot.ports import Clock
    from bot.worker.overlay import Overlay

log = structlog.get_logger()

#: For all that one delivery asks (rules-language.md 1.4.9).
WHOLE_S: Final = 10.0
#: A forge that did not answer is left alone for so long: every project waits behind a fetch.
PAUSE: Final = timedelta(seconds=30)
#: What a head commit decides. All else may change under it and is asked each time.
_STAYS: Final = frozenset({"paths", "additions", "deletions", "changed_files", "author"})
#: Longer lists are fetched again rather than kept.
_KEPT_PATHS: Final = 1000


class FactFinder:
    """`forges`: by instance; one that is missing cannot be asked."""

    def __init__(
        self, forges: Mapping[str, ForgeFacts], clock: Clock, *, whole_s: float = WHOLE_S
    ) -> None:
        self._forges = forges
        self._clock = clock
        self._whole_s = whole_s
        #: Instances that did not answer, and until when they are left alone.
        self._silent: dict[str, datetime] = {}

    def about(self, event: Event) -> Facts:
        return Facts(event, self)

    def can_ask(self, event: Event) -> bool:
        return event.instance in self._forges and event.project is not None

    async def fetch(
        self, event: Event, names: Sequence[str], *, left_s: float
    ) -> Mapping[str, Value | None]:
        """Raises CallError."""
        until = self._silent.get(event.instance)
        if until is not None and self._clock.now() < until:
            raise NotSent(f"{event.instance} did not answer a moment ago", code="silent")
        try:
            return await self._ask(event, names, max(left_s, 0))
        except (NotSent, Unsure):
            self._silent[event.instance] = self._clock.now() + PAUSE
            raise

    async def _ask(
        self, event: Event, names: Sequence[str], left_s: float
    ) -> Mapping[str, Value | None]:
        try:
            async with asyncio.timeout(left_s):
                return await self._forges[event.instance].fetch(event, frozenset(names))
        except TimeoutError:
            text = f"{event.instance} did not answer within {self._whole_s:g} s"
            raise NotSent(text, code="timeout") from None

    @property
    def whole_s(self) -> float:
        return self._whole_s


class Facts:
    """What is known and unknown of one event, while it is decided."""

    def __init__(self, event: Event, finder: FactFinder) -> None:
        self._event = event
        self._finder = finder
        self._known: dict[str, Value | None] = {}
        self._unknown: dict[str, str] = {}
        self._spent_s = 0.0
        self._kept: dict[str, Json] = {}

    def onto(self, state: State) -> State:
        offline = not self._finder.can_ask(self._event)
        return State(
            memory=state.memory,
            threads=state.threads,
            whole=state.whole,
            facts=self._known,
            unknown=self._unknown,
            offline=offline,
        )

    def remembered(self, decision: Decision) -> Decision:
        """The decision, which also keeps what was fetched."""
        if not self._kept:
            return decision
        return replace(decision, remember={**decision.remember, **self._kept})

    async def learn(self, names: Sequence[str], overlay: Overlay) -> None:
        """From what was kept, else from the forge; what fails is unknown from now on."""
        if not self._finder.can_ask(self._event):
            self._unknown |= dict.fromkeys(names, "the bot cannot ask this forge")
            return
        key, head = self._place()
        await overlay.load(Needs(memory=(key,)))
        kept = overlay.state.memory.get(key)
        old = kept["facts"] if kept and kept["head"] == head and head else {}
        self._known |= {name: load_value(old[name]) for name in names if name in old}
        missing = [name for name in names if name not in self._known]
        if missing:
            await self._fetch(missing)
            self._keep(key, head, old)

    async def _fetch(self, names: Sequence[str]) -> None:
        started = perf_counter()
        try:
            left_s = self._finder.whole_s - self._spent_s
            found = await self._finder.fetch(self._event, names, left_s=left_s)
        except CallError as error:
            log.warning("facts not fetched", names=list(names), error=str(error), code=error.code)
            self._unknown |= dict.fromkeys(names, str(error))
            return
        finally:
            self._spent_s += perf_counter() - started
        self._known |= {name: found[name] for name in names if name in found}
        self._unknown |= dict.fromkeys(
            (name for name in names if name not in found), "the forge does not tell it in full"
        )

    def _keep(self, key: str, head: str, old: Mapping[str, Json]) -> None:
        lasting = {
            name: dump_value(value)
            for name, value in self._known.items()
            if name in _STAYS and not (isinstance(value, tuple) and len(value) > _KEPT_PATHS)
        }
        if head and lasting:
            self._kept[key] = {"head": head, "facts": {**old, **lasting}}

    def _place(self) -> tuple[str, str]:
        """The key of what is kept, and the head commit it is kept for; of a merge request the
        target too: it decides the difference."""
        fields = self._event.fields
        head = f"{fields.get('sha', '')} {fields.get('target', '')}".strip()
        return f"fetched:{self._event.subjects[0]}", head
