"""When a failed call is tried again, and when it is given up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.errors import CallError, NotSent, Refused, Scope, Unsure
from bot.ports import Dead, Retry

#: After this long an item is dead (guarantee 5); `bot outbox retry` revives it.
GIVE_UP: Final = timedelta(hours=24)
#: One that waited so long behind others was not tried for as long: before it was tried so often,
#: which takes a quarter of an hour, it has three times the time.
_LEAST: Final = 12
_BEHIND: Final = 3
_FIRST: Final = timedelta(seconds=2)
_LONGEST: Final = timedelta(minutes=2)


def after_failure(
    error: CallError, *, attempts: int, created_at: datetime, now: datetime, jitter: float
) -> Retry | Dead:
    """`jitter` in [0, 1) stretches a backoff by up to a quarter; a Retry-After is not cut."""
    if isinstance(error, Refused):
        return Dead(error=str(error), code=error.code)
    unsure = isinstance(error, Unsure)
    patience = GIVE_UP if attempts >= _LEAST else _BEHIND * GIVE_UP
    if now - created_at >= patience:
        said = f"given up after {patience}: {error}"
        return Dead(error=said, code=error.code, maybe_sent=unsure)
    if isinstance(error, NotSent) and error.retry_after is not None:
        at = now + honoured(error.retry_after)
        return Retry(at=at, error=str(error), code=error.code, limited=True)
    at = now + backoff(attempts, jitter=jitter)
    return Retry(at=at, error=str(error), code=error.code, maybe_sent=unsure)


def honoured(retry_after_s: float) -> timedelta:
    """No longer than an item is tried at all; whatever number a server sends."""
    return timedelta(seconds=min(retry_after_s, GIVE_UP.total_seconds()))


def backoff(attempts: int, *, jitter: float) -> timedelta:
    """Doubling from two seconds, capped at two minutes, before the jitter."""
    doublings = min(max(attempts - 1, 0), 16)
    return min(_FIRST * (1 << doublings), _LONGEST) * (1 + jitter / 4)


class Gates:
    """Which methods of the workspace must wait, learnt from 429 answers.

    A 429 on posting holds its channel's lane only; a second lane's inside the same window, or
    one on any other method, holds the method for every lane.
    """

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._lanes: dict[str, dict[str, datetime]] = {}

    def closed_until(self, method: str, *, now: datetime) -> datetime | None:
        until = self._until.get(method)
        return until if until is not None and until > now else None

    def limited(
        self, method: str, lane: str, *, until: datetime, scope: Scope, now: datetime
    ) -> None:
        lanes = self._lanes.setdefault(method, {})
        for other, end in list(lanes.items()):
            if end <= now:
                del lanes[other]
        lanes[lane] = until
        if scope is Scope.METHOD or len(lanes) > 1:
            self._until[method] = max(until, self._until.get(method, until))
