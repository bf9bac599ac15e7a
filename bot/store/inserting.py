"""INSERTs of many rows at once, in one statement: for the path of every delivery."""

from __future__ import annotations

import sqlite3
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import ARRAY, TypeDecorator, bindparam, cast, func, select

from bot.store.engine import insert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, Table
    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.types import TypeEngine

    #: Cells in the order of the columns.
    Rows = Sequence[Sequence[Any]]

#: Rows of one statement. SQLite keeps one for each number of rows.
_MOST: Final = 32


class Insertion:
    """Compiled once per dialect and run by the driver as it is.

    `finish` adds to the INSERT what is to become of rows that are there already. Values are given
    as they are stored, not as their columns' types have it.
    """

    def __init__(
        self, table: Table, names: Collection[str], finish: Callable[[Insert], Insert]
    ) -> None:
        self._table = table
        # As SQLAlchemy writes them: in the order of the table.
        self._names = tuple(column.name for column in table.c if column.name in names)
        self._cells = itemgetter(*self._names)
        self._finish = finish
        self._texts: dict[str, _Texts] = {}

    def run(self, conn: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """How many rows it wrote."""
        texts = self._texts.get(conn.dialect.name)
        if texts is None:
            texts = self._texts[conn.dialect.name] = self._prepare(conn.dialect)
        wrote = 0
        for start in range(0, len(rows), _MOST):
            part = [self._cells(row) for row in rows[start : start + _MOST]]
            wrote += _run(conn, texts.of(len(part)), texts.arranged(part))
        return wrote

    def _prepare(self, dialect: Dialect) -> _Texts:
        begun = insert(dialect, self._table)
        if dialect.name == "sqlite":
            made = begun.values({name: bindparam(name) for name in self._names})
            return _Repeated(str(self._finish(made).compile(dialect=dialect)), len(self._names))
        columns = [
            func.unnest(cast(bindparam(name), ARRAY(_plain(self._table.c[name].type, dialect))))
            for name in self._names
        ]
        made = begun.from_select(self._names, select(*columns))
        return _Unnested(str(self._finish(made).compile(dialect=dialect)))


def _run(conn: Connection, text: str, parameters: tuple[Any, ...]) -> int:
    raw = conn.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        # All rows in one step: between two, another thread could take the interpreter away.
        return raw.execute(text, parameters).rowcount
    return conn.exec_driver_sql(text, parameters).rowcount


class _Texts(Protocol):
    """The statement for any number of rows, and its parameters."""

    def of(self, count: int) -> str: ...

    def arranged(self, rows: Rows) -> tuple[Any, ...]: ...


class _Repeated:
    """SQLite: as many groups of VALUES as there are rows."""

    def __init__(self, text: str, width: int) -> None:
        group = f"({', '.join('?' * width)})"
        head, found, tail = text.partition(group)
        if not found or "?" in tail:
            raise AssertionError(f"not an INSERT of one row: {text}")
        self._texts = [head + ", ".join([group] * count) + tail for count in range(_MOST + 1)]

    def of(self, count: int) -> str:
        return self._texts[count]

    def arranged(self, rows: Rows) -> tuple[Any, ...]:
        return tuple(chain.from_iterable(rows))


class _Unnested:
    """PostgreSQL: one array per column."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, _count: int) -> str:
        return self._text

    def arranged(self, rows: Rows) -> tuple[Any, ...]:
        return tuple(map(list, zip(*rows, strict=True)))


def _plain(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """The type without what the program makes of it."""
    known = kind.dialect_impl(dialect)
    return known.impl_instance if isinstance(known, TypeDecorator) else kind
