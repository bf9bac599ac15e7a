"""A Slack in bad weather: any call may meet any fault; who does not wait as told is noted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes import slack_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from tests.fakes.slack_faults import Fault

POST: Final = "chat.postMessage"
#: After these nobody can tell whether the message is there without looking for it.
DOUBTFUL: Final[dict[str, Callable[[], Fault]]] = {
    "500": lambda: slack_faults.status(500),
    "500 after it": lambda: slack_faults.status(500, record=True),
    "503": lambda: slack_faults.status(503),
    "503 after it": lambda: slack_faults.words(record=True),
    "reset": slack_faults.reset,
    "reset after it": lambda: slack_faults.reset(record=True),
    "HTML": slack_faults.page,
    "HTML after it": lambda: slack_faults.page(record=True),
    "garbage": slack_faults.garbage,
    "garbage after it": lambda: slack_faults.garbage(b"[1]", record=True),
    "internal error after it": lambda: slack_faults.error("internal_error", record=True),
}
_LIMIT_S: Final = 1.0
#: What clocks and the way here may differ by.
_NOISE_S: Final = 0.05
#: Calls for other channels may be on their way when a limit of the method is told.
_ON_THE_WAY_S: Final = 0.3


@dataclass
class Weather:
    """For `FakeSlack.weather`. `odds`: of a fault, by method; for others there is none."""

    chance: Random
    odds: Mapping[str, float]
    #: Answers nothing but 503 until then.
    down_until: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    #: Calls that came before they might.
    early: list[str] = field(default_factory=list)
    _lanes: dict[tuple[str, str], float] = field(default_factory=dict)
    _methods: dict[str, float] = field(default_factory=dict)

    def __call__(self, method: str, given: Mapping[str, Any]) -> Fault | None:
        now, channel = time.monotonic(), f"{given.get('channel', '')}"
        self._watch(method, channel, now)
        if now < self.down_until:
            self.met["down"] += 1
            return slack_faults.status(503)
        if self.chance.random() >= self.odds.get(method, 0.0):
            return None
        if self.chance.random() < 0.3:
            self.met["429"] += 1
            self._limit(method, channel, now)
            return slack_faults.rate_limited(f"{_LIMIT_S:.0f}")
        name = self.chance.choice(list(DOUBTFUL))
        self.met[name] += 1
        return DOUBTFUL[name]()

    def _limit(self, method: str, channel: str, now: float) -> None:
        """A second channel's inside the same time, or one of another method, is for all."""
        until = now + _LIMIT_S
        others = [end for (what, _), end in self._lanes.items() if what == method and end > now]
        if method != POST or others:
            self._methods[method] = until
        self._lanes[method, channel] = until

    def _watch(self, method: str, channel: str, now: float) -> None:
        until = self._lanes.get((method, channel), 0.0)
        everywhere = self._methods.get(method, 0.0)
        if now > everywhere - _LIMIT_S + _ON_THE_WAY_S:
            until = max(until, everywhere)
        if now < until - _NOISE_S:
            self.early.append(f"{method} to {channel}, {until - now:.2f} s before its time")
