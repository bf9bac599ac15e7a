"""The first messages of subjects: reserved by a decision, placed by a receipt."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    and_,
    delete,
    false,
    literal,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from bot.model import ActionId, Thread
from bot.store.columns import short
from bot.store.engine import insert
from bot.store.prepared import PreparedRows, given_rows
from bot.store.schema import channels, threads

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect, Select, Update
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Action, Place, SubjectKey
    from bot.store.engine import AnyRow
    from bot.store.prepared import Given

#: A card that was claimed longer ago is not followed any more (rules restart threads then).
_CARD_LIFE: Final = timedelta(days=30)


def reserve(conn: Connection, claimed: Sequence[tuple[Action, str]], *, now: datetime) -> None:
    """Claims each action's subjects in its channel for the root beside it.

    A new root takes over from the one before; a card only from one that is dead or has ended.
    """
    ids = _ids_of(conn, {action.channel for action, _ in claimed})
    cards: dict[tuple[str, str], dict[str, object]] = {}
    others: dict[tuple[str, str], dict[str, object]] = {}
    for action, root in claimed:
        channel = ids.get(action.channel, action.channel)
        for subject in map(short, action.claims):
            row: dict[str, object] = {
                "channel": channel,
                "subject": subject,
                "root": root,
                "rule": action.rule,
                "at": now,
            }
            if action.verb == "card":
                cards.setdefault((channel, subject), row)
            else:
                others[channel, subject] = row
    # In one order for everybody: nobody waits for each other.
    _RESERVE_CARD.run(conn, [cards[key] for key in sorted(cards)])
    _RESERVE.run(conn, [others[key] for key in sorted(others)])


def _reserve(dialect: Dialect, rows: list[Given], *, card: bool) -> Insert:
    fixed = {"card": literal(card), "dead": false(), "ts": null()}
    added = insert(dialect, threads).values([{**row, **fixed} for row in rows])
    # Both are microseconds.
    ended = type_coerce(added.excluded.at, BigInteger) - type_coerce(threads.c.at, BigInteger)
    over = or_(threads.c.dead.is_(True), ended > _CARD_LIFE // timedelta(microseconds=1))
    return added.on_conflict_do_update(
        index_elements=[threads.c.channel, threads.c.subject, threads.c.card],
        set_={name: added.excluded[name] for name in ("root", "rule", "ts", "at", "dead")},
        where=over if card else None,
    )


_RESERVED: Final = ("channel", "subject", "root", "rule", "at")
_RESERVE: Final = PreparedRows(threads, _RESERVED, partial(_reserve, card=False))
_RESERVE_CARD: Final = PreparedRows(threads, _RESERVED, partial(_reserve, card=True))


def _ids_of(conn: Connection, called: Collection[str]) -> dict[str, str]:
    """By name, those that receipts taught."""
    rows = [{"name": name} for name in sorted(called)]
    return {row.name: row.id for row in _IDS.run(conn, rows).rows}


def _ids(_dialect: Dialect, rows: list[Given]) -> Select[Any]:
    return select(channels.c.name, channels.c.id).where(
        channels.c.name.in_([row["name"] for row in rows])
    )


_IDS: Final = PreparedRows(channels, ("name",), _ids, padded=True)


def place(conn: Connection, posted: Sequence[tuple[Action, Place]]) -> None:
    """Roots were posted; a channel may have got another name by that: Slack's id."""
    for action, at in posted:
        if at.channel != action.channel:
            _learn(conn, action.channel, at.channel)
    _PLACE.run(conn, [{"root": action.id, "ts": at.ts} for action, at in posted])


def _placed(_dialect: Dialect, rows: list[Given]) -> Update:
    given = given_rows(threads, rows)
    return update(threads).where(threads.c.root == given.c.root).values(ts=given.c.ts, dead=false())


_PLACE: Final = PreparedRows(threads, ("root", "ts"), _placed, padded=True)


def _learn(conn: Connection, name: str, channel: str) -> None:
    """From now on the threads of `name` are filed under the channel's id."""
    added = insert(conn.dialect, channels).values(name=name, id=channel)
    conn.execute(
        added.on_conflict_do_update(
            index_elements=[channels.c.name], set_={"id": added.excluded.id}
        )
    )
    for row in conn.execute(select(threads).where(threads.c.channel == name)).all():
        same = and_(threads.c.subject == row.subject, threads.c.card == row.card)
        here = and_(threads.c.channel == name, same)
        there = and_(threads.c.channel == channel, same)
        rival = conn.execute(select(threads.c.at).where(there)).scalar()
        if rival is not None and rival > row.at:
            conn.execute(delete(threads).where(here))
            continue
        conn.execute(delete(threads).where(there))
        conn.execute(update(threads).where(here).values(channel=channel))


def learn(conn: Connection, ids: Mapping[str, str]) -> None:
    for name, channel in sorted(ids.items()):
        _learn(conn, name, channel)


def mark(conn: Connection, root: str, *, dead: bool) -> None:
    """The root was given up, or is tried again."""
    conn.execute(update(threads).where(threads.c.root == root).values(dead=dead))


def load(conn: Connection, subjects: Sequence[SubjectKey]) -> dict[SubjectKey, tuple[Thread, ...]]:
    """Each subject asked for, its threads in every channel; a card comes after other roots."""
    found: dict[str, list[Any]] = {}
    for row in _LOAD.run(conn, [{"subject": short(subject)} for subject in subjects]).rows:
        found.setdefault(row.subject, []).append(row)
    return {
        subject: tuple(_thread(subject, row) for row in found.get(short(subject), ()))
        for subject in subjects
    }


def _thread(subject: SubjectKey, row: AnyRow) -> Thread:
    return Thread(
        channel=row.channel,
        subject=subject,
        root=ActionId(row.root),
        rule=row.rule,
        card=row.card,
        ts=row.ts,
        at=row.at,
        dead=row.dead,
    )


def _load(_dialect: Dialect, rows: list[Given]) -> Select[tuple[Any, ...]]:
    asked = threads.c.subject.in_([row["subject"] for row in rows])
    return select(threads).where(asked).order_by(threads.c.card, threads.c.at)


_LOAD: Final = PreparedRows(threads, ("subject",), _load, padded=True)


def channel_ids(conn: Connection) -> dict[str, str]:
    """By name without `#`."""
    return {row.name.removeprefix("#"): row.id for row in conn.execute(select(channels))}
