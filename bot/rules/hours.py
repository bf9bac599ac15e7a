"""Windows and occurrences on the wall clock of a zone, as instants: open hours, daily, cron."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias
from zoneinfo import ZoneInfo

from bot.rules.times import Cron, Daily

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from bot.rules.times import Hours

Schedule: TypeAlias = Daily | Cron

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
#: The 29th of February may be eight years away, on a given weekday forty.
_FAR: Final = 366 * 41
#: A run that was missed by this much is not made up for.
LATE: Final = timedelta(hours=1)


def is_open(hours: Hours, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(hours.zone))
    today, now = wall.weekday(), wall.time()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= now < hours.end
    # Over midnight: the evening of a day, or the early hours that belong to the day before.
    evening = today in hours.days and now >= hours.start
    return evening or ((today - 1) % 7 in hours.days and now < hours.end)


def opens(hours: Hours, at: datetime) -> datetime:
    """`at` itself while it is open, else the next moment it is."""
    if is_open(hours, at):
        return at
    zone = ZoneInfo(hours.zone)
    first = at.astimezone(zone).date() - _DAY
    # Two weeks: the only day of a week may lose its window to a changing clock.
    for day in (first + _DAY * number for number in range(16)):
        found = [moment for moment in _edges(day, hours.start, zone) if moment >= at]
        found = [moment for moment in found if is_open(hours, moment)]
        if found:
            return min(found)
    return at + _DAY


def _edges(day: date, start: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Moments of a day at which a window may open: its start, and a change of the clock."""
    wall = datetime.combine(day, start, zone)
    yield instant(wall)
    yield wall.replace(fold=1).astimezone(UTC)
    begin = datetime.combine(day, time(0), zone).astimezone(UTC)
    if begin.astimezone(zone).utcoffset() != (begin + _DAY).astimezone(zone).utcoffset():
        yield _change(begin, begin + _DAY, zone)


def instant(wall: datetime) -> datetime:
    """When the clock of its zone shows it: the first time of two, and right after a gap."""
    zone = wall.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - every caller combines with one
    first = wall.replace(fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first
    # In a gap `fold` chooses the offset before or after it: the change lies in between.
    return _change(wall.replace(fold=1).astimezone(UTC) - _SECOND, first, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the offset that holds at `after`."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def next_after(schedule: Schedule, moment: datetime) -> datetime | None:
    """The first occurrence after that moment; None when it never happens again."""
    zone = ZoneInfo(schedule.zone)
    first = moment.astimezone(zone).date() - _DAY
    for number in range(_FAR):
        try:
            day = first + _DAY * number
        except OverflowError:
            return None
        if not _is_day(schedule, day):
            continue
        for at in _times(schedule):
            found = instant(datetime.combine(day, at, zone))
            if found > moment:
                return found
    return None


def latest(schedule: Schedule, *, since: datetime, now: datetime) -> datetime | None:
    """The last occurrence in [since, now] that is not an hour late; None when none is."""
    found = None
    moment = next_after(schedule, max(since - _SECOND, now - LATE))
    while moment is not None and moment <= now:
        found = moment
        moment = next_after(schedule, moment)
    return found


def _is_day(schedule: Schedule, day: date) -> bool:
    if isinstance(schedule, Daily):
        return day.weekday() in schedule.days
    if day.month not in schedule.months:
        return False
    by_day, by_weekday = day.day in schedule.days, day.weekday() in schedule.weekdays
    return (by_day or by_weekday) if schedule.either else (by_day and by_weekday)


@functools.lru_cache(maxsize=1_000)
def _times(schedule: Schedule) -> tuple[time, ...]:
    if isinstance(schedule, Daily):
        return (schedule.at,)
    return tuple(time(h, m) for h in sorted(schedule.hours) for m in sorted(schedule.minutes))


def spelled(schedule: Schedule) -> str:
    """The same text for the same schedule, to tell an edited one."""
    if isinstance(schedule, Daily):
        which = "".join(str(day) for day in sorted(schedule.days))
        return f"daily {which} {schedule.at:%H:%M} {schedule.zone}"
    return f"cron {schedule.text} {schedule.zone}"
