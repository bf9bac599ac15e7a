"""The time the program goes by: steady between looks, and a step moves what waits, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import StoreError
from bot.worker.timekeeping import Timekeeper

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Machine:
    """Its wall clock, which somebody may set, and the one that nobody can."""

    wall: datetime = START
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.passed_s

    def goes_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed_s += seconds


@dataclass
class Waits:
    shared: datetime | None = None
    found_ahead: timedelta = timedelta()
    broken: bool = False
    moved: list[timedelta] = field(default_factory=list)
    freed: int = 0
    forgiven: list[datetime] = field(default_factory=list)

    async def time(self) -> datetime | None:
        return self.shared

    async def ahead(self, *, now: datetime) -> timedelta:
        return self.found_ahead

    async def move_waits(self, by: timedelta, *, who: str, now: datetime) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.moved.append(timedelta(seconds=round(by.total_seconds())))

    async def forgive_absence(self, *, now: datetime) -> None:
        self.forgiven.append(now)

    async def free_untried(self, *, now: datetime) -> None:
        self.freed += 1


@pytest.fixture
def machine() -> Machine:
    return Machine()


async def keeper(machine: Machine, waits: Waits) -> Timekeeper:
    made = Timekeeper(waits, machine, steady=machine.steady)
    await made.start()
    return made


async def test_between_two_looks_time_goes_on_steadily(machine: Machine) -> None:
    time = await keeper(machine, Waits())
    machine.goes_on(0.5)
    machine.wall += HOUR
    assert time.now() == START + timedelta(seconds=0.5)


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=365), timedelta(seconds=-4)])
async def test_a_step_is_followed_and_moves_what_waits_once(
    machine: Machine, step: timedelta
) -> None:
    waits = Waits()
    time = await keeper(machine, waits)
    machine.goes_on(1)
    machine.wall += step
    await time.look()
    assert time.now() == machine.wall
    machine.goes_on(1)
    await time.look()
    assert waits.moved == [step]
    assert waits.freed == (1 if step < timedelta() else 0)


async def test_a_start_forgives_the_time_before_it_once(machine: Machine) -> None:
    waits = Waits()
    time = await keeper(machine, waits)
    machine.goes_on(3600)
    await time.look()
    assert waits.forgiven == [START]


async def test_a_machine_that_slept_counts_as_a_step(machine: Machine) -> None:
    waits = Waits()
    time = await keeper(machine, waits)
    machine.wall += 8 * HOUR  # and the steady clock stood still
    await time.look()
    assert waits.moved == [8 * HOUR]


async def test_what_differs_by_little_is_followed_and_moves_nothing(machine: Machine) -> None:
    waits = Waits()
    time = await keeper(machine, waits)
    for _ in range(10):
        machine.goes_on(1)
        machine.wall -= timedelta(seconds=2)
        await time.look()
    assert (time.now(), waits.moved) == (machine.wall, [])


async def test_a_move_that_fails_is_made_later_with_what_came_meanwhile(machine: Machine) -> None:
    waits = Waits(broken=True)
    time = await keeper(machine, waits)
    for step in (HOUR, 2 * HOUR):
        machine.wall += step
        with pytest.raises(StoreError):
            await time.look()
    assert time.now() == machine.wall
    waits.broken = False
    await time.look()
    await time.look()
    assert waits.moved == [3 * HOUR]


async def test_a_step_back_while_nobody_looked_is_found_at_the_start(machine: Machine) -> None:
    waits = Waits(found_ahead=HOUR)
    await keeper(machine, waits)
    assert waits.moved == [-HOUR]


async def test_the_clock_that_several_processes_share_counts_and_not_the_machines(
    machine: Machine,
) -> None:
    waits = Waits(shared=START - 5 * HOUR)
    time = await keeper(machine, waits)
    assert time.now() == START - 5 * HOUR
    machine.goes_on(5)
    machine.wall += HOUR
    waits.shared = START - 5 * HOUR + timedelta(seconds=5)
    await time.look()
    assert (time.now(), waits.moved) == (waits.shared, [])
