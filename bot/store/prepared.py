"""Statements compiled once and run by the driver as they are: for the path of every delivery.

SQLAlchemy makes them, and does not look at them again: that costs many times what they do.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sqlalchemy import bindparam, column, values

from bot.store.columns import READ, WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import CTE, Column, ColumnElement, Connection, Dialect, Table
    from sqlalchemy.sql import ClauseElement
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine

    _Convert = Callable[[Any], Any] | None
    #: One row of a statement's VALUES: a parameter for each name.
    Given = dict[str, ColumnElement[Any]]
    Make = Callable[[Dialect, list[Given]], ClauseElement]


class Ran(NamedTuple):
    """What a statement did: its rows with their columns by name, and how many it changed."""

    rowcount: int
    rows: list[Any]

    def scalar(self) -> Any:
        """The first column of the first row; None when there is none."""
        return self.rows[0][0] if self.rows else None


class _Ready:
    """The statement of one dialect."""

    def __init__(self, made: ClauseElement, dialect: Dialect) -> None:
        compiled = cast("SQLCompiler", made.compile(dialect=dialect))
        self._sql = str(compiled)
        #: Parameters in the statement's order, with what makes of each what is stored.
        self.parameters = tuple(
            (name, _written(compiled.binds[name].type, dialect))
            for name in compiled.positiontup or ()
        )
        #: Those that the statement says itself, as they are stored.
        self.own = {
            name: compiled.binds[name].value
            if convert is None
            else convert(compiled.binds[name].value)
            for name, convert in self.parameters
            if not compiled.binds[name].required
        }
        columns = tuple(getattr(made, "exported_columns", ()))
        self._row = _named(tuple(str(one.name) for one in columns))
        self._read = tuple(
            (place, convert)
            for place, one in enumerate(columns)
            if (convert := _found(one.type, dialect)) is not None
        )

    def run(self, conn: Connection, parameters: Sequence[object]) -> Ran:
        """`parameters` as they are stored."""
        raw = conn.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            done = raw.execute(self._sql, parameters)
            found: Iterable[Any] = done.fetchall() if done.description is not None else ()
            return Ran(done.rowcount, self._rows(found))
        result = conn.exec_driver_sql(self._sql, tuple(parameters))
        return Ran(result.rowcount, self._rows(result.all() if result.returns_rows else ()))

    def _rows(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        if not self._read:
            return list(map(self._row, found))
        rows = []
        for one in found:
            cells = list(one)
            for place, convert in self._read:
                cells[place] = convert(cells[place])
            rows.append(self._row(cells))
        return rows


def _named(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    # By the tuple's own maker: that of named tuples takes the cells one by one.
    return partial(tuple.__new__, namedtuple("Row", names))


def _written(kind: TypeEngine[Any], dialect: Dialect, *, nullable: bool = True) -> _Convert:
    own = WRITTEN.get(type(kind))
    if own is None:
        return kind.dialect_impl(dialect).bind_processor(dialect)
    return partial(_unless_none, own) if nullable else own


def _found(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    if type(kind) not in READ:
        return kind.dialect_impl(dialect).result_processor(dialect, None)
    own = READ[type(kind)]
    return partial(_unless_none, own) if own is not None else None


def _unless_none(convert: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else convert(value)


class Prepared:
    def __init__(self, make: Callable[[Dialect], ClauseElement] | ClauseElement) -> None:
        self._make = make
        self._ready: dict[str, _Ready] = {}

    def run(self, conn: Connection, given: Mapping[str, object]) -> Ran:
        ready = self._ready.get(conn.dialect.name)
        if ready is None:
            made = self._make(conn.dialect) if callable(self._make) else self._make
            ready = self._ready[conn.dialect.name] = _Ready(made, conn.dialect)
        own = ready.own
        parameters = [
            own[name] if name in own else given[name] if convert is None else convert(given[name])
            for name, convert in ready.parameters
        ]
        return ready.run(conn, parameters)


class PreparedRows:
    """A statement about many rows at once, prepared for a few sizes.

    `make` gets the VALUES: one mapping of parameters per row. `padded`: a row may be given twice,
    so that one statement does for any number of them.
    """

    def __init__(
        self, table: Table, names: Sequence[str], make: Make, *, padded: bool = False
    ) -> None:
        self._columns = tuple(table.c[name] for name in names)
        self._cells = _picked(names)
        self._make = make
        self._padded = padded
        self._sized: dict[tuple[str, int], _Sized] = {}

    def run(self, conn: Connection, rows: Sequence[Mapping[str, object]], **common: object) -> Ran:
        """`common`: parameters that the statement has once, whatever the number of rows."""
        changed, found, done = 0, list[Any](), 0
        while done < len(rows):
            size = self._size(len(rows) - done)
            cells = map(self._cells, rows[done : done + size])
            ran = self._ready(conn.dialect, size).run(conn, cells, common)
            changed += ran.rowcount
            found += ran.rows
            done += size
        return Ran(changed, found)

    def _size(self, left: int) -> int:
        if self._padded:
            return min((one for one in _SIZES if one >= left), default=_SIZES[0])
        return next(one for one in _SIZES if one <= left)

    def _ready(self, dialect: Dialect, size: int) -> _Sized:
        found = self._sized.get((dialect.name, size))
        if found is None:
            found = _Sized(self._make, dialect, self._columns, size)
            self._sized[dialect.name, size] = found
        return found


class _Sized:
    """The statement of one dialect for a number of rows."""

    def __init__(
        self, make: Make, dialect: Dialect, columns: Sequence[Column[Any]], size: int
    ) -> None:
        names = [[f"{one.name}_{at}" for one in columns] for at in range(size)]
        # SQLAlchemy knows the types of the first row by itself.
        rows: list[Given] = [
            {
                one.name: bindparam(name, type_=one.type)
                for one, name in zip(columns, row, strict=True)
            }
            for row in names
        ]
        self._ready = _Ready(make(dialect, rows), dialect)
        self._size = size
        self._width = len(columns)
        converts = (_written(one.type, dialect, nullable=bool(one.nullable)) for one in columns)
        self._converts = tuple((at, one) for at, one in enumerate(converts) if one is not None)
        self._own = tuple(self._ready.own.values())
        known = [*chain.from_iterable(names), *self._ready.own]
        self._common = {
            name: convert for name, convert in self._ready.parameters if name not in set(known)
        }
        self._order = self._ordered([*known, *self._common])

    def _ordered(self, known: Sequence[str]) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
        """Puts parameters that come in that order into the statement's; None when it is the
        same."""
        places = {name: place for place, name in enumerate(known)}
        order = [places[name] for name, _ in self._ready.parameters]
        return None if order == [*range(len(known))] else itemgetter(*order)

    def run(
        self, conn: Connection, rows: Iterable[Sequence[Any]], common: Mapping[str, Any]
    ) -> Ran:
        cells = list(chain.from_iterable(rows))
        for at, convert in self._converts:
            cells[at :: self._width] = map(convert, cells[at :: self._width])
        missing = self._size - len(cells) // self._width
        if missing:
            cells += cells[-self._width :] * missing
        cells += self._own
        cells += [
            common[name] if convert is None else convert(common[name])
            for name, convert in self._common.items()
        ]
        return self._ready.run(conn, cells if self._order is None else self._order(cells))


def _picked(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: (row[names[0]],)


#: Rows of one statement; what is left over is split into the smaller ones.
_SIZES: Final = (64, 32, 16, 8, 4, 2, 1)


def given_rows(table: Table, rows: list[Given]) -> CTE:
    """The VALUES as a table of its own, `given`, whose columns have the types of `table`."""
    names = tuple(rows[0])
    columns = [column(name, table.c[name].type) for name in names]
    made = values(*columns, name="given").data([tuple(row[name] for name in names) for row in rows])
    return made.cte("given")
