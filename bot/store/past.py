"""Reading the past: deliveries of a window, oldest first, and the state before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, delete, func, or_, select, type_coerce

from bot.model import ActionId, Delivery, SubjectKey, Thread
from bot.store.codec import load_json
from bot.store.deliveries import COLUMNS, unpack_row
from bot.store.forgetting import last_before
from bot.store.held_codec import load_held
from bot.store.open_subjects import listed_then
from bot.store.part import Part
from bot.store.schema import decisions, deliveries, held, memory, meta, threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.model import Json
    from bot.waiting import Held, OpenSubject

#: Packed bytes and rows of one page.
_PAGE_BYTES: Final = 16 * 1024 * 1024
_PAGE: Final = 500
#: Rows of state that are read, the newest: more would not fit in a command's memory.
_STATE: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Where a span of time lies in the order of deliveries: (after, upto]."""

    after: int
    upto: int

    @property
    def size(self) -> int:
        """About how many deliveries it holds; forgotten ones count."""
        return max(0, self.upto - self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    deliveries: tuple[Delivery, ...]
    #: What state and the forge's API told each when it was decided, where they told something.
    learned: Mapping[str, Mapping[str, Json]]
    #: Where the next page begins.
    after: int


def window(conn: Connection, *, since: datetime, until: datetime) -> Window:
    seq, at = deliveries.c.seq, deliveries.c.received_at
    return Window(after=last_before(conn, seq, at, since), upto=last_before(conn, seq, at, until))


def page(conn: Connection, *, after: int, upto: int, project: str | None) -> Page | None:
    """Some of a window, a bounded number of bytes; None when there is no more. Copies that were
    made to be decided again are left out. `project`: also those not decided yet."""
    seq = deliveries.c.seq
    query = select(seq, func.length(deliveries.c.body)).where(
        seq > after, seq <= upto, deliveries.c.replay_of.is_(None)
    )
    if project is not None:
        query = query.where(
            or_(func.lower(deliveries.c.project) == project.lower(), deliveries.c.project == "")
        )
    chosen: list[int] = []
    room = _PAGE_BYTES
    for number, size in conn.execute(query.order_by(seq).limit(_PAGE)):
        if chosen and size > room:
            break
        chosen.append(number)
        room -= size
    if not chosen:
        return None
    rows = conn.execute(select(*COLUMNS).where(seq.in_(chosen)).order_by(seq))
    return Page(
        deliveries=tuple(unpack_row(row) for row in rows),
        learned=_learned(conn, chosen),
        after=chosen[-1],
    )


def _learned(conn: Connection, chosen: Sequence[int]) -> dict[str, Mapping[str, Json]]:
    """Of traces, which may be long, only the end is read. Not by the engines' own JSON: that of
    PostgreSQL refuses half a character, which titles may hold."""
    at = (func.instr if conn.dialect.name == "sqlite" else func.strpos)(_TRACE, _KEY)
    query = (
        select(deliveries.c.id, func.substr(_TRACE, at + len(_KEY)).label("rest"))
        .select_from(deliveries.join(decisions, decisions.c.delivery == deliveries.c.id))
        .where(deliveries.c.seq.in_(chosen), at > 0)
    )
    found = ((row.id, load_json(row.rest[:-1])) for row in conn.execute(query))
    return {id_: learned for id_, learned in found if learned}


_TRACE: Final = type_coerce(decisions.c.trace, Text)
#: The last key of a trace: see `dump_trace`. In a text its quotes would be escaped.
_KEY: Final = '"learned":'


def state(
    conn: Connection, *, at: datetime
) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]:
    """What was known then and has not changed since: what has changed is not kept."""
    query = select(memory.c.key, memory.c.value).where(memory.c.updated_at <= at)
    known = {
        row.key: row.value
        for row in conn.execute(query.order_by(memory.c.updated_at.desc()).limit(_STATE))
    }
    rows = conn.execute(
        select(threads).where(threads.c.at <= at).order_by(threads.c.at.desc()).limit(_STATE)
    )
    found: dict[SubjectKey, tuple[Thread, ...]] = {}
    # As `threads.load` orders them: a card comes after other roots.
    for row in sorted(rows, key=lambda row: (row.card, row.at)):
        key = SubjectKey(row.subject)
        found[key] = (*found.get(key, ()), _thread(row))
    return known, found


def waited(conn: Connection, *, at: datetime) -> tuple[Held, ...]:
    """What waited at that moment for its batch, its hours or the end of its throttle, oldest
    first."""
    query = (
        select(held.c.value)
        .select_from(held.outerjoin(decisions, decisions.c.delivery == held.c.released_in))
        .where(held.c.at <= at, or_(held.c.released_in.is_(None), decisions.c.decided_at > at))
        .order_by(held.c.seq)
        .limit(_STATE)
    )
    return tuple(load_held(value) for value in conn.execute(query).scalars())


def _thread(row: Any) -> Thread:
    return Thread(
        channel=row.channel,
        subject=SubjectKey(row.subject),
        root=ActionId(row.root),
        rule=row.rule,
        card=row.card,
        ts=row.ts,
        at=row.at,
        dead=row.dead,
    )


def notes(conn: Connection, *, prefix: str) -> dict[str, Json]:
    query = select(meta).where(meta.c.key.startswith(prefix, autoescape=True))
    return {row.key: row.value for row in conn.execute(query.order_by(meta.c.key))}


def forget_notes(conn: Connection, *, prefix: str) -> None:
    conn.execute(delete(meta).where(meta.c.key.startswith(prefix, autoescape=True)))


class PastRecords(Part):
    async def window(self, *, since: datetime, until: datetime) -> Window:
        """Where deliveries of that span are."""
        return await self._backend.read(partial(window, since=since, until=until))

    async def past_deliveries(
        self, within: Window, *, project: str | None = None
    ) -> AsyncIterator[Page]:
        """Page by page, oldest first; each page is read when the one before was used up."""
        after = within.after
        while True:
            do = partial(page, after=after, upto=within.upto, project=project)
            found = await self._backend.read(do)
            if found is None:
                return
            yield found
            after = found.after

    async def past_state(
        self, *, at: datetime
    ) -> tuple[dict[str, Json], dict[SubjectKey, tuple[Thread, ...]]]:
        """What rules knew then, as far as it has not changed since: memory and threads."""
        return await self._backend.read(partial(state, at=at))

    async def past_waiting(self, *, at: datetime) -> tuple[Held, ...]:
        """What waited then: in batches, for hours, behind a throttle; oldest first."""
        return await self._backend.read(partial(waited, at=at))

    async def past_open(self, kind: str, *, at: datetime) -> tuple[OpenSubject, ...]:
        """What was open then, as far as events had told; with the facts of today where somebody
        touched it since."""
        return await self._backend.read(partial(listed_then, kind=kind, at=at))

    async def notes(self, prefix: str) -> dict[str, Json]:
        """What `set_meta` kept under keys that begin so."""
        return await self._backend.read(partial(notes, prefix=prefix))

    async def forget_notes(self, prefix: str) -> None:
        """Forgets what `notes` would find."""
        await self._backend.write(partial(forget_notes, prefix=prefix))
