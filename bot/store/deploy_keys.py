"""Deploy keys that the bot made."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from bot.deploy_keys import KeyRecord
from bot.store.engine import insert
from bot.store.part import Part
from bot.store.schema_keys import deploy_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FIELDS: Final = tuple(field.name for field in fields(KeyRecord))


class DeployKeyRecords(Part):
    async def deploy_keys(self, *, project: str | None = None) -> tuple[KeyRecord, ...]:
        """Those not removed, by project path and age; one project's when named (any case)."""
        return await self._backend.read(partial(_listed, project=project))

    async def save_deploy_key(self, key: KeyRecord) -> None:
        """Insert or replace by id."""
        await self._backend.write(partial(_save, key=key))


def _listed(conn: Connection, *, project: str | None) -> tuple[KeyRecord, ...]:
    table = deploy_keys.c
    query = select(deploy_keys).where(table.status != "removed")
    if project is not None:
        query = query.where(table.folded == project.casefold())
    rows = conn.execute(query.order_by(table.project, table.created_at, table.id))
    return tuple(KeyRecord(**{name: getattr(row, name) for name in _FIELDS}) for row in rows)


def _save(conn: Connection, *, key: KeyRecord) -> None:
    row = {**asdict(key), "folded": key.project.casefold()}
    added = insert(conn.dialect, deploy_keys).values(row)
    fresh = {name: added.excluded[name] for name in row if name != "id"}
    conn.execute(added.on_conflict_do_update(index_elements=[deploy_keys.c.id], set_=fresh))
