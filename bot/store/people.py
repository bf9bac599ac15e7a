"""Who is who: linked accounts, their one-time codes, who wants quiet, and whom nobody knows."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.people import Account, LinkCode, Unknown
from bot.store import audit, history
from bot.store.engine import insert
from bot.store.part import Part
from bot.store.schema import meta, people, quiet_people, unknown_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from bot.people import Act
    from bot.store.engine import AnyRow


class PeopleRecords(Part):
    async def accounts(
        self, *, slack: str | None = None, instance: str | None = None
    ) -> tuple[Account, ...]:
        """By instance, then user name."""
        return await self._backend.read(partial(_accounts, slack=slack, instance=instance))

    async def save_account(self, account: Account) -> Account | None:
        """In place of the person's earlier one of that instance; returns the one that another
        person had linked and loses by it."""
        return await self._backend.write(partial(_save, account=account))

    async def forget_account(self, slack: str, instance: str) -> bool:
        """False when there is none."""
        return await self._backend.write(partial(_forget, slack=slack, instance=instance))

    async def link_code(self, slack: str, instance: str) -> LinkCode | None:
        """The one asked for last, over or not."""
        raw = await self._backend.read(partial(history.get_meta, key=_key(slack, instance)))
        return LinkCode(**{**raw, "until": datetime.fromisoformat(raw["until"])}) if raw else None

    async def save_link_code(self, code: LinkCode) -> None:
        value = {**asdict(code), "until": code.until.isoformat()}
        key = _key(code.slack, code.instance)
        await self._backend.write(partial(history.set_meta, key=key, value=value))

    async def forget_link_code(self, slack: str, instance: str) -> None:
        await self._backend.write(partial(_forget_code, key=_key(slack, instance)))

    async def quiet_people(self) -> frozenset[str]:
        """Slack ids of those who want no direct messages."""
        return await self._backend.read(_quiet)

    async def set_quiet(self, slack: str, *, quiet: bool, now: datetime) -> None:
        await self._backend.write(partial(_set_quiet, slack=slack, quiet=quiet, now=now))

    async def unknown_people(self, *, limit: int = 50) -> tuple[Unknown, ...]:
        """Whom rules wanted to mention, those most often wanted first."""
        return await self._backend.read(partial(_unknown, limit=limit))

    async def record_act(self, act: Act) -> None:
        """Once for each end of a job."""
        await self._backend.write(partial(audit.record_act, act=act))


def _accounts(conn: Connection, *, slack: str | None, instance: str | None) -> tuple[Account, ...]:
    query = select(people).order_by(people.c.instance, people.c.folded)
    if slack is not None:
        query = query.where(people.c.slack == slack)
    if instance is not None:
        query = query.where(people.c.instance == instance)
    return tuple(_account(row) for row in conn.execute(query))


def _account(row: AnyRow) -> Account:
    return Account(
        slack=row.slack,
        instance=row.instance,
        username=row.username,
        user_id=row.user_id,
        name=row.name,
        proved=row.proved,
        linked_at=row.linked_at,
    )


def _save(conn: Connection, *, account: Account) -> Account | None:
    folded = account.username.lower()
    same = (people.c.instance == account.instance) & (people.c.folded == folded)
    if account.user_id:
        # The same account under an earlier name.
        same |= (people.c.instance == account.instance) & (people.c.user_id == account.user_id)
    theirs = same & (people.c.slack != account.slack)
    lost = conn.execute(select(people).where(theirs)).first()
    conn.execute(delete(people).where(theirs))
    values = {
        "user_id": account.user_id,
        "username": account.username,
        "folded": folded,
        "name": account.name,
        "proved": account.proved,
        "linked_at": account.linked_at,
    }
    row = insert(conn.dialect, people).values(
        slack=account.slack, instance=account.instance, **values
    )
    conn.execute(
        row.on_conflict_do_update(index_elements=[people.c.slack, people.c.instance], set_=values)
    )
    gone = (unknown_people.c.instance == account.instance) & (unknown_people.c.folded == folded)
    conn.execute(delete(unknown_people).where(gone))
    return _account(lost) if lost is not None else None


def _forget(conn: Connection, *, slack: str, instance: str) -> bool:
    mine = (people.c.slack == slack) & (people.c.instance == instance)
    return conn.execute(delete(people).where(mine)).rowcount > 0


def _forget_code(conn: Connection, *, key: str) -> None:
    conn.execute(delete(meta).where(meta.c.key == key))


def _quiet(conn: Connection) -> frozenset[str]:
    return frozenset(conn.execute(select(quiet_people.c.slack)).scalars())


def _set_quiet(conn: Connection, *, slack: str, quiet: bool, now: datetime) -> None:
    if quiet:
        row = insert(conn.dialect, quiet_people).values(slack=slack, since=now)
        conn.execute(row.on_conflict_do_nothing(index_elements=[quiet_people.c.slack]))
    else:
        conn.execute(delete(quiet_people).where(quiet_people.c.slack == slack))


def _unknown(conn: Connection, *, limit: int) -> tuple[Unknown, ...]:
    table = unknown_people.c
    query = select(unknown_people).order_by(table.times.desc(), table.folded).limit(limit)
    return tuple(
        Unknown(
            instance=row.instance,
            username=row.username,
            name=row.name,
            times=row.times,
            last_at=row.last_at,
        )
        for row in conn.execute(query)
    )


def count_unknown(conn: Connection, wanted: Sequence[Unknown], *, now: datetime) -> None:
    """In one order for everybody: several lanes may count the same people."""
    for one in sorted(wanted, key=lambda one: (one.instance, one.username.lower())):
        row = insert(conn.dialect, unknown_people).values(
            instance=one.instance,
            folded=one.username.lower(),
            username=one.username,
            name=one.name,
            times=one.times,
            last_at=now,
        )
        fresh = {
            "name": row.excluded.name,
            "times": unknown_people.c.times + row.excluded.times,
            "last_at": row.excluded.last_at,
        }
        key = [unknown_people.c.instance, unknown_people.c.folded]
        conn.execute(row.on_conflict_do_update(index_elements=key, set_=fresh))


def _key(slack: str, instance: str) -> str:
    return f"link:{instance}:{slack}"
