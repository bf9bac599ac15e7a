"""Delivery ids: 26 characters that sort by time, as ULIDs do."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Final

from bot.model import DeliveryId

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Clock

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80


class DeliveryIds:
    """Makes ids; within one maker each is greater than the one before, whatever the clock does."""

    def __init__(self, clock: Clock, random_bits: Callable[[int], int]) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._last = 0

    def __call__(self) -> DeliveryId:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        # A bit is left free on top of the random part so that counting on never overflows it.
        number = (milliseconds << _RANDOM_BITS) | self._random_bits(_RANDOM_BITS - 1)
        if number <= self._last:
            number = self._last + 1
        self._last = number
        return DeliveryId(_encode(number))


def delivery_ids(clock: Clock) -> DeliveryIds:
    """Asks the system for randomness once, not for each id."""
    source = random.Random(secrets.randbits(256))  # noqa: S311 - ids are no secrets
    return DeliveryIds(clock, source.getrandbits)


#: Two characters at once.
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_SHIFTS: Final = range((_LENGTH - 2) * 5, -1, -10)


def _encode(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
