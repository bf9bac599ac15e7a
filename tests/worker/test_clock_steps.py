"""Clocks that step, leap and change with the season: holds and digests fire once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.worker.timed import (
    THROTTLED,
    Timed,
    bench,
    empty_postgres_url,
    postgres_server,
    postgres_url,
    store,
    url,
)

__all__ = ["bench", "empty_postgres_url", "postgres_server", "postgres_url", "store", "url"]

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
        await bench.set_clock(step)
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
        await bench.set_clock(step)
        await bench.tick()
    await bench.set_clock(told_at - bench.clock.at)
    assert await bench.tick() == []


AHEAD = [timedelta(minutes=50), timedelta(days=1), timedelta(days=365)]


@pytest.mark.parametrize("ahead", AHEAD)
async def test_what_a_clock_held_that_was_ahead_is_told_as_if_held_when_it_is_set_back(
    bench: Timed, ahead: timedelta
) -> None:
    bench.rules(HELD)
    bench.clock.at = EVENING
    await bench.tick()
    await bench.set_clock(ahead)
    await bench.take("push", branch="b")
    await bench.tick()
    await bench.set_clock(-ahead)
    assert await bench.tick() == []
    bench.clock.move(minutes=15)
    assert await bench.tick() == ["quiet 1"]
    assert await bench.at("08:15") == ["hours b"]
    assert await bench.at("16:00") == ["daily 1"]
    await days(bench, 2)
    assert len(bench.said()) == 3


@pytest.mark.parametrize("ahead", AHEAD)
async def test_also_when_the_bot_was_down_while_the_clock_was_set_and_the_rule_is_gone(
    bench: Timed, ahead: timedelta
) -> None:
    bench.rules(HELD)
    bench.clock.at = EVENING + ahead
    await bench.take("push", branch="b")
    bench.rules(HELD.split("rules:\n", maxsplit=1)[0] + "rules: []\n")
    bench.restart()
    await bench.set_clock(-ahead)
    await days(bench, 3)
    assert sorted(bench.said()) == ["daily 1", "hours b", "quiet 1"]


@pytest.mark.parametrize("ahead", AHEAD)
async def test_a_digest_is_told_on_its_day_though_the_clock_was_past_it_for_a_while(
    bench: Timed, ahead: timedelta
) -> None:
    """Two hours and a half before it; a clock that is ahead by little does not reach it."""
    bench.rules(DIGEST)
    bench.clock.at = EVENING + timedelta(hours=4)
    await bench.tick()
    await bench.take("mr.opened", iid=1)
    await bench.set_clock(ahead)
    for _ in range(3):
        bench.clock.move(minutes=15)
        await bench.tick()
    await bench.set_clock(-ahead)
    said = len(bench.said())
    await days(bench, 1)
    assert len(bench.said()) == said + 1
    await days(bench, 1)
    assert len(bench.said()) == said + 2


async def test_a_digest_that_was_told_early_is_not_told_at_its_time_again(bench: Timed) -> None:
    bench.rules(DIGEST)
    bench.clock.at = EVENING
    await bench.tick()
    await bench.take("mr.opened", iid=1)
    await bench.at("01:00")
    bench.clock.move(minutes=40)
    assert await bench.tick() == ["digest 1"]
    await bench.set_clock(timedelta(minutes=-40))
    await bench.tick()
    # Not again with what was opened since, either.
    await bench.take("mr.opened", iid=2)
    assert await bench.at("01:30") == []
    assert await bench.at("01:30") == ["digest 2"]


@pytest.mark.parametrize("ahead", AHEAD)
async def test_a_throttle_never_lasts_longer_than_its_window(
    bench: Timed, ahead: timedelta
) -> None:
    bench.rules(THROTTLED)
    await bench.set_clock(ahead)
    await bench.take("push", branch="one")
    assert await bench.tick() == ["one"]
    await bench.set_clock(-ahead)
    await bench.take("push", branch="one")
    assert await bench.tick() == ["one"]


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
