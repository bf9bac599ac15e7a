"""Folding: a lane that is far behind says many waiting messages in one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, literal_column, select, update

from bot.actions.folding import fold, may_fold
from bot.store import lanes
from bot.store.codec import dump_action, load_action
from bot.store.schema import lanes as lanes_table
from bot.store.schema import outbox, threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Action, Lane
    from bot.store.engine import AnyRow

#: How long its oldest message has waited: a lane that keeps up never folds.
BEHIND: Final = timedelta(minutes=1)
#: Messages looked at for one.
_AT_ONCE: Final = 200
#: Rather count what has no room than need so many more messages.
_MANY: Final = 60
#: Literals, or the partial index is not used.
_WAITING: Final[ColumnElement[bool]] = outbox.c.state.in_(
    [literal_column("'todo'"), literal_column("'sending'")]
)


def fold_behind(
    conn: Connection, row: AnyRow, head: Action, lane: Lane, *, now: datetime
) -> Action:
    """`head`, the row's action, with what waits right behind it in the lane taken in. The caller
    holds the lane."""
    behind = now - row.created_at >= BEHIND and not row.maybe_sent
    if not behind or not may_fold(head) or _took_in(conn, head):
        return head
    waiting = [head, *_followers(conn, row, head, lane)]
    alone = _roots(conn, lane, waiting)
    # In their order: none may overtake another.
    together = _until(waiting, alone)
    if len(together) < 2:
        return head
    pending = select(lanes_table.c.pending).where(lanes_table.c.key == lane)
    count = conn.execute(pending).scalar_one()
    folded, taken = fold(together, whole=False)
    if count > _MANY * taken:
        folded, taken = fold(together, whole=True)
    if taken > 1:
        _keep(conn, folded, together[1:taken], lane, now=now)
    return folded


def _took_in(conn: Connection, head: Action) -> bool:
    """It was folded before, and then could not be sent."""
    query = select(outbox.c.id).where(outbox.c.merged_into == head.id).limit(1)
    return conn.execute(query).first() is not None


def _followers(conn: Connection, row: AnyRow, head: Action, lane: Lane) -> list[Action]:
    query = (
        select(outbox.c.payload, outbox.c.state, outbox.c.maybe_sent)
        .where(outbox.c.lane == lane, _WAITING, outbox.c.seq > row.seq)
        .order_by(outbox.c.seq)
        .limit(_AT_ONCE)
    )
    found: list[Action] = []
    for other in conn.execute(query):
        action = load_action(other.payload)
        fits = other.state == "todo" and not other.maybe_sent and may_fold(action)
        if not fits or action.channel != head.channel:
            break
        found.append(action)
    return found


def _roots(conn: Connection, lane: Lane, actions: Sequence[Action]) -> frozenset[str]:
    """Those of them below which something waits already."""
    if len(actions) < 2:
        return frozenset()
    ids = [action.id for action in actions]
    query = select(outbox.c.root).where(outbox.c.lane == lane, _WAITING, outbox.c.root.in_(ids))
    return frozenset(conn.execute(query).scalars())


def _until(actions: Sequence[Action], alone: frozenset[str]) -> list[Action]:
    for place, action in enumerate(actions):
        if action.id in alone:
            return list(actions[:place])
    return list(actions)


def _keep(
    conn: Connection, folded: Action, others: Sequence[Action], lane: Lane, *, now: datetime
) -> None:
    ids = [action.id for action in others]
    conn.execute(update(outbox).where(outbox.c.id == folded.id).values(payload=dump_action(folded)))
    conn.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state="folded", merged_into=folded.id, updated_at=now)
    )
    # Replies to any of them go below the common message.
    conn.execute(update(threads).where(threads.c.root.in_(ids)).values(root=folded.id))
    lanes.uncount(conn, lane, len(ids))
