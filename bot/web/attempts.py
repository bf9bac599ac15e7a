"""Who failed to authenticate too often: a source is turned away before its body is read."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Clock

#: Failures of one source within the window before it is turned away.
MAX_FAILURES: Final = 20
WINDOW: Final = timedelta(minutes=1)
#: A source that was authentic so lately is never turned away: behind one proxy or one NAT the
#: forge and a stranger have the same address, and a lost delivery is worse than a wasted HMAC.
TRUST: Final = timedelta(days=1)
#: Sources remembered; the one heard of longest ago is forgotten first.
_SOURCES: Final = 4096


class Attempts:
    """Failures and successes by source; `trust`: how long a success excuses failures."""

    def __init__(self, clock: Clock, *, most: int = MAX_FAILURES, trust: timedelta = TRUST) -> None:
        self._clock = clock
        self._most = most
        self._trust = trust
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._passed: OrderedDict[str, datetime] = OrderedDict()

    def is_turned_away(self, source: str) -> bool:
        failed = self._failed.get(source)
        if failed is None:
            return False
        now = self._clock.now()
        # One that is still to come was noted before the clock was set back.
        while failed and abs(now - failed[0]) >= WINDOW:
            failed.popleft()
        if not failed:
            del self._failed[source]
        return len(failed) >= self._most

    def failed(self, source: str) -> None:
        now = self._clock.now()
        passed = self._passed.get(source)
        if passed is not None and abs(now - passed) < self._trust:
            return
        times = self._failed.setdefault(source, deque(maxlen=self._most))
        times.append(now)
        _trim(self._failed, source)

    def passed(self, source: str) -> None:
        self._passed[source] = self._clock.now()
        self._failed.pop(source, None)
        _trim(self._passed, source)


def _trim(table: OrderedDict[str, deque[datetime]] | OrderedDict[str, datetime], last: str) -> None:
    table.move_to_end(last)
    while len(table) > _SOURCES:
        table.popitem(last=False)
