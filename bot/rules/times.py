"""Durations, times of day, days of the week and schedules as rules write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"(?:[0-9]{1,6}[smhdw])+")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """At a time of day on some days of the week (0 = Monday)."""

    days: frozenset[int]
    at: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields, each checked against its range."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    #: 0 = Monday.
    weekdays: frozenset[int]
    #: Day and weekday are both named: either is enough, as cron has it.
    either: bool
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """`[from, to)` wall clock; a window over midnight belongs to its first day, one that ends when
    it begins is a whole day."""

    days: frozenset[int]
    start: time
    end: time
    zone: str = "UTC"
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One message at the end: at a time of day, or when it has been quiet for a while."""

    daily: Daily | None = None
    quiet: timedelta = timedelta()
    max_wait: timedelta = timedelta()
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The first goes, the rest of the window is counted."""

    every: timedelta
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When what a rule wants is done."""

    batch: Batch | None = None
    #: `batch: never`: not even in a channel that is far behind.
    apart: bool = False
    throttle: Throttle | None = None
    during: Hours | None = None
    wait_for: Hours | None = None
    #: Of a time rule: when, and what it goes through (`open_mrs`), in one message or one by one.
    every: Daily | Cron | None = None
    listed: str | None = None
    each: str | None = None

    @property
    def gated(self) -> bool:
        """Whether what an event wants may be late, or never."""
        return bool(self.batch or self.throttle or self.during or self.wait_for)


#: At once, always.
NOW: Final = Timing()


def duration(text: str) -> timedelta | None:
    """`90s`, `10m`, `1h30m`, `2d`; None when it is none."""
    if not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9]+)([smhdw])", text)
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))


def clock(text: str) -> time | None:
    """`09:30`; `24:00` is not a time."""
    match = _CLOCK.fullmatch(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def days(text: str) -> frozenset[int] | None:
    """`mon-fri`, `mon,wed`, `sat`, `daily`; None when it is none of these."""
    if text in {"daily", "every day"}:
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            return None
        start, end = DAYS.index(first), DAYS.index(last or first)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return frozenset(found)


def daily(text: str) -> Daily | None:
    """`mon-fri 09:30`, `daily 09:00`, `09:30`."""
    when, _, at = text.strip().rpartition(" ")
    which = days(when.strip().lower() or "daily")
    moment = clock(at)
    return Daily(days=which, at=moment) if which is not None and moment is not None else None


_CRON: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    (
        "month", 1, 12,
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ),
    ("day of week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)  # fmt: skip


def cron(text: str) -> Cron | str:
    """The schedule, or what is wrong with it."""
    parts = text.split()
    if len(parts) != len(_CRON):
        return "cron needs five fields: minute hour day month weekday"
    fields: list[frozenset[int]] = []
    for part, (name, low, high, names) in zip(parts, _CRON, strict=True):
        items = [_cron_item(item, low, high, names) for item in part.split(",")]
        if not all(items):
            return f"`{part}` is no {name} of cron ({low}-{high})"
        fields.append(frozenset(value for item in items for value in item))
    minutes, hours, which, months, weekdays = fields
    if which and min(which) > max(_LONGEST[month] for month in months) and parts[4] == "*":
        return f"`{text}` never happens: no such month has a day {min(which)}"
    return Cron(
        text=" ".join(parts),
        minutes=minutes,
        hours=hours,
        days=which,
        months=months,
        # Cron counts from Sunday, and has two numbers for it.
        weekdays=frozenset((day - 1) % 7 for day in weekdays),
        either=not (parts[2].startswith("*") or parts[4].startswith("*")),
    )


_LONGEST: Final = dict.fromkeys((1, 3, 5, 7, 8, 10, 12), 31) | {
    2: 29, 4: 30, 6: 30, 9: 30, 11: 30,
}  # fmt: skip


def _cron_item(item: str, low: int, high: int, names: tuple[str, ...]) -> range:
    """The values of `*/5`, `1-5`, `mon`; an empty range for what is none of these."""
    body, slash, step = item.partition("/")
    if slash and not (step.isdecimal() and step.isascii() and 0 < int(step[:4]) <= high):
        return range(0)
    by = int(step) if slash else 1
    if body == "*":
        return range(low, high + 1, by)
    first, dash, last = body.partition("-")
    start, end = _cron_value(first, low, names), _cron_value(last, low, names) if dash else None
    if start is None or (dash and end is None):
        return range(0)
    if not dash:
        # `5/15` is 5 and every 15 after it.
        end = high if slash else start
    assert end is not None  # noqa: S101 - for mypy: a dash has an end
    return range(start, end + 1, by) if low <= start <= end <= high else range(0)


def _cron_value(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text[:4]) if text.isdecimal() and text.isascii() else None


def zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def until(text: str, where: ZoneInfo) -> datetime | None:
    """`2026-12-31` (the whole day counts) or `2026-12-31 18:00`, wall clock in that zone."""
    day, _, at = text.strip().replace("T", " ").partition(" ")
    moment = clock(at) if at else time(0)
    try:
        which = date.fromisoformat(day)
        if not at:
            which += timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return None if moment is None else datetime.combine(which, moment, where)


def spell_duration(value: timedelta) -> str:
    """The two largest units: `45 s`, `10 min`, `1 h 20 min`, `2 d 3 h`."""
    seconds = max(0, int(value.total_seconds()))
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for index, (unit, size) in enumerate(units):
        if seconds >= size or (unit == "s" and not parts):
            parts.append(f"{seconds // size} {unit}")
            rest = seconds % size
            below = units[index + 1 : index + 2]
            # Seconds beside minutes say nothing; the next unit does when it is not nought.
            if below and below[0][0] != "s" and rest >= below[0][1]:
                parts.append(f"{rest // below[0][1]} {below[0][0]}")
            break
    return " ".join(parts)
