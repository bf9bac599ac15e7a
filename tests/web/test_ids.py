"""Delivery ids sort by time."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.web.ids import DeliveryIds
from tests.web.fakes import ManualClock


@given(st.lists(st.integers(min_value=-5_000, max_value=5_000), max_size=30), st.integers())
def test_each_id_is_greater_than_the_one_before_whatever_the_clock_does(
    steps_ms: list[int], seed: int
) -> None:
    clock = ManualClock()
    new_id = DeliveryIds(clock, random.Random(seed).getrandbits)
    ids = [new_id()]
    for step in steps_ms:
        clock.move(milliseconds=step)
        ids.append(new_id())
    assert ids == sorted(set(ids))
    assert {len(made) for made in ids} == {26}


def test_of_one_moment_thousands_keep_their_order() -> None:
    new_id = DeliveryIds(ManualClock(), random.Random(1).getrandbits)
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))


def test_two_makers_agree_on_the_order_of_milliseconds() -> None:
    clock = ManualClock()
    first = DeliveryIds(clock, lambda bits: 2**bits - 1)()
    clock.move(milliseconds=1)
    assert first < DeliveryIds(clock, lambda _bits: 0)()
