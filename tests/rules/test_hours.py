"""1.4.12, the wall clock: `[from, to)`, midnight, changing clocks, leap years, cron."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.hours import instant, is_open, latest, next_after, opens
from bot.rules.times import Cron, Daily, Hours, cron, daily

PRAGUE = "Europe/Prague"  # 2026: +1 -> +2 on 29 March at 02:00, back on 25 October at 03:00
EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))


def at(text: str, zone: str = PRAGUE, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def hours(start: str, end: str, days: frozenset[int] = WEEKDAYS, zone: str = PRAGUE) -> Hours:
    return Hours(days=days, start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone)


def on(text: str, zone: str = PRAGUE) -> Daily:
    found = daily(text)
    assert found is not None
    return Daily(days=found.days, at=found.at, zone=zone)


def at_cron(text: str, zone: str = PRAGUE) -> Cron:
    found = cron(text)
    assert isinstance(found, Cron), found
    return Cron(
        **{name: getattr(found, name) for name in Cron.__slots__ if name != "zone"}, zone=zone
    )


WORK = hours("09:00", "18:00")
NIGHT = hours("22:00", "06:00")


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-03-02 08:59:59", False),  # a Monday
        ("2026-03-02 09:00", True),
        ("2026-03-02 17:59:59", True),
        ("2026-03-02 18:00", False),
        ("2026-03-01 12:00", False),  # a Sunday
    ],
)
def test_hours_hold_their_first_moment_and_not_their_last(when: str, *, open_: bool) -> None:
    assert is_open(WORK, at(when)) is open_


@pytest.mark.parametrize(
    ("when", "open_"),
    [
        ("2026-03-02 05:59", False),  # Monday's early hours belong to Sunday
        ("2026-03-02 22:00", True),
        ("2026-03-07 05:59", True),  # Saturday's belong to Friday
        ("2026-03-07 06:00", False),
        ("2026-03-07 23:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_its_first_day(when: str, *, open_: bool) -> None:
    assert is_open(NIGHT, at(when)) is open_


def test_hours_that_end_when_they_begin_are_the_whole_day() -> None:
    whole = hours("08:00", "08:00", frozenset({0}))
    assert is_open(whole, at("2026-03-02 08:00"))
    assert is_open(whole, at("2026-03-03 07:59"))
    assert not is_open(whole, at("2026-03-03 08:00"))


def test_hours_open_on_the_next_day_that_has_them() -> None:
    assert opens(WORK, at("2026-03-06 18:00")) == at("2026-03-09 09:00")
    assert opens(WORK, at("2026-03-06 12:34")) == at("2026-03-06 12:34")


def test_a_window_that_begins_in_a_gap_opens_right_after_it() -> None:
    early = hours("02:30", "05:00", EVERY_DAY)
    assert opens(early, at("2026-03-29 01:00")) == at("2026-03-29 03:00")


def test_a_window_that_lies_in_a_gap_is_left_out_that_day() -> None:
    lost = hours("02:15", "02:45", EVERY_DAY)
    assert opens(lost, at("2026-03-29 01:00")) == at("2026-03-30 02:15")


def test_a_repeated_hour_opens_a_window_again() -> None:
    twice = hours("02:15", "02:45", EVERY_DAY)
    assert opens(twice, at("2026-10-25 02:50")) == at("2026-10-25 02:15", fold=1)
    across = hours("01:00", "02:30", EVERY_DAY)
    assert opens(across, at("2026-10-25 02:50")) == at("2026-10-25 02:00", fold=1)


def test_a_time_in_a_gap_runs_right_after_it() -> None:
    found = next_after(on("02:30"), at("2026-03-28 12:00"))
    assert found == at("2026-03-29 03:00") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next_after(on("02:30"), found) == at("2026-03-30 02:30")


def test_a_repeated_time_runs_once_at_its_first() -> None:
    found = next_after(on("02:30"), at("2026-10-24 12:00"))
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_after(on("02:30"), found) == at("2026-10-26 02:30")


def test_times_of_cron_that_fall_into_a_gap_run_once_after_it() -> None:
    every_ten = at_cron("*/10 2 * * *")
    first = next_after(every_ten, at("2026-03-28 12:00"))
    assert first == at("2026-03-29 03:00")
    assert next_after(every_ten, first) == at("2026-03-30 02:00")


def test_a_change_of_half_an_hour_is_known() -> None:
    howe = "Australia/Lord_Howe"  # 2026: +10:30 -> +11 on 4 October at 02:00
    assert next_after(on("02:10", howe), at("2026-10-03 12:00", howe)) == at(
        "2026-10-04 02:30", howe
    )


def test_a_day_that_a_zone_skipped_runs_right_after_it() -> None:
    apia = "Pacific/Apia"  # 30 December 2011 was left out
    found = next_after(on("09:00", apia), at("2011-12-29 10:00", apia))
    assert found == at("2011-12-31 00:00", apia)


def test_the_29th_of_february_waits_for_leap_years() -> None:
    leap = at_cron("0 9 29 2 *")
    assert next_after(leap, at("2026-03-01 00:00")) == at("2028-02-29 09:00")
    assert next_after(leap, at("2096-02-29 09:00")) == at("2104-02-29 09:00")


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        ("30 9 * * mon-fri", "2026-03-06 09:30", "2026-03-09 09:30"),
        ("0 0 1 */3 *", "2026-03-02 00:00", "2026-04-01 00:00"),
        ("5/20 8 * * *", "2026-03-02 08:25", "2026-03-02 08:45"),
        ("0 12 * * 7", "2026-03-02 00:00", "2026-03-08 12:00"),
        ("0 12 * * 0", "2026-03-02 00:00", "2026-03-08 12:00"),
        ("0 0 13 * fri", "2026-03-02 00:00", "2026-03-06 00:00"),  # either, as cron has it
        ("0 0 31 12 *", "2026-12-31 00:00", "2027-12-31 00:00"),
        ("59 23 * jan,jul *", "2026-01-31 23:59", "2026-07-01 23:59"),
    ],
)
def test_cron_fields(text: str, after: str, found: str) -> None:
    assert next_after(at_cron(text), at(after)) == at(found)


@pytest.mark.parametrize(
    "text", ["0 0 31 2 *", "0 0 30 feb *", "0 0 31 4,6 *", "60 * * * *", "* * * *", "*/0 * * * *"]
)
def test_cron_that_never_happens_is_no_schedule(text: str) -> None:
    assert isinstance(cron(text), str)


@pytest.mark.parametrize(
    ("since", "now", "found"),
    [
        ("2026-03-02 09:30", "2026-03-02 09:30", "2026-03-02 09:30"),
        ("2026-03-02 09:30", "2026-03-02 10:29:59", "2026-03-02 09:30"),
        ("2026-03-02 09:30", "2026-03-02 10:30", None),
        ("2026-03-02 09:30", "2026-03-04 09:40", "2026-03-04 09:30"),  # down for two days
    ],
)
def test_a_missed_run_counts_if_it_is_less_than_an_hour_late(
    since: str, now: str, found: str | None
) -> None:
    assert latest(on("09:30"), since=at(since), now=at(now)) == (found and at(found))


ZONES = st.sampled_from([PRAGUE, "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"])
#: Around the days on which those clocks change.
MOMENTS = st.sampled_from(
    ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"]
)
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
WHICH = st.frozensets(st.integers(0, 6), min_size=1)


def naive_is_open(hours: Hours, moment: datetime) -> bool:
    """Walks the wall clock's minutes from the start of each day's window."""
    wall = moment.astimezone(ZoneInfo(hours.zone)).replace(tzinfo=None)
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        start = datetime.combine(day, hours.start)
        end = datetime.combine(day, hours.end)
        if end <= start:
            end += timedelta(days=1)
        if day.weekday() in hours.days and start <= wall < end:
            return True
    return False


@given(ZONES, MOMENTS, CLOCKS, CLOCKS, WHICH)
def test_hours_agree_with_a_walk_minute_by_minute(
    zone: str, day: str, start: time, end: time, days: frozenset[int]
) -> None:
    window = Hours(days=days, start=start, end=end, zone=zone)
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=1)
    expected = None
    # Backwards, so that the next opening is known at each minute.
    for minutes in range(3 * 24 * 60, -1, -15):
        now = moment + timedelta(minutes=minutes)
        assert is_open(window, now) is naive_is_open(window, now)
        expected = now if is_open(window, now) else expected
        if expected is not None:
            assert opens(window, now) == expected


@given(ZONES, MOMENTS, CLOCKS, WHICH)
def test_occurrences_agree_with_a_walk_minute_by_minute(
    zone: str, day: str, clock: time, days: frozenset[int]
) -> None:
    schedule = Daily(days=days, at=clock, zone=zone)
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=1)
    local = ZoneInfo(zone)
    expected: list[datetime] = []
    done: set[object] = set()
    for minutes in range(0, 3 * 24 * 60, 15):
        now = start + timedelta(minutes=minutes)
        wall = now.astimezone(local)
        due = datetime.combine(wall.date(), clock)
        reached = wall.replace(tzinfo=None) >= due
        if minutes == 0:
            done |= {wall.date()} if reached else set()
        elif reached and wall.date() not in done:
            done.add(wall.date())
            if wall.weekday() in days:
                expected.append(now)
    found: list[datetime] = []
    moment = next_after(schedule, start)
    while moment is not None and moment < start + timedelta(days=3):
        found.append(moment)
        moment = next_after(schedule, moment)
    assert found == expected


@given(ZONES, MOMENTS, st.integers(0, 24 * 60))
def test_an_instant_shows_its_time_or_the_first_after_a_gap(
    zone: str, day: str, minutes: int
) -> None:
    wall = (datetime.fromisoformat(day) + timedelta(minutes=minutes)).replace(tzinfo=ZoneInfo(zone))
    shown = instant(wall).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown >= wall.replace(tzinfo=None)
    before = (instant(wall) - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert before.replace(tzinfo=None) < wall.replace(tzinfo=None)
