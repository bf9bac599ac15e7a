"""Whose turn it is, of several processes that could all do the same."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.store import history
from bot.store.part import Part
from bot.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection


class TurnRecords(Part):
    async def take_turn(self, name: str, who: str, *, now: datetime, until: datetime) -> bool:
        """True when it is this process's turn until then; it may take it again while it lasts."""
        return await self._backend.write(partial(_take, name=name, who=who, now=now, until=until))


def _take(conn: Connection, *, name: str, who: str, now: datetime, until: datetime) -> bool:
    key = f"turn:{name}"
    held = conn.execute(select(meta.c.value).where(meta.c.key == key).with_for_update()).scalar()
    if held is not None and held["who"] != who and datetime.fromisoformat(held["until"]) > now:
        return False
    history.set_meta(conn, key, {"who": who, "until": until.isoformat()})
    return True
