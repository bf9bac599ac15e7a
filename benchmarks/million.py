"""A year of deliveries in one SQLite file: what people ask of it, and forgetting a day of it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from benchmarks.table import Figure
from bot.browsing import Wanted
from bot.events.samples import NAMES, sample
from bot.message import Message, bold, text
from bot.model import Action, ActionId, Delivery, DeliveryId, Lane, Place, SubjectKey
from bot.store import migrate, open_store
from bot.store.codec import dump_action, dump_json, pack
from bot.store.columns import micros
from bot.store.deliveries import pack_delivery
from bot.store.sqlite import path_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from benchmarks.table import Repeats
    from bot.store import Store

COUNT: Final = 1_000_000
DAYS: Final = 31
_KEY: Final = "benchmark-benchmark"
_BATCH: Final = 20_000
_PROJECTS: Final = 400
_ASKED: Final = 20
_VERDICT: Final = (
    '{"rule":"rule number %d","file":"rules.yaml","line":%d,"outcome":"%s","reason":"",'
    '"failed":{"field":"branch","wanted":"release/*","seen":"main","passed":false}}'
)
#: What is among the rows once in so many.
_RARE: Final = 250_000
_ACTS: Final = 3


async def history(folder: Path, _repeats: Repeats) -> AsyncIterator[Figure]:
    url = f"sqlite:///{folder}/bot.db"
    await migrate(url)
    began, until = perf_counter(), datetime.now(UTC)
    await asyncio.to_thread(fill, path_of(url), COUNT, until)
    yield Figure(f"{COUNT:,} deliveries written", perf_counter() - began, "s")
    size = path_of(url).stat().st_size
    yield Figure("the file", size / 1e9, "GB")
    yield Figure("of it for each delivery", size / COUNT, "bytes")
    async with open_store(url, secret_key=_KEY) as store:
        for name, ask in _questions(store):
            yield Figure(name, await _median(ask) * 1000, "ms", 50)
        async for figure in _forgetting(store, until - timedelta(days=DAYS)):
            yield figure


def _questions(store: Store) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    middle, last = _id(COUNT // 2), _id(COUNT - 1)
    yield "page: newest 50", lambda: store.browse(Wanted())
    yield "page: 50 in the middle", lambda: store.browse(Wanted(), before=middle)
    yield "page: 50 of a project", lambda: store.browse(Wanted(project="group7/app3"))
    yield "page: failed", lambda: store.browse(Wanted(status="failed"))
    yield "page: merged", lambda: store.browse(Wanted(names=frozenset({"mr.merged"})))
    rare = Wanted(names=frozenset({"rare.one"}))
    yield "page: a stretch for what is rare", lambda: store.browse(rare, before=middle)
    yield (
        "page: what did nothing, of a project",
        lambda: store.browse(Wanted(project="group7/app3", acted=False)),
    )
    yield "doctor, metrics: what waits", store.backlog
    yield "deliveries list", lambda: store.list_deliveries(limit=30)
    yield (
        "deliveries list of a project",
        lambda: store.list_deliveries(limit=30, project="group7/app3"),
    )
    yield "deliveries show", lambda: store.delivery(last)
    yield "explain: the trace", lambda: store.decision(middle)
    yield "why: who made a message", lambda: store.done_at(Place(channel="C1", ts="500001.000000"))
    yield "outbox list --state dead", lambda: store.list_outbox(state="dead")
    yield (
        "backtest: where a week lies",
        lambda: store.window(
            since=datetime.now(UTC) - timedelta(days=14),
            until=datetime.now(UTC) - timedelta(days=7),
        ),
    )


async def _median(ask: Callable[[], Awaitable[object]]) -> float:
    took = []
    for _ in range(_ASKED):
        began = perf_counter()
        await ask()
        took.append(perf_counter() - began)
    return sorted(took)[_ASKED // 2]


@dataclass
class _Requests:
    """Deliveries that come while a day is forgotten, and how long each waited for its commit."""

    store: Store
    took: list[float] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        number = COUNT
        headers, body = sample("push")
        while not stop.is_set():
            number += 1
            one = _delivery(number, headers, body, datetime.now(UTC))
            began = perf_counter()
            await self.store.append(one)
            self.took.append(perf_counter() - began)
            await asyncio.sleep(0.005)


async def _forgetting(store: Store, first: datetime) -> AsyncIterator[Figure]:
    """The bot forgets an hour's rows by itself; a day's is what one does that was away."""
    for name, before in (
        ("quiet", None),
        ("an hour is forgotten", first + timedelta(hours=1)),
        ("a day is forgotten", first + timedelta(days=1)),
    ):
        requests, stop = _Requests(store), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(requests.run(stop))
            began = perf_counter()
            if before is not None:
                yield Figure(f"{name}: rows", float(await store.prune(before=before)))
                yield Figure(f"{name}: it took", perf_counter() - began, "s")
            else:
                await asyncio.sleep(3)
            stop.set()
        took = sorted(requests.took)
        yield Figure(f"{name}: a request's commit, median", took[len(took) // 2] * 1000, "ms")
        yield Figure(f"{name}: 99 of 100", took[int(len(took) * 0.99)] * 1000, "ms")
        yield Figure(f"{name}: the longest", took[-1] * 1000, "ms", 250)


# -- filling -----------------------------------------------------------------------------------


def fill(path: Path, count: int, until: datetime) -> None:
    """Rows as a bot leaves them: all decided, with a trace of six rules, some with an action."""
    dice = random.Random(11)  # noqa: S311 - a fixed draw, no secret
    kinds = [_Kind.of(name) for name in NAMES]
    step = timedelta(days=DAYS) / count
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        for first in range(0, count, _BATCH):
            made = [
                _rows(number, dice, kinds, until - timedelta(days=DAYS) + number * step)
                for number in range(first, min(first + _BATCH, count))
            ]
            raw.execute("BEGIN")
            _insert(raw, "deliveries", [one[0] for one in made])
            _insert(raw, "decisions", [one[1] for one in made])
            _insert(raw, "outbox", [one[2] for one in made if one[2] is not None])
            raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    headers: dict[str, str]
    body: bytes
    packed: bytes

    @classmethod
    def of(cls, name: str) -> _Kind:
        headers, body = sample(name)
        return cls(name, headers, body, pack(body))


_Row = dict[str, Any]


def _rows(
    number: int, dice: random.Random, kinds: list[_Kind], at: datetime
) -> tuple[_Row, _Row, _Row | None]:
    kind = dice.choice(kinds)
    name = "rare.one" if number % _RARE == 1 else kind.name
    id_, moment = _id(number), micros(at)
    project = f"group{number % 20}/app{dice.randrange(_PROJECTS // 20)}"
    acts = number % _ACTS == 0
    delivery = pack_delivery(_delivery(number, kind.headers, b"{}", at))
    delivery |= {
        "body": kind.packed,
        "status": "failed" if number % 100_000 == 0 else "decided",
        "project": project,
    }
    verdicts = ",".join(
        _VERDICT % (place, place * 7, "sent" if acts and not place else "no match")
        for place in range(6)
    )
    decision = {
        "delivery": id_,
        "ruleset": "ab" * 32,
        "decided_at": moment,
        "trace": f'{{"names":["{name}"],"verdicts":[{verdicts}],"skipped":40,"learned":{{}}}}',
    }
    return delivery, decision, _item(number, moment) if acts else None


def _item(number: int, moment: int) -> _Row:
    id_ = _id(number)
    return {
        "id": f"{id_}.0",
        "lane": f"send:slack:C{number % 50}",
        "delivery": id_,
        "rule": "rule number 0",
        "verb": "post",
        "channel": f"C{number % 50}",
        "payload": _PAYLOAD.replace("@", f"{id_}.0", 1),
        "state": "dead" if number % 150_000 == 0 else "done",
        "attempts": 1,
        "maybe_sent": False,
        "place_channel": f"C{number % 50}",
        "place_ts": f"{number}.000000",
        "created_at": moment,
        "tried_since": moment,
        "updated_at": moment,
    }


def _template() -> str:
    said = Message(text=text("alice opened ", bold("a merge request of this project"), "." * 500))
    action = Action(
        id=ActionId("@"),
        verb="post",
        rule="rule number 0",
        channel="#dev",
        subject=SubjectKey("gitlab:7:mr:1"),
        message=said,
    )
    return dump_json(dump_action(action))


#: Made once: a million are alike.
_PAYLOAD: Final = _template()


def _insert(raw: sqlite3.Connection, table: str, rows: list[_Row]) -> None:
    names = tuple(rows[0])
    marks = ", ".join("?" for _ in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own words
    raw.executemany(statement, [tuple(row[name] for name in names) for row in rows])


def _id(number: int) -> DeliveryId:
    return DeliveryId(f"B{number:025}")


def _delivery(number: int, headers: dict[str, str], body: bytes, at: datetime) -> Delivery:
    event = headers.get("X-Gitlab-Event", "")
    return Delivery(
        id=_id(number),
        forge="gitlab",
        instance="gitlab",
        hook="shared",
        key=f"key {number}",
        event=event,
        lane=Lane(f"decide:gitlab:{number % _PROJECTS}"),
        headers={"x-gitlab-event": event, "user-agent": "GitLab/17.4.0"},
        body=body,
        received_at=at,
    )
