"""The webhooks we manage; their secrets are encrypted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, update

from bot.model import HookRecord
from bot.store import canary
from bot.store.columns import Moment
from bot.store.engine import insert
from bot.store.schema import hooks

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.store.engine import AnyRow
    from bot.store.vault import Vault


def save(conn: Connection, hook: HookRecord, vault: Vault) -> None:
    row = {
        "id": hook.id,
        "forge": hook.forge,
        "instance": hook.instance,
        "project_id": hook.project_id,
        "project": hook.project,
        "folded": hook.project.casefold(),
        "remote_id": hook.remote_id,
        "secrets": canary.seal(conn, vault, json.dumps(hook.secrets)),
        "events": hook.events,
        "channel": hook.channel,
        "status": hook.status,
        "created_by": hook.created_by,
        "created_at": hook.created_at,
        "proved_at": hook.proved_at,
        "last_seen_at": hook.last_seen_at,
        "retire_at": hook.retire_at,
    }
    added = insert(conn.dialect, hooks).values(row)
    fresh = {name: added.excluded[name] for name in row if name != "id"}
    conn.execute(added.on_conflict_do_update(index_elements=[hooks.c.id], set_=fresh))


def find(conn: Connection, hook_id: str) -> AnyRow | None:
    return conn.execute(select(hooks).where(hooks.c.id == hook_id)).one_or_none()


def listed(conn: Connection, *, project: str | None) -> list[AnyRow]:
    query = select(hooks).where(hooks.c.status != "removed").order_by(hooks.c.project, hooks.c.id)
    if project is not None:
        query = query.where(hooks.c.folded == project.casefold())
    return list(conn.execute(query))


def unpack(row: AnyRow, vault: Vault) -> HookRecord:
    return HookRecord(
        id=row.id,
        forge=row.forge,
        instance=row.instance,
        project_id=row.project_id,
        project=row.project,
        remote_id=row.remote_id,
        secrets=tuple(json.loads(vault.open(row.secrets))),
        events=tuple(row.events),
        channel=row.channel,
        status=row.status,
        created_by=row.created_by,
        created_at=row.created_at,
        proved_at=row.proved_at,
        last_seen_at=row.last_seen_at,
        retire_at=row.retire_at,
    )


def mark_seen(conn: Connection, hook_id: str, *, proved: bool, now: datetime) -> None:
    values: dict[str, Any] = {"last_seen_at": now}
    if proved:
        values["proved_at"] = func.coalesce(hooks.c.proved_at, literal(now, Moment))
    conn.execute(update(hooks).where(hooks.c.id == hook_id).values(values))


def mark_rotated(conn: Connection, hook_id: str, *, retire_at: datetime) -> None:
    """The first proof counts: later ones do not keep the old secret alive."""
    first = hooks.c.id == hook_id, hooks.c.retire_at.is_(None)
    conn.execute(update(hooks).where(*first).values(retire_at=retire_at))


def channels(conn: Connection, project: str) -> tuple[str, ...]:
    """The default routes of a project's hooks."""
    rows = listed(conn, project=project)
    return tuple(dict.fromkeys(row.channel for row in rows if row.channel))
