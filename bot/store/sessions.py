"""Sessions of the page that were ended before their time, for every process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from bot.store import history
from bot.store.part import Part
from bot.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PREFIX: Final = "ended:"


class SessionRecords(Part):
    async def end_session(self, session: str, *, until: int, now: int) -> None:
        """`until`: when it would have ended by itself, in seconds of the epoch."""
        await self._backend.write(partial(_end, session=session, until=until, now=now))

    async def session_ended(self, session: str) -> bool:
        found = await self._backend.read(partial(history.get_meta, key=_PREFIX + session))
        return found is not None


def _end(conn: Connection, *, session: str, until: int, now: int) -> None:
    known = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_PREFIX))
    over = [row.key for row in conn.execute(known) if row.value <= now]
    conn.execute(delete(meta).where(meta.c.key.in_(over)))
    history.set_meta(conn, key=_PREFIX + session, value=until)
