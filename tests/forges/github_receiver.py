"""Who receives what a double of GitHub delivers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from bot.outside import HookWish

PUSHES: Final = frozenset({"push"})


@dataclass
class Bot:
    """Who receives: its address, what it answers, and what came (path, event, genuine)."""

    url: str
    status: int = 202
    got: list[tuple[str, str, bool]] = field(default_factory=list)
    #: What came with requests that were no deliveries.
    credentials: list[str] = field(default_factory=list)

    def wish(self, path: str = "/h", **changes: Any) -> HookWish:
        return HookWish(**{"url": self.url + path, "triggers": PUSHES, "secret": "s3", **changes})
