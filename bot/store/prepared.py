"""Statements compiled once and run by the driver as they are: for the path of every delivery.

SQLAlchemy makes them, and does not look at them again: that costs many times what they do.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sqlalchemy import bindparam, column, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import CTE, ColumnElement, Connection, Dialect, Table
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

    def __init__(self, made: ClauseElement, dialect: Dialect, *, stored: bool) -> None:
        compiled = cast("SQLCompiler", made.compile(dialect=dialect))
        self.sql = str(compiled)
        names = compiled.positiontup or ()
        self._parameters = tuple(
            (name, None if stored else _written(compiled.binds[name].type, dialect))
            for name in names
        )
        #: What the statement says itself.
        self._own = {
            name: compiled.binds[name].value for name in names if not compiled.binds[name].required
        }
        columns = tuple(getattr(made, "exported_columns", ()))
        self._row = _named(tuple(str(one.name) for one in columns))
        self._read = tuple(
            (place, convert)
            for place, one in enumerate(columns)
            if not stored and (convert := _found(one.type, dialect)) is not None
        )

    def parameters(self, given: Mapping[str, object]) -> tuple[object, ...]:
        if self._own:
            given = {**self._own, **given}
        return tuple(
            [
                given[name] if convert is None else convert(given[name])
                for name, convert in self._parameters
            ]
        )

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        if not self._read:
            return [self._row(*one) for one in found]
        rows = []
        for one in found:
            cells = list(one)
            for place, convert in self._read:
                cells[place] = convert(cells[place])
            rows.append(self._row(*cells))
        return rows


def _named(names: tuple[str, ...]) -> Callable[..., Any]:
    return cast("Callable[..., Any]", namedtuple("Row", names))


def _written(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _found(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


class Prepared:
    def __init__(
        self, make: Callable[[Dialect], ClauseElement] | ClauseElement, *, stored: bool = False
    ) -> None:
        """`stored`: values are given, and come, as they are stored, not as their columns' types
        have it."""
        self._make = make
        self._stored = stored
        self._ready: dict[str, _Ready] = {}

    def run(self, conn: Connection, given: Mapping[str, object]) -> Ran:
        ready = self._ready.get(conn.dialect.name)
        if ready is None:
            made = self._make(conn.dialect) if callable(self._make) else self._make
            ready = _Ready(made, conn.dialect, stored=self._stored)
            self._ready[conn.dialect.name] = ready
        parameters = ready.parameters(given)
        raw = conn.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            done = raw.execute(ready.sql, parameters)
            found: Iterable[Any] = done.fetchall() if done.description is not None else ()
            return Ran(done.rowcount, ready.rows(found))
        result = conn.exec_driver_sql(ready.sql, parameters)
        return Ran(result.rowcount, ready.rows(result.all() if result.returns_rows else ()))


class PreparedRows:
    """A statement about many rows at once, prepared for a few sizes.

    `make` gets the VALUES: one mapping of parameters per row. `padded`: a row may be given twice,
    so that one statement does for any number of them.
    """

    def __init__(
        self,
        table: Table,
        names: Sequence[str],
        make: Make,
        *,
        stored: bool = False,
        padded: bool = False,
    ) -> None:
        self._names = tuple(names)
        self._types = {name: table.c[name].type for name in names}
        self._padded = padded
        self._by_size = {
            size: Prepared(partial(self._sized, make=make, size=size), stored=stored)
            for size in _SIZES
        }

    def run(self, conn: Connection, rows: Sequence[Mapping[str, object]]) -> Ran:
        changed, found = 0, []
        for size, part in self._parts(rows):
            given = {
                f"{name}_{place}": row[name]
                for place, row in enumerate(part)
                for name in self._names
            }
            ran = self._by_size[size].run(conn, given)
            changed += ran.rowcount
            found += ran.rows
        return Ran(changed, found)

    def _parts(
        self, rows: Sequence[Mapping[str, object]]
    ) -> Iterable[tuple[int, Sequence[Mapping[str, object]]]]:
        done = 0
        while done < len(rows):
            left = len(rows) - done
            if self._padded:
                size = min((one for one in _SIZES if one >= left), default=_SIZES[0])
            else:
                size = next(one for one in _SIZES if one <= left)
            part = rows[done : done + size]
            yield size, [*part, *([part[-1]] * (size - len(part)))]
            done += size

    def _sized(self, dialect: Dialect, *, make: Make, size: int) -> ClauseElement:
        return make(
            dialect,
            [
                # SQLAlchemy knows the types of the first row by itself.
                {name: bindparam(f"{name}_{at}", type_=kind) for name, kind in self._types.items()}
                for at in range(size)
            ],
        )


#: Rows of one statement; what is left over is split into the smaller ones.
_SIZES: Final = (64, 32, 16, 8, 4, 2, 1)


def given_rows(table: Table, rows: list[Given]) -> CTE:
    """The VALUES as a table of its own, `given`, whose columns have the types of `table`."""
    names = tuple(rows[0])
    columns = [column(name, table.c[name].type) for name in names]
    made = values(*columns, name="given").data([tuple(row[name] for name in names) for row in rows])
    return made.cte("given")
