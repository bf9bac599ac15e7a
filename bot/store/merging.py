"""Merging: a waiting action takes in a newer one of the same slot, in the earlier place."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, false, literal_column, select, update

from bot.message import Broadcast, Mention, Plain
from bot.store.codec import dump_action, load_action
from bot.store.schema import outbox

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.message import Message, Span
    from bot.model import Action, Lane

#: Literals, or the partial index is not used.
_TODO: Final[ColumnElement[str]] = literal_column("'todo'")
_WAITING: Final = outbox.c.state.in_([literal_column("'todo'"), literal_column("'sending'")])


def merge(conn: Connection, action: Action, lane: Lane, *, now: datetime) -> str | None:
    """The id of the waiting item of the same slot that now carries the action; None when none
    does. One that may have been sent is let alone: finding it would lose the newer content."""
    if action.slot is None:
        return None
    query = (
        select(outbox.c.id, outbox.c.root, outbox.c.payload)
        .where(outbox.c.lane == lane, _WAITING, outbox.c.state == _TODO)
        .where(outbox.c.slot == action.slot, outbox.c.maybe_sent == false())
        .where(outbox.c.id != action.id)
        .order_by(outbox.c.seq.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    # For another root it must stay behind that root's own item.
    if row is None or action.root not in {row.root, row.id}:
        return None
    merged = _merged(load_action(row.payload), action)
    conn.execute(
        update(outbox)
        .where(outbox.c.id == row.id)
        .values(payload=dump_action(merged), rule=merged.rule, verb=merged.verb, updated_at=now)
    )
    return str(row.id)


def _merged(waiting: Action, newer: Action) -> Action:
    """The waiting action with what the newer one says."""
    if newer.root == waiting.id:
        # An edit of a message that is not posted yet: it is posted as edited.
        return replace(
            waiting,
            message=_pinging(waiting.message, newer.message),
            confidential=waiting.confidential or newer.confidential,
        )
    claims = tuple(dict.fromkeys(waiting.claims + newer.claims))
    return replace(newer, id=waiting.id, root=waiting.root, claims=claims)


def _pinging(posted: Message | None, edited: Message | None) -> Message | None:
    """The edited message, with the people at the head of the first one: nobody was pinged yet."""
    if posted is None or edited is None:
        return edited or posted
    head = tuple(takewhile(_is_ping, posted.text))
    pings = tuple(span for span in head if not isinstance(span, Plain))
    return edited.with_mentions(pings) if pings and edited.text[:1] != pings[:1] else edited


def _is_ping(span: Span) -> bool:
    return isinstance(span, Mention | Broadcast) or (isinstance(span, Plain) and span.value == " ")
