"""Deliveries for several channels without end, and what became of them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import TYPE_CHECKING, Final

from tests.e2e.running import SECRET, Sender
from tests.waiting import PATIENCE_S, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fakes.slack_server import FakeSlack

CHANNELS: Final = ("dev", "ci", "general", "secret")
#: Each message apart, so that it can be counted, also when there are many.
RULES: Final = "version: 1\nrules:\n" + "".join(
    f'  - {{name: {name}, on: push, project: shop/{name}, batch: never, post: "#{name}"}}\n'
    for name in CHANNELS
)
_ACCEPTED: Final = 202
#: Between two deliveries: a load that leaves the machine to others too.
_PAUSE_S: Final = 0.01


@dataclass
class Load:
    """Numbered pushes, the next only when the one before was acknowledged; `url` may change."""

    forge: Sender
    slack: FakeSlack
    url: str = "http://127.0.0.1:9"
    acknowledged: list[int] = field(default_factory=list)
    #: Answers that were neither 202 nor no answer at all.
    refusals: list[int] = field(default_factory=list)
    #: So many are under way before the next is sent: load, and an end that comes soon.
    ahead: int = 16
    _over: bool = False
    _running: bool = False
    _probes: count[int] = field(default_factory=count)
    #: What was read of each channel's messages so far.
    _posted: dict[str, list[int]] = field(default_factory=dict)
    _missing: set[int] = field(default_factory=set)

    async def run(self, *, patience_s: float = PATIENCE_S) -> None:
        """Until `end`; from where it ended before. `patience_s`: for what is ahead to arrive."""
        self._over, self._running = False, True
        try:
            await self._run(patience_s)
        finally:
            self._running = False

    async def _run(self, patience_s: float) -> None:
        for number in count(len(self.acknowledged)):
            await until(
                lambda: self._over or self.waiting < self.ahead,
                "the bot catches up",
                patience_s=patience_s,
            )
            if self._over:
                return
            if not await self._sent(number):
                return
            self.note(number)
            await asyncio.sleep(_PAUSE_S)

    async def _sent(self, number: int) -> bool:
        """Again and again until it is acknowledged; False when it was over before that."""
        sent = False

        async def tried() -> bool:
            nonlocal sent
            sent = await self.send(number)
            return sent or self._over

        await until(tried, f"number {number} is acknowledged")
        return sent

    def end(self) -> None:
        self._over = True

    async def send(self, number: int) -> bool:
        """One try; whether it was acknowledged."""
        status = await self.forge.send(
            self.url,
            key=f"key {number}",
            secret=SECRET,
            branch=f"number-{number}-",
            project=f"shop/{_channel(number)}",
        )
        return self._accepted(status)

    async def probe(self, key: str) -> bool:
        """Whether a delivery that no rule wants is acknowledged."""
        return self._accepted(await self.forge.send(self.url, key=key, project="shop/nothing"))

    async def refused(self) -> bool:
        """Asked by probes: the load itself sends nothing while too much is ahead of it."""
        known = len(self.refusals)
        await self.probe(f"probe {next(self._probes)}")
        return len(self.refusals) > known

    def _accepted(self, status: int) -> bool:
        if status not in {_ACCEPTED, 0}:
            self.refusals.append(status)
        return status == _ACCEPTED

    def note(self, number: int) -> None:
        """It was acknowledged."""
        self.acknowledged.append(number)
        self._missing.add(number)

    @property
    def waiting(self) -> int:
        """How many that were acknowledged are not posted yet."""
        return len(self.lost())

    def posted(self, channel: str) -> list[int]:
        """The numbers there, in the channel's order."""
        known = self._posted.setdefault(channel, [])
        for text in self.slack.texts(channel)[len(known) :]:
            found = re.search(r"number-(\d+)-", text)
            assert found is not None, f"a message that is none of ours: {text}"
            known.append(int(found.group(1)))
        return known

    async def more(self, number: int, *, patience_s: float = 60.0) -> None:
        """Returns once so many more are acknowledged."""
        wanted = len(self.acknowledged) + number
        await until(lambda: len(self.acknowledged) >= wanted, "more", patience_s=patience_s)

    async def arrive(self, *, patience_s: float = 60.0) -> None:
        """Returns once all that was acknowledged is posted; after `end` only.

        What was on its way when the load ended is waited for too: it may be acknowledged yet.
        """
        await until(
            lambda: not self._running and not self.waiting,
            "everything is posted",
            patience_s=patience_s,
        )

    # -- what became of it -------------------------------------------------------------------

    def lost(self) -> list[int]:
        for name in CHANNELS:
            self._missing.difference_update(self.posted(name))
        return sorted(self._missing)

    def inversions(self) -> int:
        """Of first copies: a second one is counted by `doubled`, wherever it stands."""
        firsts = [list(dict.fromkeys(self.posted(name))) for name in CHANNELS]
        return sum(a > b for one in firsts for a, b in pairwise(one))

    def doubled(self) -> int:
        return sum(len(p) - len(set(p)) for p in map(self.posted, CHANNELS))

    def strayed(self) -> list[int]:
        """Those in a channel that is not theirs."""
        return [n for name in CHANNELS for n in self.posted(name) if _channel(n) != name]


def _channel(number: int) -> str:
    return CHANNELS[number % len(CHANNELS)]


def median(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2] if figures else 0.0
