"""Things that are kept sealed for a while and taken once, under a name that is not kept."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.store import canary, history
from bot.store.schema import meta

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import TypeVar

    from sqlalchemy import Connection

    from bot.model import Json
    from bot.store.engine import Backend
    from bot.store.vault import Vault

    T = TypeVar("T")


class Tickets:
    """Of one kind. Only a hash of the name is stored: whoever reads the database has no ticket."""

    def __init__(self, kind: str, backend: Backend, vault: Vault) -> None:
        self._kind = kind
        self._backend = backend
        self._vault = vault

    async def put(self, name: str, held: Json, *, lasts: timedelta) -> None:
        """In place of what was there under the name; those of the kind that are over go."""
        now = datetime.now(UTC)

        def put(conn: Connection) -> None:
            sealed = canary.seal(conn, self._vault, json.dumps(held))
            value = {"sealed": sealed, "until": (now + lasts).isoformat()}
            _put(conn, prefix=f"{self._kind}:", key=self._key(name), value=value, now=now)

        await self._backend.write(put)

    async def peek(self, name: str) -> Json:
        """None when there is none, it was taken, or its time is over."""
        key = self._key(name)
        return self._opened(await self._backend.read(partial(history.get_meta, key=key)))

    async def take(self, name: str) -> Json:
        """As `peek`, and from now on nothing. A name that somebody made up costs no writing."""
        if await self.peek(name) is None:
            return None
        return self._opened(await self._backend.write(partial(_take, key=self._key(name))))

    async def change(self, name: str, step: Callable[[Json], tuple[Json, T]]) -> T | None:
        """In one step that nobody comes between: `step` gets what is held and gives what is to be
        held instead (None = nothing) and its own result. None when there is nothing to change."""

        def do(conn: Connection) -> T | None:
            key = self._key(name)
            query = select(meta.c.value).where(meta.c.key == key).with_for_update()
            value: Json = conn.execute(query).scalar()
            held = self._opened(value)
            if held is None:
                return None
            held, result = step(held)
            if held is None:
                conn.execute(delete(meta).where(meta.c.key == key))
            else:
                value["sealed"] = canary.seal(conn, self._vault, json.dumps(held))
                history.set_meta(conn, key, value)
            return result

        return await self._backend.write(do) if await self.peek(name) is not None else None

    def _opened(self, value: Json) -> Json:
        if not isinstance(value, dict) or _over(value, datetime.now(UTC)):
            return None
        return json.loads(self._vault.open(value["sealed"]))

    def _key(self, name: str) -> str:
        return f"{self._kind}:{hashlib.sha256(name.encode()).hexdigest()}"


def _put(conn: Connection, *, prefix: str, key: str, value: Json, now: datetime) -> None:
    known = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(prefix))
    over = [row.key for row in conn.execute(known) if _over(row.value, now)]
    conn.execute(delete(meta).where(meta.c.key.in_(over)))
    history.set_meta(conn, key, value)


def _take(conn: Connection, key: str) -> Json:
    """Whoever deletes the row has it: two requests at once cannot both."""
    value = conn.execute(select(meta.c.value).where(meta.c.key == key).with_for_update()).scalar()
    gone = conn.execute(delete(meta).where(meta.c.key == key)).rowcount
    return value if gone else None


def _over(value: Json, now: datetime) -> bool:
    return now >= datetime.fromisoformat(value["until"])
