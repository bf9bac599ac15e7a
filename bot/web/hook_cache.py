"""The hooks the web process knows: a miss reads the store once, and strangers cost nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.model import HookRecord
    from bot.ports import Clock

#: How long a record serves before it is read again: secrets rotate, hooks are removed.
FRESH: Final = timedelta(seconds=10)
#: A known hook whose secret does not fit is read at most this often: anybody can send nonsense.
REREAD_EVERY: Final = timedelta(seconds=1)
#: Reads for ids that are not known, and the pace at which they come back.
BURST: Final = 20
READS_PER_S: Final = 5.0
#: Enough for every hook of a large installation; beyond it the oldest read goes.
MAX_HOOKS: Final = 10_000


class HookLookup(Protocol):
    """What the receiver asks of `ports.Hooks`."""

    async def hook(self, hook_id: str) -> HookRecord | None: ...

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None: ...

    async def mark_rotated(self, hook_id: str, *, retire_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class _Known:
    hook: HookRecord
    read_at: datetime


class HookCache:
    """Hooks by id. Proving hooks are never served from memory: their status changes soon."""

    def __init__(self, hooks: HookLookup, clock: Clock) -> None:
        self._hooks = hooks
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._allowance = float(BURST)
        self._refilled_at = clock.now()

    async def get(self, hook_id: str) -> HookRecord | None:
        """None: no such hook. Raises StoreError when that cannot be told now."""
        known = self._known.get(hook_id)
        if known is None:
            self._spend()
            return await self._read(hook_id)
        if known.hook.status != "proving" and self._clock.now() - known.read_at < FRESH:
            return known.hook
        return await self._read(hook_id)

    async def reread(self, hook_id: str) -> HookRecord | None:
        """As it is in the store now or was a second ago, for a secret that did not fit.
        Raises StoreError."""
        known = self._known.get(hook_id)
        if known is not None and self._clock.now() - known.read_at < REREAD_EVERY:
            return known.hook
        return await self._read(hook_id)

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None:
        await self._hooks.mark_seen(hook_id, proved=proved, now=now)

    async def mark_rotated(self, hook: HookRecord, *, retire_at: datetime) -> None:
        await self._hooks.mark_rotated(hook.id, retire_at=retire_at)
        known = self._known.get(hook.id)
        if known is not None:
            marked = replace(known.hook, retire_at=retire_at)
            self._known[hook.id] = replace(known, hook=marked)

    async def _read(self, hook_id: str) -> HookRecord | None:
        hook = await self._hooks.hook(hook_id)
        self._known.pop(hook_id, None)
        if hook is None or hook.status == "removed":
            return None
        if len(self._known) >= MAX_HOOKS:
            del self._known[next(iter(self._known))]
        self._known[hook_id] = _Known(hook, self._clock.now())
        return hook

    def _spend(self) -> None:
        """One read for something unknown; raises StoreError when strangers used them all up."""
        now = self._clock.now()
        back = max(0.0, (now - self._refilled_at).total_seconds()) * READS_PER_S
        self._allowance = min(float(BURST), self._allowance + back)
        self._refilled_at = now
        if self._allowance < 1:
            raise StoreError("too many requests for unknown hooks: try again in a second")
        self._allowance -= 1
