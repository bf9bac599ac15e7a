"""Spans of time and days as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.errors import CommandError

_SPAN: Final = re.compile(r"(\d{1,5})\s*(h|d|w|y)", re.IGNORECASE)
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}
_LONGEST: Final = timedelta(days=3650)


def span(written: str) -> timedelta:
    """`90d`, `12h`, `2w`. Raises CommandError."""
    match = _SPAN.fullmatch(written.strip())
    if match is None:
        raise CommandError(f"`{_shown(written)}` is no span of time: write `90d`, `12h` or `2w`.")
    found = timedelta(hours=int(match[1]) * _HOURS[match[2].lower()])
    if found > _LONGEST:
        raise CommandError(f"`{_shown(written)}` is more than ten years: leave `--expires` out.")
    return found


def end(written: str, now: datetime) -> datetime:
    """`90d` from now, or the end of the day `2027-01-31` (UTC). Raises CommandError."""
    try:
        day = datetime.fromisoformat(written.strip()).replace(tzinfo=UTC)
    except ValueError:
        found = now + span(written)
    else:
        found = day + timedelta(days=1)
    if found <= now:
        raise CommandError(f"`{_shown(written)}` is over already.")
    return found


def left(until: datetime, now: datetime) -> str:
    """`in 12 d`, `today`, `3 d ago`."""
    days = (until - now).days
    if until < now:
        return f"{(now - until).days} d ago" if (now - until).days else "today"
    return f"in {days} d" if days else "today"


def _shown(written: str) -> str:
    return written[:40].replace("`", "'")
