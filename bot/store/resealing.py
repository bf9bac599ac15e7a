"""Encrypts everything anew with the key that is used now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from bot.store import canary
from bot.store.once import KINDS
from bot.store.part import Part
from bot.store.schema import hooks, jobs, meta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from bot.store.vault import Vault


class Resealing(Part):
    async def reseal(self) -> Mapping[str, int]:
        """How many secrets of each kind. All or none."""
        return await self._backend.write(partial(_reseal, vault=self._vault))


def _reseal(conn: Connection, *, vault: Vault) -> Mapping[str, int]:
    canary.keep(conn, vault)
    return {
        "hooks": _hooks(conn, vault),
        "commands": _jobs(conn, vault),
        "one-time pages": _pages(conn, vault),
    }


def _hooks(conn: Connection, vault: Vault) -> int:
    rows = list(conn.execute(select(hooks.c.id, hooks.c.secrets).with_for_update()))
    for row in rows:
        sealed = vault.seal(vault.open(row.secrets))
        conn.execute(update(hooks).where(hooks.c.id == row.id).values(secrets=sealed))
    return len(rows)


def _jobs(conn: Connection, vault: Vault) -> int:
    """Where answers go, of commands that are not done; answers that lead to secrets."""
    query = select(jobs.c.seq, jobs.c.reply_to, jobs.c.answer)
    changed = 0
    for row in list(conn.execute(query.with_for_update())):
        values: dict[str, object] = {}
        if row.reply_to:
            values["reply_to"] = vault.seal(vault.open(row.reply_to))
        if row.answer and "sealed" in row.answer:
            values["answer"] = {"sealed": vault.seal(vault.open(row.answer["sealed"]))}
        if values:
            conn.execute(update(jobs).where(jobs.c.seq == row.seq).values(values))
            changed += 1
    return changed


def _pages(conn: Connection, vault: Vault) -> int:
    query = select(meta.c.key, meta.c.value).where(
        or_(*(meta.c.key.startswith(f"{kind}:") for kind in KINDS))
    )
    rows = list(conn.execute(query.with_for_update()))
    for row in rows:
        value = {**row.value, "sealed": vault.seal(vault.open(row.value["sealed"]))}
        conn.execute(update(meta).where(meta.c.key == row.key).values(value=value))
    return len(rows)
