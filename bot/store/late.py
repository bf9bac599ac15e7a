"""Deliveries that were missed and are sent again: announced before they come, marked when they
do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bot.store import history
from bot.store.columns import short
from bot.store.part import Part
from bot.store.schema import deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

_LATE: Final = "late"
#: What was announced and did not come within it will not come.
_FORGOTTEN: Final = timedelta(days=1)
#: Of one question to the database.
_AT_ONCE: Final = 500


class LateRecords(Part):
    async def received_keys(self, hook: str, keys: Sequence[str]) -> frozenset[str]:
        """Those of the keys under which the inbox holds a delivery of the hook."""
        found: set[str] = set()
        for at in range(0, len(keys), _AT_ONCE):
            part = keys[at : at + _AT_ONCE]
            found |= await self._backend.read(partial(_received, hook=hook, keys=part))
        return frozenset(found)

    async def announce_late(self, hook: str, keys: Mapping[str, datetime]) -> None:
        """With the moment at which each of them should have come."""
        now = datetime.now(UTC)
        await self._backend.write(partial(_announce, hook=hook, keys=keys, now=now))

    async def late(self) -> Mapping[tuple[str, str], datetime]:
        """What was announced, by hook and key."""
        raw = await self._backend.read(partial(history.get_meta, key=_LATE)) or []
        return {(hook, key): datetime.fromisoformat(at) for hook, key, at, _ in raw}


def _received(conn: Connection, *, hook: str, keys: Sequence[str]) -> set[str]:
    by_short = {short(key): key for key in keys}
    query = select(deliveries.c.key).where(
        deliveries.c.hook == short(hook), deliveries.c.key.in_(list(by_short))
    )
    return {by_short[row.key] for row in conn.execute(query)}


def _announce(conn: Connection, *, hook: str, keys: Mapping[str, datetime], now: datetime) -> None:
    raw = history.get_meta(conn, _LATE) or []
    kept = [row for row in raw if datetime.fromisoformat(row[3]) + _FORGOTTEN > now]
    fresh = [[hook, key, at.isoformat(), now.isoformat()] for key, at in keys.items()]
    known = {(row[0], row[1]) for row in fresh}
    kept = [row for row in kept if (row[0], row[1]) not in known]
    history.set_meta(conn, _LATE, [*kept, *fresh])
