"""State as a run of decisions sees it: what the store held, then what they decided so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.model import State, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.model import Decision, Json, Needs, SubjectKey


class Memories(Protocol):
    """The part of the store that decisions read."""

    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]: ...

    async def load_threads(
        self, subjects: Sequence[SubjectKey]
    ) -> dict[SubjectKey, tuple[Thread, ...]]: ...


class NothingStored:
    """Memories of a bot that has never seen anything: for runs without a store."""

    async def load_memory(self, keys: Sequence[str]) -> dict[str, Json]:
        return dict.fromkeys(keys)

    async def load_threads(
        self, subjects: Sequence[SubjectKey]
    ) -> dict[SubjectKey, tuple[Thread, ...]]:
        return dict.fromkeys(subjects, ())


class Overlay:
    """Grows with what is loaded and decided; belongs to one claim, as a lane's state does."""

    def __init__(self, stored: Memories) -> None:
        self._stored = stored
        self._memory: dict[str, Json] = {}
        self._threads: dict[SubjectKey, tuple[Thread, ...]] = {}
        self._claimed: dict[SubjectKey, dict[str, Thread]] = {}

    @property
    def state(self) -> State:
        return State(memory=self._memory, threads=self._threads)

    async def load(self, needs: Needs) -> None:
        memory = [key for key in needs.memory if key not in self._memory]
        if memory:
            self._memory |= await self._stored.load_memory(memory)
        threads = [key for key in needs.threads if key not in self._threads]
        if threads:
            for key, found in (await self._stored.load_threads(threads)).items():
                self._threads[key] = self._with_claims(key, found)

    def apply(self, decision: Decision, now: datetime) -> None:
        """As the store does when the decision is settled."""
        self._memory |= decision.remember
        for action in decision.actions:
            for key in action.claims:
                self._claimed.setdefault(key, {})[action.channel] = Thread(
                    channel=action.channel,
                    subject=key,
                    root=action.id,
                    rule=action.rule,
                    card=action.verb == "card",
                    ts=None,
                    at=now,
                )
                if key in self._threads:
                    self._threads[key] = self._with_claims(key, self._threads[key])

    def _with_claims(self, key: SubjectKey, found: tuple[Thread, ...]) -> tuple[Thread, ...]:
        fresh = self._claimed.get(key, {})
        return (*(thread for thread in found if thread.channel not in fresh), *fresh.values())
