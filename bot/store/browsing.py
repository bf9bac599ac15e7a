"""Looking through the history page by page, never at more than a stretch of it at a time."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, func, select

from bot.browsing import Deed, Glance, Stretch, Wanted
from bot.model import DeliveryId, DeliverySummary
from bot.store.deliveries import COLUMNS, filtered, summary, unpack_row
from bot.store.part import Part
from bot.store.schema import decisions, deliveries, outbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select

    from bot.model import Delivery
    from bot.store.engine import AnyRow

#: Rows looked at for one page: some milliseconds.
STRETCH: Final = 2_000
#: Packed bytes of a body that is read for a list; who did it stands in nearly every one below.
_SMALL: Final = 64 * 1024
#: Actions of one delivery that are named.
_DEEDS: Final = 4
#: A trace begins with the names.
_HEAD: Final = 400
_NAMES: Final = re.compile(r'\{"names":\s*\[([^\]]*)')


def browse(
    conn: Connection, *, wanted: Wanted, limit: int, before: DeliveryId | None, stretch: int
) -> Stretch:
    """Newest first, those older than `before`. What status and project cannot tell is looked for
    in the next `stretch` rows only: the page may be short, and says where to look on."""
    looked, last = 0, None
    chosen: list[DeliverySummary] = []
    for row in conn.execute(_candidates(wanted, before).limit(stretch)):
        looked, last = looked + 1, row
        if _fits(row, wanted):
            chosen.append(summary(row))
        if len(chosen) == limit:
            break
    return Stretch(
        found=_glances(conn, chosen),
        after=DeliveryId(last.id)
        if last is not None and _more(looked, chosen, limit, stretch)
        else None,
        back_to=last.received_at if last is not None else None,
    )


def _more(looked: int, chosen: Sequence[object], limit: int, stretch: int) -> bool:
    return looked == stretch or len(chosen) == limit


def _candidates(wanted: Wanted, before: DeliveryId | None) -> Select[Any]:
    query = filtered(before=before, status=wanted.status, project=wanted.project)
    if wanted.names is not None:
        # Of the trace only what names the event: the rest may be long.
        head = func.substr(decisions.c.trace, 1, _HEAD, type_=deliveries.c.forge.type)
        query = query.add_columns(head.label("head"))
        query = query.outerjoin(decisions, decisions.c.delivery == deliveries.c.id)
    if wanted.acted is not None:
        acts = exists().where(outbox.c.delivery == deliveries.c.id)
        query = query.add_columns(acts.label("acted"))
    return query


def _fits(row: AnyRow, wanted: Wanted) -> bool:
    if wanted.acted is not None and bool(row.acted) != wanted.acted:
        return False
    if wanted.names is None:
        return True
    found = _NAMES.match(row.head or "")
    return found is not None and not wanted.names.isdisjoint(re.findall(r'"([^"]*)"', found[1]))


def _glances(conn: Connection, chosen: Sequence[DeliverySummary]) -> tuple[Glance, ...]:
    ids = [one.id for one in chosen]
    traces = {
        row.delivery: row.trace
        for row in conn.execute(
            select(decisions.c.delivery, decisions.c.trace).where(decisions.c.delivery.in_(ids))
        )
    }
    deeds = _deeds(conn, ids)
    bodies = {one.id: one for one in _small(conn, ids)}
    return tuple(
        Glance(
            summary=one,
            names=tuple(traces.get(one.id, {}).get("names", ())),
            verdicts=Counter(v["outcome"] for v in traces.get(one.id, {}).get("verdicts", ())),
            deeds=tuple(deeds.get(one.id, ())[:_DEEDS]),
            actions=len(deeds.get(one.id, ())),
            delivery=bodies.get(one.id),
        )
        for one in chosen
    )


def _deeds(conn: Connection, ids: Sequence[str]) -> dict[str, list[Deed]]:
    found: dict[str, list[Deed]] = {}
    query = select(outbox.c.delivery, outbox.c.verb, outbox.c.channel, outbox.c.state)
    for row in conn.execute(query.where(outbox.c.delivery.in_(ids)).order_by(outbox.c.seq)):
        deed = Deed(verb=row.verb, channel=row.channel, state=row.state)
        found.setdefault(row.delivery, []).append(deed)
    return found


def _small(conn: Connection, ids: Sequence[str]) -> Iterator[Delivery]:
    query = select(*COLUMNS).where(deliveries.c.id.in_(ids))
    for row in conn.execute(query.where(func.length(deliveries.c.body) <= _SMALL)):
        yield unpack_row(row)


class BrowsingRecords(Part):
    async def browse(
        self,
        wanted: Wanted,
        *,
        limit: int = 50,
        before: DeliveryId | None = None,
        stretch: int = STRETCH,
    ) -> Stretch:
        """A page of the history, newest first."""
        do = partial(browse, wanted=wanted, limit=limit, before=before, stretch=stretch)
        return await self._backend.read(do)
