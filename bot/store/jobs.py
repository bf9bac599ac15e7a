"""Commands waiting to be carried out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import Update, and_, literal_column, or_, select, update

from bot.errors import LeaseLost
from bot.message import dump_message, load_message
from bot.model import Job
from bot.store import canary
from bot.store.engine import insert
from bot.store.schema import jobs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from bot.message import Message
    from bot.model import Json
    from bot.store.engine import AnyRow
    from bot.store.vault import Vault

#: Literals, or the partial index is not used.
_WAITING: Final = jobs.c.state.in_([literal_column("'todo'"), literal_column("'running'")])

#: In the address of a page that shows a secret once, and of one where somebody signs in.
_OPENS: Final = ("/once/", "state=")


def add(conn: Connection, job: Job, vault: Vault) -> bool:
    row = insert(conn.dialect, jobs).values(
        id=job.id,
        command=job.command,
        args=job.args,
        who=job.who,
        channel=job.channel,
        reply_to=canary.seal(conn, vault, job.reply_to) if job.reply_to else "",
        state="todo",
        attempts=0,
        progress=dict(job.progress),
        created_at=job.created_at,
    )
    return conn.execute(row.on_conflict_do_nothing(index_elements=[jobs.c.id])).rowcount == 1


def claim(conn: Connection, *, token: str, now: datetime, lease: timedelta) -> AnyRow | None:
    """The job's row as it is now."""
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now)
    query = select(jobs.c.seq).where(_WAITING, free).order_by(jobs.c.seq).limit(1)
    seq = conn.execute(query.with_for_update(skip_locked=True)).scalar()
    if seq is None:
        return None
    conn.execute(
        update(jobs)
        .where(jobs.c.seq == seq)
        .values(
            state="running",
            attempts=jobs.c.attempts + 1,
            token=token,
            lease_until=now + lease,
        )
    )
    return conn.execute(select(jobs).where(jobs.c.seq == seq)).one()


def save_progress(conn: Connection, job_id: str, token: str, progress: Mapping[str, Json]) -> None:
    _fenced(conn, job_id, _owned(job_id, token).values(progress=dict(progress)))


def renew(conn: Connection, job_id: str, token: str, *, until: datetime) -> None:
    _fenced(conn, job_id, _owned(job_id, token).values(lease_until=until))


def finish(
    conn: Connection,
    job_id: str,
    token: str,
    *,
    state: str,
    answer: Message | None,
    now: datetime,
    vault: Vault,
) -> None:
    changed = _owned(job_id, token).values(
        state=state,
        answer=_packed(conn, answer, vault) if answer else None,
        finished_at=now,
        token=None,
        lease_until=None,
        # Of no use any more, and a secret.
        reply_to="",
    )
    _fenced(conn, job_id, changed)


def _packed(conn: Connection, answer: Message, vault: Vault) -> Json:
    """An answer with such an address opens what is behind it: it is kept like a secret."""
    raw = dump_message(answer)
    told = json.dumps(raw)
    if not any(mark in told for mark in _OPENS):
        return raw
    return {"sealed": canary.seal(conn, vault, told)}


def _unpacked(raw: Json, vault: Vault) -> Message:
    return load_message(json.loads(vault.open(raw["sealed"])) if "sealed" in raw else raw)


def _owned(job_id: str, token: str) -> Update:
    return update(jobs).where(jobs.c.id == job_id, jobs.c.token == token)


def _fenced(conn: Connection, job_id: str, change: Update) -> None:
    if conn.execute(change).rowcount != 1:
        raise LeaseLost(f"another worker took job {job_id}")


def clear_leases(conn: Connection) -> None:
    held = and_(_WAITING, jobs.c.token.is_not(None))
    conn.execute(update(jobs).where(held).values(token=None, lease_until=None))


def find(conn: Connection, job_id: str) -> AnyRow | None:
    return conn.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()


def unpack(row: AnyRow, vault: Vault) -> Job:
    return Job(
        id=row.id,
        command=row.command,
        args=tuple(row.args),
        who=row.who,
        channel=row.channel,
        reply_to=vault.open(row.reply_to) if row.reply_to else "",
        attempts=row.attempts,
        state=row.state,
        progress=row.progress,
        answer=_unpacked(row.answer, vault) if row.answer else None,
        created_at=row.created_at,
    )
