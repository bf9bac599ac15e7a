"""Secrets that are handed over a single time, kept encrypted until then, for every process."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from bot.store import history
from bot.store.part import Part
from bot.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

EXPIRES_AFTER: Final = timedelta(hours=1)


class OnceRecords(Part):
    async def put_once(self, title: str, secret: str) -> str:
        """The token of its page; the store holds only the token's hash."""
        token = secrets.token_urlsafe(24)
        until = datetime.now(UTC) + EXPIRES_AFTER
        sealed = self._vault.seal(json.dumps([title, secret]))
        value = {"sealed": sealed, "until": until.isoformat()}
        await self._backend.write(partial(history.set_meta, key=_key(token), value=value))
        return token

    async def peek_once(self, token: str) -> str | None:
        """Its title; None when there is none, or it was taken, or its time is over."""
        value = await self._backend.read(partial(history.get_meta, key=_key(token)))
        found = self._opened(value)
        return found[0] if found is not None else None

    async def take_once(self, token: str) -> tuple[str, str] | None:
        """Title and secret, and from now on nothing."""
        return self._opened(await self._backend.write(partial(_take, key=_key(token))))

    def _opened(self, value: object) -> tuple[str, str] | None:
        if not isinstance(value, dict) or datetime.now(UTC) >= datetime.fromisoformat(
            value["until"]
        ):
            return None
        title, secret = json.loads(self._vault.open(value["sealed"]))
        return title, secret


def _take(conn: Connection, key: str) -> object:
    """Whoever deletes the row has it: two requests at once cannot both."""
    value = conn.execute(select(meta.c.value).where(meta.c.key == key).with_for_update()).scalar()
    gone = conn.execute(delete(meta).where(meta.c.key == key)).rowcount
    return value if gone else None


def _key(token: str) -> str:
    return f"once:{hashlib.sha256(token.encode()).hexdigest()}"
