"""Whose turn it is, of several processes that could all do the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.store import history
from bot.store.engine import insert
from bot.store.part import Part
from bot.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection


class TurnRecords(Part):
    async def take_turn(self, name: str, who: str, *, now: datetime, until: datetime) -> bool:
        """True when it is this process's turn until then; it may take it again while it lasts."""
        return await self._backend.write(partial(take, name=name, who=who, now=now, until=until))


def take(conn: Connection, name: str, who: str, *, now: datetime, until: datetime) -> bool:
    key, span = f"turn:{name}", until - now
    # The row is there before it is locked: two who are the first wait for each other too.
    first = insert(conn.dialect, meta).values(key=key, value={"who": who, "until": now.isoformat()})
    conn.execute(first.on_conflict_do_nothing(index_elements=[meta.c.key]))
    held = conn.execute(
        select(meta.c.value).where(meta.c.key == key).with_for_update()
    ).scalar_one()
    left = datetime.fromisoformat(held["until"]) - now
    # A turn much longer than one is: it was taken by a clock that was set back since.
    lost = timedelta() < 2 * span < left
    if held["who"] != who and left > timedelta() and not lost:
        return False
    history.set_meta(conn, key, {"who": who, "until": until.isoformat()})
    return True
