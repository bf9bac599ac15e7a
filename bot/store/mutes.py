"""Mutes from chat: state that rules read, changed by people."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bot.errors import StateChanged
from bot.rules.mutes import CHAT_MUTES, Mute, dump_mute, load_mute
from bot.store import memory
from bot.store.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

_TRIES: Final = 20


class MuteRecords(Part):
    async def mutes(self, *, now: datetime) -> tuple[Mute, ...]:
        """Those in force, the oldest first."""
        return await self._backend.read(partial(_in_force, now=now))

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        """In place of one that is about the same."""
        await self._change(mute, mute, now=now)

    async def unmute(self, mute: Mute, *, now: datetime) -> bool:
        """Takes back the one that is about the same; False when there is none."""
        known = await self.mutes(now=now)
        await self._change(mute, None, now=now)
        return any(_about(one) == _about(mute) for one in known)

    async def _change(self, old: Mute, new: Mute | None, *, now: datetime) -> None:
        do = partial(_changed, old=old, new=new, now=now)
        for _ in range(_TRIES - 1):
            try:
                await self._backend.write(do)
            except StateChanged:
                continue
            return
        await self._backend.write(do)


def _in_force(conn: Connection, *, now: datetime) -> tuple[Mute, ...]:
    known: Iterable[Mute] = map(load_mute, memory.load(conn, [CHAT_MUTES])[CHAT_MUTES] or ())
    return tuple(mute for mute in known if mute.until is None or mute.until > now)


def _changed(conn: Connection, *, old: Mute, new: Mute | None, now: datetime) -> None:
    seen = memory.load(conn, [CHAT_MUTES])[CHAT_MUTES]
    kept = [mute for mute in _in_force(conn, now=now) if _about(mute) != _about(old)]
    every = [*kept, *([new] if new is not None else [])]
    if seen is None and not every:
        return
    value = [dump_mute(mute) for mute in every]
    memory.save_guarded(conn, {CHAT_MUTES: value}, {CHAT_MUTES: seen}, now=now)


def _about(mute: Mute) -> tuple[str | None, ...]:
    return (mute.project, mute.rule, mute.channel)
