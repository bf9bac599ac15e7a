"""Takes deliveries in on PostgreSQL: a group is one statement, on a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from bot.store.lanes import DECIDE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    Row = Mapping[str, Any]

#: How long a group is tried again and again, as while the server restarts: a forge waits ten
#: seconds for its answer, and there may be a group before it.
_PATIENCE_S: Final = 4.0
_PAUSE_S: Final = 0.05
_CLOSE_S: Final = 1.0

_TEXTS: Final = ("id", "forge", "instance", "hook", "key", "event", "lane", "headers")

#: One array for each of _TEXTS, for `received_at` and for `body`, then the moment from which the
#: lanes are ready.
#:
#: What is known already is left out, so that lanes count what comes in and nothing else. The lanes
#: are written first, in one order for everybody: their locks give the deliveries their order, and
#: the join with them keeps it so. `lanes.push` says the same of one lane. Bodies stay in their
#: array until a row needs its own: they are not to be sorted.
_APPEND: Final = f"""
WITH fresh AS (
  SELECT given.* FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::text[], $9::bigint[]
  ) WITH ORDINALITY AS given (
    id, forge, instance, hook, key, event, lane, headers, received_at, place
  )
  WHERE (
    SELECT seq FROM deliveries AS known WHERE known.hook = given.hook AND known.key = given.key
  ) IS NULL
), pushed AS (
  INSERT INTO lanes (key, kind, pending, ready_at)
  SELECT lane, '{DECIDE}', count(*), $11::bigint FROM fresh GROUP BY lane ORDER BY lane
  ON CONFLICT (key) DO UPDATE SET
    pending = lanes.pending + excluded.pending,
    ready_at = CASE
      WHEN lanes.pending = 0 THEN greatest(lanes.ready_at, excluded.ready_at)
      ELSE lanes.ready_at
    END
  RETURNING key
)
INSERT INTO deliveries (
  id, forge, instance, hook, key, event, lane, headers, received_at, body, status, project
)
SELECT
  id, forge, instance, hook, key, event, lane, headers, received_at, ($10::bytea[])[place],
  'new', ''
FROM (
  SELECT fresh.* FROM fresh JOIN pushed ON pushed.key = fresh.lane ORDER BY fresh.place
) AS placed
"""  # noqa: S608 - our own word
_KEPT: Final = "SELECT id FROM deliveries WHERE id = ANY($1::text[])"

#: The statement is planned once, when the tables may be empty, and must look up by indices ever
#: after.
_SETTINGS: Final = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off"

#: After these the group is tried once more: a key that came in elsewhere at the same moment, a
#: conflict, a server that restarts or is full of connections.
_AGAIN: Final = frozenset({"23505", "40001", "40P01", "57P01", "57P02", "57P03", "53300"})
_CUT: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


class Arrivals:
    """One group at a time."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        *,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._connect = connect
        self._patience_s = patience_s
        self._conn: asyncpg.Connection | None = None
        self._append: Any = None  # a prepared statement; asyncpg has no types

    async def append(self, rows: Sequence[Row]) -> list[bool]:
        """For each whether it is new. On disk when it returns; when it raises, that is not known,
        and whoever tries again learns it. No two rows have one id."""
        now = asyncio.get_running_loop().time
        until = now() + self._patience_s
        while True:
            try:
                return await self._try(rows)
            except BaseException as error:
                # A connection that may be in the middle of something is of no use.
                self._drop()
                if not _passes(error) or now() >= until:
                    raise
            # What was committed after all is found to be known by the next try.
            await asyncio.sleep(_PAUSE_S)

    async def _try(self, rows: Sequence[Row]) -> list[bool]:
        conn, append = await self._ready()
        firsts: dict[tuple[str, str], Row] = {}
        for row in rows:
            firsts.setdefault((row["hook"], row["key"]), row)
        given = firsts.values()
        texts = [[row[name] for row in given] for name in _TEXTS]
        moments = [row["received_at"] for row in given]
        bodies = [row["body"] for row in given]
        await append.fetch(*texts, moments, bodies, moments[0])
        if append.get_statusmsg() == f"INSERT 0 {len(rows)}":
            return [True] * len(rows)
        kept = {one["id"] for one in await conn.fetch(_KEPT, [row["id"] for row in rows])}
        return [row["id"] in kept for row in rows]

    async def _ready(self) -> tuple[asyncpg.Connection, Any]:
        if self._conn is None or self._conn.is_closed():
            self._conn = await self._connect()
            await self._conn.execute(_SETTINGS)
            self._append = await self._conn.prepare(_APPEND)
        return self._conn, self._append

    def _drop(self) -> None:
        if self._conn is not None:
            self._conn.terminate()
            self._conn = None

    async def close(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(*_CUT):
                await self._conn.close(timeout=_CLOSE_S)


def _passes(error: BaseException) -> bool:
    """Not what took its whole time already, nor what asyncpg cannot send."""
    if isinstance(error, (TimeoutError, ValueError)):
        return False
    return isinstance(error, _CUT) or getattr(error, "sqlstate", None) in _AGAIN
