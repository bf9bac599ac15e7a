"""Which hooks bring nothing, because their forge switched them off or has them no more: kept in the
store, so that every process's `/metrics` tells of it, though only one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.waiting import HOOKS_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.model import Json


class Notes(Protocol):
    async def set_meta(self, key: str, value: Json) -> None: ...

    async def get_meta(self, key: str) -> Json:
        """None when it was never set."""


class SilentHooks:
    """`found`: told of each hook that was found so, with whether it is mended."""

    def __init__(self, store: Notes, found: Callable[[bool], None]) -> None:
        self._store = store
        self._found = found
        self._known: frozenset[str] | None = None

    async def note(self, hook: str, *, was_off: bool, is_off: bool) -> None:
        known = await self._ids()
        if was_off and (hook not in known or not is_off):
            self._found(not is_off)
        await self._keep(known | {hook} if is_off else known - {hook})

    async def forget_others(self, ids: Collection[str]) -> None:
        """Those that are looked after no more."""
        await self._keep((await self._ids()) & frozenset(ids))

    async def _ids(self) -> frozenset[str]:
        if self._known is None:
            kept = await self._store.get_meta(HOOKS_OFF)
            self._known = frozenset(kept) if isinstance(kept, list) else frozenset()
        return self._known

    async def _keep(self, ids: frozenset[str]) -> None:
        if ids != self._known:
            await self._store.set_meta(HOOKS_OFF, sorted(ids))
            self._known = ids
