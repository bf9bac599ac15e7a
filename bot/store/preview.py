"""The preview's messages: what Slack would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from bot.model import Place
from bot.ports import PreviewMessage
from bot.store.columns import micros
from bot.store.engine import insert
from bot.store.schema import preview_clock
from bot.store.schema import preview_messages as messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from bot.model import Json
    from bot.store.engine import AnyRow

#: What actions did to a message, kept of a message besides the first.
_NOTES: Final = 50


def _tick(conn: Connection) -> int:
    """The number of this change; whoever changes next waits for this one's commit."""
    added = insert(conn.dialect, preview_clock).values(id=1, seq=1)
    seq = conn.execute(
        added.on_conflict_do_update(
            index_elements=[preview_clock.c.id], set_={"seq": preview_clock.c.seq + 1}
        ).returning(preview_clock.c.seq)
    )
    return int(seq.scalar_one())


def post(
    conn: Connection,
    channel: str,
    *,
    key: str,
    thread: str | None,
    broadcast: bool,
    rendered: Mapping[str, Json],
    now: datetime,
) -> Place:
    seq = _tick(conn)
    last = conn.execute(select(func.max(messages.c.ts)).where(messages.c.channel == channel))
    ts = _next_ts(last.scalar(), now)
    row = insert(conn.dialect, messages).values(
        channel=channel,
        ts=ts,
        seq=seq,
        thread=thread,
        broadcast=broadcast,
        key=key,
        rendered=dict(rendered),
        reactions=[],
        note={},
        posted_at=now,
    )
    conn.execute(row)
    return Place(channel=channel, ts=ts)


def _next_ts(last: str | None, now: datetime) -> str:
    number = micros(now)
    if last is not None:
        number = max(number, int(last.replace(".", "")) + 1)
    return f"{number // 1_000_000:010}.{number % 1_000_000:06}"


def edit(conn: Connection, place: Place, rendered: Mapping[str, Json], *, now: datetime) -> bool:
    return _change(conn, place, rendered=dict(rendered), edited_at=now)


def react(conn: Connection, place: Place, emoji: str, *, remove: bool) -> bool:
    seq = _tick(conn)
    row = conn.execute(_at(place)).one_or_none()
    if row is None:
        return False
    kept = [name for name in row.reactions if name != emoji]
    if not remove:
        kept = row.reactions if emoji in row.reactions else [*kept, emoji]
    if kept != row.reactions:
        _write(conn, place, seq=seq, reactions=kept)
    return True


def note(conn: Connection, place: Place, said: Mapping[str, Json]) -> None:
    seq = _tick(conn)
    row = conn.execute(_at(place)).one_or_none()
    if row is not None:
        joined = list({**row.note, **said}.items())
        # A card may be edited for months: what made it stays, and what came last.
        _write(conn, place, seq=seq, note=dict([*joined[:1], *joined[1:][-_NOTES:]]))


def _change(conn: Connection, place: Place, **values: Any) -> bool:  # columns of the table
    return _write(conn, place, seq=_tick(conn), **values)


def _write(conn: Connection, place: Place, **values: Any) -> bool:  # columns of the table
    same = (messages.c.channel == place.channel, messages.c.ts == place.ts)
    return conn.execute(update(messages).where(*same).values(values)).rowcount == 1


def _at(place: Place) -> Select[*tuple[Any, ...]]:
    return select(messages).where(messages.c.channel == place.channel, messages.c.ts == place.ts)


def find(
    conn: Connection, channel: str, *, key: str, since: datetime, thread: str | None
) -> Place | None:
    query = (
        select(messages.c.ts)
        .where(messages.c.channel == channel, messages.c.key == key)
        .where(messages.c.thread == thread, messages.c.posted_at >= since)
        .order_by(messages.c.ts)
        .limit(1)
    )
    ts = conn.execute(query).scalar()
    return None if ts is None else Place(channel=channel, ts=ts)


def listed(conn: Connection, *, since: int, limit: int) -> tuple[PreviewMessage, ...]:
    order = messages.c.seq if since else messages.c.seq.desc()
    query = select(messages).where(messages.c.seq > since).order_by(order).limit(limit)
    found = [_unpack(row) for row in conn.execute(query)]
    return tuple(found if since else reversed(found))


def _unpack(row: AnyRow) -> PreviewMessage:
    return PreviewMessage(
        seq=row.seq,
        channel=row.channel,
        ts=row.ts,
        thread=row.thread,
        broadcast=row.broadcast,
        key=row.key,
        rendered=row.rendered,
        posted_at=row.posted_at,
        edited_at=row.edited_at,
        reactions=tuple(row.reactions),
        note=row.note,
    )
