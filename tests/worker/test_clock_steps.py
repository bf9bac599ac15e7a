"""Clocks that step, leap and change with the season: holds and digests fire once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.worker.timed import Timed

if TYPE_CHECKING:
    from bot.store import Store


@pytest.fixture
def bench(store: Store) -> Timed:
    return Timed(store)


HELD = """\
defaults: {timezone: Europe/Prague}
rules:
- name: quiet
  on: push
  batch: {quiet: 5m, max_wait: 15m}
  post: {to: dev, text: "quiet {{ count }}"}
- {name: daily, on: push, batch: daily 17:00, post: {to: dev, text: "daily {{ count }}"}}
- {name: hours, on: push, wait_for: work, post: {to: dev, text: "hours {{ branch }}"}}
"""
DIGEST = """\
defaults: {timezone: Europe/Prague}
rules:
- {name: digest, every: "02:30", list: open_mrs, post: {to: dev, text: "digest {{ count }}"}}
"""
#: In the evening, outside of the hours; whatever is held is due within the next day.
EVENING = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
#: Where the clock goes from there, and then on from there.
STEPS = {
    "on by a year": [timedelta(days=365)],
    "on by a year and back": [timedelta(days=365), timedelta(days=-365)],
    "back by an hour": [timedelta(hours=-1)],
    "back by a day": [timedelta(days=-1)],
    "back by a year and on again": [timedelta(days=-365), timedelta(days=365)],
    "to and fro": [timedelta(minutes=m) for m in (7, -9, 11, -13, 120, -90)],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
async def test_what_is_held_when_the_clock_steps_is_told_once(
    bench: Timed, steps: list[timedelta]
) -> None:
    bench.rules(HELD)
    bench.clock.at = EVENING
    await bench.take("push", branch="b")
    for step in steps:
        bench.clock.at += step
        await bench.tick()
    await days(bench, 3)
    assert sorted(bench.said()) == ["daily 1", "hours b", "quiet 1"]


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
async def test_a_digest_that_was_told_is_not_told_again_when_the_clock_steps(
    bench: Timed, steps: list[timedelta]
) -> None:
    bench.rules(DIGEST)
    bench.clock.at = EVENING
    await bench.tick()
    await bench.take("mr.opened", iid=1)
    await days(bench, 1)
    assert bench.said() == ["digest 1"]
    told_at = bench.clock.at
    for step in steps:
        bench.clock.at += step
        await bench.tick()
    bench.clock.at = told_at
    assert await bench.tick() == []


@pytest.mark.parametrize(
    "night", [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)]
)
async def test_a_night_in_which_the_season_changes_has_one_digest_and_one_summary(
    bench: Timed, night: datetime
) -> None:
    bench.rules(DIGEST + HELD.split("rules:\n")[1])
    bench.clock.at = night
    await bench.tick()
    await bench.take("mr.opened", iid=1)
    await bench.take("push", branch="b")
    await days(bench, 1)
    assert sorted(bench.said()) == ["daily 1", "digest 1", "quiet 1"]  # Sunday has no hours


async def days(bench: Timed, count: int) -> None:
    """The clock goes on, a quarter of an hour at a time."""
    for _ in range(count * 96):
        bench.clock.move(minutes=15)
        await bench.tick()
