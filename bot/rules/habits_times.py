"""What people write for durations, days and times, as it is written here: hints, never readings."""

from __future__ import annotations

import re
from typing import Final

from bot.rules.times import clock, cron, daily, days, duration

_UNITS: Final = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w",
}  # fmt: skip
_PIECE: Final = re.compile(r"\s*([0-9]{1,6})\s*([A-Za-z]*)\s*,?(?:and)?")


def length(text: str) -> str | None:
    """`10m` for `10min`, `10 minutes`; `15m` for `15`: None for what is no duration at all."""
    rest, found = text.strip(), ""
    while rest:
        piece = _PIECE.match(rest)
        if piece is None:
            return None
        unit = _UNITS.get(piece[2].lower(), None if piece[2] else "m")
        if unit is None:
            return None
        found += piece[1] + unit
        rest = rest[piece.end() :]
    return found if found and duration(found) else None


def time_of_day(text: str) -> str | None:
    """`09:00` for `9`, `9am`, `9.00`."""
    match = re.fullmatch(r"\s*([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(am|pm|h)?\s*", text.lower())
    if match is None:
        return None
    hour = int(match[1]) + (12 if match[3] == "pm" and int(match[1]) < 12 else 0)
    made = f"{hour:02}:{match[2] or '00'}"
    return made if clock(made) is not None else None


_LONG_DAYS: Final = {
    "monday": "mon", "tuesday": "tue", "wednesday": "wed", "thursday": "thu", "friday": "fri",
    "saturday": "sat", "sunday": "sun", "weekdays": "mon-fri", "weekday": "mon-fri",
    "workdays": "mon-fri", "weekends": "sat,sun", "weekend": "sat,sun", "everyday": "daily",
}  # fmt: skip


def days_of(text: str) -> str | None:
    """`mon-fri` for `weekdays`, `Monday-Friday`."""
    plain = re.sub(r"\s*-\s*", "-", text.lower().strip(" []"))
    made = re.sub(r"[a-z]+", lambda word: _LONG_DAYS.get(word[0], word[0]), plain)
    made = re.sub(r"[,\s]+", ",", made)
    return made if days(made) is not None else None


_OFTEN: Final = {"1h": "0 * * * *", "hourly": "0 * * * *", "30m": "*/30 * * * *", "1d": "0 9 * * *"}


def schedule(text: str) -> str:
    """What to write instead of a time that is none, after `every:` or `batch:`."""
    words = text.split()
    if len(words) == 5 and not isinstance(cron(text), str):
        return f'{{cron: "{text}"}}'
    if text in _OFTEN:
        return f'{{cron: "{_OFTEN[text]}"}}'
    plain = text.strip().lower().replace("every day", "daily").replace(" at ", " ")
    when, _, at = plain.removeprefix("every ").rpartition(" ")
    moment = time_of_day(at)
    which = days_of(when) if when else "daily"
    made = f"{which} {moment}"
    if moment and which and daily(made) is not None:
        return made
    alone = days_of(text)
    return f"{alone} 09:00" if alone else "mon-fri 09:30, daily 09:00"
