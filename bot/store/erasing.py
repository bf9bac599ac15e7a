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

    from sqlalchemy import Column, Connection, Select, Table

#: What stands in the place of a name: it fits inside any JSON text.
SOMEONE: Final = "someone"
_PAGE: Final = 200
#: Before and after a name: `alice` is neither in `alice-b` nor in `malice`.
_EDGE: Final = r"[\w.-]"
#: From within a JSON string to its end, where it is the key of something.
_TO_KEY: Final = r'(?![^"\\]*(?:\\.[^"\\]*)*"\s*:)'


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns of one table that may hold names, and the key its rows are read by."""

    table: Table
    key: str
    columns: tuple[str, ...]
    #: Whether people stand in the keys of its JSON; elsewhere those are words of the program's own,
    #: and GitLab's first account is called `root`.
    in_keys: bool = False


_KEPT: Final = (
    Kept(schema.deliveries, "seq", ("body", "project", "error")),
    Kept(schema.decisions, "delivery", ("trace",)),
    Kept(schema.outbox, "seq", ("payload", "error")),
    Kept(schema.held, "seq", ("value",)),
    Kept(schema.memory, "key", ("value",), in_keys=True),
    Kept(schema.jobs, "seq", ("args", "answer")),
    Kept(schema.preview_messages, "seq", ("rendered", "note")),
    Kept(schema.audit, "seq", ("who", "target", "detail", "words")),
)


def pattern(names: Sequence[str], *, in_keys: bool = True) -> re.Pattern[str]:
    """Whole words only, in any case; also as JSON escapes them. `in_keys`: of JSON objects too."""
    forms = {form for name in names for form in (name, json.dumps(name)[1:-1])}
    words = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    end = "" if in_keys else _TO_KEY
    return re.compile(rf"(?<!{_EDGE})(?:{words})(?!{_EDGE}){end}", re.IGNORECASE)


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
        found: Counter[str] = Counter()
        for kept in _KEPT:
            wanted = pattern(names, in_keys=kept.in_keys)
            async for looked, named in self._named(kept, wanted):
                looked_at(kept.table.name, looked)
                if not named:
                    continue
                found[kept.table.name] += len(named)
                if really:
                    do = partial(_rewrite, kept=kept, keys=named, wanted=wanted)
                    await self._backend.write(do)
        if really:
            await self._backend.write(partial(_forget, names=names))
        return found

    async def _named(
        self, kept: Kept, wanted: re.Pattern[str]
    ) -> AsyncIterator[tuple[int, list[Any]]]:
        """How many rows were looked at, and the keys of those with a name, page by page."""
        last: Any = None
        while True:
            do = partial(_page, kept=kept, after=last)
            rows = await self._backend.read(do)
            if not rows:
                return
            last = rows[-1][0]
            yield len(rows), [row[0] for row in rows if _without(row, kept, wanted)]


def _page(conn: Connection, *, kept: Kept, after: Any) -> Sequence[Any]:
    key = kept.table.c[kept.key]
    query = _rows(kept).order_by(key).limit(_PAGE)
    return conn.execute(query if after is None else query.where(key > after)).all()


def _rows(kept: Kept) -> Select[Any]:
    raw = [_raw(kept.table.c[name]) for name in kept.columns]
    return select(kept.table.c[kept.key], *raw)


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


def _rewrite(conn: Connection, *, kept: Kept, keys: list[Any], wanted: re.Pattern[str]) -> None:
    """As they are now: messages that wait are merged and folded meanwhile."""
    key = kept.table.c[kept.key]
    for row in conn.execute(_rows(kept).where(key.in_(keys)).with_for_update()).all():
        values = {
            name: value if name == "body" else type_coerce(value, Text)
            for name, value in _without(row, kept, wanted).items()
        }
        if values:
            conn.execute(update(kept.table).where(key == row[0]).values(values))


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
