"""The first messages of subjects: reserved by a decision, placed by a receipt."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, or_, select, update

from bot.model import ActionId, Thread
from bot.store.columns import short
from bot.store.engine import Prepared, insert
from bot.store.schema import channels, threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.dialects.postgresql import Insert

    from bot.model import Action, Place, SubjectKey

#: A card that was claimed longer ago is not followed any more (rules restart threads then).
_CARD_LIFE: Final = timedelta(days=30)


def reserve(conn: Connection, action: Action, root: str, *, now: datetime) -> None:
    """Claims the action's subjects in its channel for `root`.

    A new root takes over from the one before; a card only from one that is dead or has ended.
    """
    card = action.verb == "card"
    channel = _id_of(conn, action.channel)
    for subject in sorted(action.claims):
        row = {
            "channel": channel,
            "subject": subject,
            "card": card,
            "root": root,
            "rule": action.rule,
            "ts": None,
            "at": now,
            "dead": False,
            "ended": now - _CARD_LIFE,
        }
        (_RESERVE_CARD if card else _RESERVE).run(conn, row)


def _reserve(dialect: Dialect, *, card: bool) -> Insert:
    names = ("channel", "subject", "card", "root", "rule", "ts", "at", "dead")
    added = insert(dialect, threads).values({name: bindparam(name) for name in names})
    over = or_(threads.c.dead.is_(True), threads.c.at < bindparam("ended", type_=threads.c.at.type))
    return added.on_conflict_do_update(
        index_elements=[threads.c.channel, threads.c.subject, threads.c.card],
        set_={name: added.excluded[name] for name in ("root", "rule", "ts", "at", "dead")},
        where=over if card else None,
    )


_RESERVE: Final = Prepared(partial(_reserve, card=False))
_RESERVE_CARD: Final = Prepared(partial(_reserve, card=True))


def _id_of(conn: Connection, channel: str) -> str:
    found = _ID.run(conn, {"called": channel}).scalar()
    return channel if found is None else str(found)


_ID: Final = Prepared(select(channels.c.id).where(channels.c.name == bindparam("called")))


def place(conn: Connection, root: str, channel: str, at: Place) -> None:
    """The root was posted; its channel may have got another name by that: Slack's id."""
    if at.channel != channel:
        _learn(conn, channel, at.channel)
    _PLACE.run(conn, {"posted": root, "ts": at.ts, "dead": False})


_PLACE: Final = Prepared(
    update(threads)
    .where(threads.c.root == bindparam("posted"))
    .values(ts=bindparam("ts"), dead=bindparam("dead"))
)


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


def mark(conn: Connection, root: str, *, dead: bool) -> None:
    """The root was given up, or is tried again."""
    conn.execute(update(threads).where(threads.c.root == root).values(dead=dead))


def load(conn: Connection, subjects: Sequence[SubjectKey]) -> dict[SubjectKey, tuple[Thread, ...]]:
    """Each subject asked for, its threads in every channel; a card comes after other roots."""
    rows = conn.execute(_LOAD, {"subjects": [short(subject) for subject in subjects]}).all()
    return {
        subject: tuple(
            Thread(
                channel=row.channel,
                subject=subject,
                root=ActionId(row.root),
                rule=row.rule,
                card=row.card,
                ts=row.ts,
                at=row.at,
                dead=row.dead,
            )
            for row in rows
            if row.subject == short(subject)
        )
        for subject in subjects
    }


_LOAD: Final = (
    select(threads)
    .where(threads.c.subject.in_(bindparam("subjects", expanding=True)))
    .order_by(threads.c.card, threads.c.at)
)


def channel_ids(conn: Connection) -> dict[str, str]:
    """By name without `#`."""
    return {row.name.removeprefix("#"): row.id for row in conn.execute(select(channels))}
