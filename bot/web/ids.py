"""Delivery ids: 26 characters that sort by time, as ULIDs do."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Final

from bot.model import DeliveryId

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.ports import Clock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80
_RANDOM_LENGTH: Final = _RANDOM_BITS // 5


class DeliveryIds:
    """Makes ids; within one maker each is greater than the one before, whatever the clock does."""

    def __init__(self, clock: Clock, random_bits: Callable[[int], int]) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._milliseconds = -1
        self._rest = 0
        #: All but the last two characters, as long as they stay the same.
        self._head = ""

    def __call__(self) -> DeliveryId:
        return self.at(self._clock.now())

    def at(self, moment: datetime) -> DeliveryId:
        """For who knows already what time it is."""
        milliseconds = int(moment.timestamp() * 1000)
        if milliseconds > self._milliseconds:
            self._milliseconds = milliseconds
            # A bit is left free on top so that counting on never overflows it.
            self._rest = self._random_bits(_RANDOM_BITS - 1)
            self._head = self._made()
        else:
            self._rest += 1
            if not self._rest % len(_PAIRS):
                self._head = self._made()
        return DeliveryId(self._head + _PAIRS[self._rest % len(_PAIRS)])

    def _made(self) -> str:
        time = _encode(self._milliseconds, _LENGTH - _RANDOM_LENGTH)
        return time + _encode(self._rest // len(_PAIRS), _RANDOM_LENGTH - 2)


def delivery_ids(clock: Clock) -> DeliveryIds:
    """Asks the system for randomness once, not for each id."""
    source = random.Random(secrets.randbits(256))  # noqa: S311 - ids are no secrets
    return DeliveryIds(clock, source.getrandbits)


#: Two characters at once.
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_SHIFTS: Final = {
    length: range((length - 2) * 5, -1, -10)
    for length in (_RANDOM_LENGTH - 2, _LENGTH - _RANDOM_LENGTH)
}


def _encode(number: int, length: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS[length]])
