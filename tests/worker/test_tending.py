"""Hooks are visited once in a while, sooner when something is wrong, by one process of several."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.commands.tending import Visit
from bot.errors import CommandError
from bot.message import Text, text
from bot.model import HookRecord, Json
from bot.waiting import HOOKS_OFF
from bot.worker.tending import Tender
from tests.fakes.hooks import MemoryHooks
from tests.worker.bench import Clock

HOOK = HookRecord(
    id="h1",
    forge="gitlab",
    instance="gitlab",
    project_id="7",
    project="group/repo",
    remote_id="1001",
    secrets=("x",),
)
ILL = (text("it is ill"),)


class Turns(MemoryHooks):
    """Hooks, and whose turn it is."""

    mine = True

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, Json] = {}

    async def set_meta(self, key: str, value: Json) -> None:
        self.notes[key] = value

    async def get_meta(self, key: str) -> Json:
        return self.notes.get(key)

    async def take_turn(self, name: str, who: str, *, now: datetime, until: datetime) -> bool:
        return self.mine


@dataclass
class Nurse:
    visits: list[tuple[str, bool, tuple[str, ...]]] = field(default_factory=list)
    finds: Visit = field(default_factory=Visit)
    fails: Exception | None = None
    keys: list[Text] = field(default_factory=list)

    async def tend(self, record: HookRecord, *, thorough: bool, given_up: Collection[str]) -> Visit:
        self.visits.append((record.id, thorough, tuple(given_up)))
        if self.fails is not None:
            raise self.fails
        return self.finds

    async def tend_keys(self) -> tuple[Text, ...]:
        return tuple(self.keys)


@dataclass
class Ward:
    nurse: Nurse = field(default_factory=Nurse)
    clock: Clock = field(default_factory=Clock)
    store: Turns = field(default_factory=Turns)
    told: list[Text] = field(default_factory=list)
    found_off: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store.rows["h1"] = HOOK
        self.tender = Tender(
            store=self.store,
            nurse=self.nurse,
            tell=self.told.append,
            clock=self.clock,
            every=timedelta(minutes=5),
            jitter=lambda: 0.5,
            who="p1",
            found_off=self.found_off.append,
        )

    async def minutes(self, count: int) -> None:
        for _ in range(count):
            self.clock.move(minutes=1)
            await self.tender.step()


async def test_a_hook_is_visited_soon_and_then_every_few_minutes() -> None:
    ward = Ward()
    await ward.minutes(21)
    assert len(ward.nurse.visits) == 4
    assert [thorough for _, thorough, _ in ward.nurse.visits] == [True, False, False, False]


async def test_a_hook_that_fell_silent_is_looked_at_thoroughly_at_the_next_visit() -> None:
    ward = Ward()
    ward.store.rows["h1"] = replace(HOOK, last_seen_at=ward.clock.now())
    await ward.minutes(14)
    assert [thorough for _, thorough, _ in ward.nurse.visits] == [True, True, True]


async def test_what_is_ill_is_looked_at_again_within_a_minute_and_told_once() -> None:
    ward = Ward()
    await ward.minutes(1)
    ward.nurse.finds = Visit(told=ILL)
    await ward.minutes(10)
    assert ward.told == list(ILL)
    assert len(ward.nurse.visits) >= 5
    ward.nurse.finds = Visit()
    await ward.minutes(2)
    ward.nurse.finds = Visit(told=ILL)
    await ward.minutes(6)
    assert ward.told == [*ILL, *ILL]


async def test_while_something_is_to_be_fetched_every_visit_is_thorough() -> None:
    ward = Ward()
    ward.nurse.finds = Visit(left=7)
    await ward.minutes(4)
    assert [thorough for _, thorough, _ in ward.nurse.visits] == [True] * 3


async def test_what_cannot_be_had_is_remembered() -> None:
    ward = Ward()
    ward.nurse.finds = Visit(lost=("k1",))
    await ward.minutes(12)
    assert ward.nurse.visits[1][2] == ("k1",)


async def test_a_forge_that_fails_is_asked_later_and_as_thoroughly() -> None:
    ward = Ward()
    ward.nurse.fails = CommandError("slow down")
    await ward.minutes(2)
    ward.nurse.fails = None
    await ward.minutes(6)
    assert [thorough for _, thorough, _ in ward.nurse.visits] == [True, True]
    assert ward.told == []


async def test_hooks_that_are_being_made_or_are_gone_are_left_alone() -> None:
    ward = Ward()
    ward.store.rows = {
        status: replace(HOOK, id=status, status=status)
        for status in ("proving", "removed", "manual", "paused")
    }
    await ward.minutes(6)
    assert {visit[0] for visit in ward.nurse.visits} == {"paused"}


async def test_another_process_has_its_turn() -> None:
    ward = Ward()
    ward.store.mine = False
    await ward.minutes(10)
    assert ward.nurse.visits == []


async def test_keys_are_looked_after_by_the_hour() -> None:
    ward = Ward()
    ward.nurse.keys = [text("a key ends")]
    await ward.minutes(130)
    assert len(ward.told) == 3


async def test_a_hook_that_stays_off_is_counted_once_and_kept_for_every_process() -> None:
    ward = Ward()
    ward.nurse.finds = Visit(told=ILL, was_off=True, is_off=True)
    await ward.minutes(8)
    assert len(ward.nurse.visits) > 1
    assert ward.found_off == [False]
    assert ward.store.notes[HOOKS_OFF] == ["h1"]
    ward.nurse.finds = Visit()
    await ward.minutes(8)
    assert ward.store.notes[HOOKS_OFF] == []


async def test_a_hook_that_is_found_off_and_mended_at_once_is_counted() -> None:
    ward = Ward()
    ward.nurse.finds = Visit(told=ILL, was_off=True)
    await ward.minutes(2)
    assert ward.found_off == [True]
    assert ward.store.notes.get(HOOKS_OFF, []) == []


async def test_a_hook_that_is_removed_is_off_no_more() -> None:
    ward = Ward()
    ward.nurse.finds = Visit(told=ILL, was_off=True, is_off=True)
    await ward.minutes(2)
    ward.store.rows.clear()
    await ward.minutes(1)
    assert ward.store.notes[HOOKS_OFF] == []
