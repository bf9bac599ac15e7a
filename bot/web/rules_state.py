"""What the web process says of the rules: loaded, stale, or none; and every fault of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesState:
    #: `stale`: the file is broken and the last good rules run; `none`: there never were any.
    status: Literal["ok", "stale", "none"]
    file: str
    rules: int = 0
    hash: str = ""
    loaded_at: datetime | None = None
    #: Errors of the file as it is now; warnings too.
    faults: tuple[Fault, ...] = ()
