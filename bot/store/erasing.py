"""Erasing a person: their names become `someone` in everything that is kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, delete, func, or_, select, type_coerce, update

from bot.store import schema
from bot.store.codec import pack, unpack
from bot.store.part import Part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sqlalchemy import Column, Connection, Table

#: What stands in the place of a name: it fits inside any JSON text.
SOMEONE: Final = "someone"
_PAGE: Final = 200
#: Before and after a name: `alice` is neither in `alice-b` nor in `malice`.
_EDGE: Final = r"[\w.-]"


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns of one table that may hold names, and the key its rows are read by."""

    table: Table
    key: str
    columns: tuple[str, ...]


_KEPT: Final = (
    Kept(schema.deliveries, "seq", ("body", "project", "error")),
    Kept(schema.decisions, "delivery", ("trace",)),
    Kept(schema.outbox, "seq", ("payload", "error")),
    Kept(schema.held, "seq", ("value",)),
    Kept(schema.memory, "key", ("value",)),
    Kept(schema.jobs, "seq", ("args", "answer")),
    Kept(schema.preview_messages, "seq", ("rendered", "note")),
    Kept(schema.audit, "seq", ("who", "target", "detail", "words")),
)


def pattern(names: Sequence[str]) -> re.Pattern[str]:
    """Whole words only, in any case; also as JSON escapes them."""
    forms = {form for name in names for form in (name, json.dumps(name)[1:-1])}
    words = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<!{_EDGE})(?:{words})(?!{_EDGE})", re.IGNORECASE)


class ErasingRecords(Part):
    async def erase(
        self,
        names: Sequence[str],
        *,
        really: bool,
        looked_at: Callable[[str, int], None] = lambda _table, _rows: None,
    ) -> Counter[str]:
        """Rows that hold one of the names (a user name, a full name, an address), by table.
        Without `really` they are only counted. `looked_at` is told of each step."""
        wanted = pattern(names)
        found: Counter[str] = Counter()
        for kept in _KEPT:
            async for looked, changed in self._changes(kept, wanted):
                looked_at(kept.table.name, looked)
                if not changed:
                    continue
                found[kept.table.name] += len(changed)
                if really:
                    await self._backend.write(partial(_rewrite, kept=kept, changed=changed))
        if really:
            await self._backend.write(partial(_forget, names=names))
        return found

    async def _changes(
        self, kept: Kept, wanted: re.Pattern[str]
    ) -> AsyncIterator[tuple[int, dict[Any, dict[str, Any]]]]:
        """How many rows were looked at, and what changes, by key, page by page."""
        last: Any = None
        while True:
            do = partial(_page, kept=kept, after=last)
            rows = await self._backend.read(do)
            if not rows:
                return
            last = rows[-1][0]
            changed = {row[0]: made for row in rows if (made := _without(row, kept, wanted))}
            yield len(rows), changed


def _page(conn: Connection, *, kept: Kept, after: Any) -> Sequence[Any]:
    key = kept.table.c[kept.key]
    raw = [_raw(kept.table.c[name]) for name in kept.columns]
    query = select(key, *raw).order_by(key).limit(_PAGE)
    return conn.execute(query if after is None else query.where(key > after)).all()


def _raw(column: Column[Any]) -> Any:  # SQLAlchemy's own type of a column's expression
    return column if column.name == "body" else type_coerce(column, Text)


def _without(row: Sequence[Any], kept: Kept, wanted: re.Pattern[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in zip(kept.columns, row[1:], strict=True):
        if name == "body":
            held = unpack(value).decode("utf-8", "surrogateescape")
            fresh = wanted.sub(SOMEONE, held)
            if fresh != held:
                made[name] = pack(fresh.encode("utf-8", "surrogateescape"))
        elif value is not None and (fresh := wanted.sub(SOMEONE, value)) != value:
            made[name] = fresh
    return made


def _rewrite(conn: Connection, *, kept: Kept, changed: dict[Any, dict[str, Any]]) -> None:
    for key, made in changed.items():
        values = {
            name: value if name == "body" else type_coerce(value, Text)
            for name, value in made.items()
        }
        conn.execute(update(kept.table).where(kept.table.c[kept.key] == key).values(values))


def _forget(conn: Connection, *, names: Sequence[str]) -> None:
    """Their linked accounts and wishes, and state that is kept under their names."""
    folded = [name.casefold() for name in names]
    people, quiet = schema.people.c, schema.quiet_people
    theirs = or_(people.folded.in_(folded), people.slack.in_(names))
    slack = [*names, *conn.execute(select(people.slack).where(theirs)).scalars()]
    conn.execute(delete(quiet).where(quiet.c.slack.in_(slack)))
    conn.execute(delete(schema.people).where(theirs))
    unknown = schema.unknown_people
    conn.execute(delete(unknown).where(func.lower(unknown.c.username).in_(folded)))
    wanted = pattern(names)
    keys = schema.memory.c.key
    near = select(keys).where(or_(*(func.lower(keys).contains(name) for name in folded)))
    named = [key for key in conn.execute(near).scalars() if wanted.search(key)]
    conn.execute(delete(schema.memory).where(keys.in_(named)))
