"""What people and loops ask again and again is found by indices, not by looking through a year."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.browsing import Wanted
from bot.model import Place
from bot.store import browsing, deliveries, forgetting, history, migrate, outbox
from bot.store.sqlite import path_of
from bot.store.writer import alchemy
from tests.store.make import LEASE, NOW, delivery, delivery_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sqlalchemy import Connection

#: Tables that a bot fills without end.
LARGE = ("deliveries", "decisions", "outbox")


def _list(**filters: str) -> Callable[[Connection], object]:
    def do(conn: Connection) -> object:
        given = {"status": None, "project": None} | filters
        return deliveries.summaries(
            conn, limit=30, before=None, status=given["status"], project=given["project"]
        )

    return do


def _browse(**filters: object) -> Callable[[Connection], object]:
    wanted = Wanted(**filters)  # type: ignore[arg-type] # each question knows its filter
    return lambda conn: browsing.browse(
        conn, wanted=wanted, limit=50, before=delivery_id(1), stretch=100
    )


def _claim(conn: Connection) -> None:
    row = deliveries.pack_delivery(delivery(1))
    deliveries.append(conn, [row], received_at=NOW)
    assert deliveries.claim(conn, token="t", now=NOW, lease=LEASE, most=8, limit=8)


QUESTIONS: dict[str, Callable[[Connection], object]] = {
    "backlog": history.backlog,
    "what is next": _claim,
    "list failed": _list(status="failed"),
    "list waiting": _list(status="new"),
    "list of a project": _list(project="group/app"),
    "browse": _browse(),
    "browse events": _browse(names=frozenset({"push"})),
    "browse what acted": _browse(acted=True, project="group/app"),
    "browse what failed": _browse(status="failed", acted=False),
    "show": lambda conn: deliveries.find(conn, delivery_id(1)),
    "what became of it": lambda conn: outbox.listed(
        conn, state=None, limit=100, delivery=delivery_id(1)
    ),
    "why this message": lambda conn: outbox.at_place(conn, Place(channel="C", ts="1.2"), limit=5),
    "dead letters": lambda conn: outbox.listed(conn, state="dead", limit=100),
    **{
        f"prune {kind.table.name}": lambda conn, kind=kind: kind.find(  # type: ignore[misc] # a default of a lambda has no type
            conn, before=NOW - timedelta(days=30)
        )
        for kind in forgetting.KINDS
        if kind.table.name in LARGE
    },
}


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[tuple[Connection, list[str]]]:
    url = f"sqlite:///{tmp_path}/bot.db"
    await migrate(url)
    statements: list[str] = []
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as raw, alchemy(raw) as conn:
        raw.set_trace_callback(statements.append)
        yield conn, statements


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_looks_through_a_large_table(
    name: str, asked: tuple[Connection, list[str]]
) -> None:
    conn, statements = asked
    QUESTIONS[name](conn)
    assert statements
    for statement in tuple(statements):
        if not statement.lstrip().startswith(("SELECT", "WITH")):
            continue
        for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"):
            plan = str(row[3])
            words = plan.split()
            whole = words[0] == "SCAN" and words[1] in LARGE and "INDEX" not in words
            assert not whole, f"{name}: {plan}\n{statement}"


def test_a_question_that_does_is_seen(asked: tuple[Connection, list[str]]) -> None:
    conn, _ = asked
    [plan] = conn.exec_driver_sql("EXPLAIN QUERY PLAN SELECT * FROM decisions WHERE ruleset = 'x'")
    assert str(plan[3]).startswith("SCAN decisions")
