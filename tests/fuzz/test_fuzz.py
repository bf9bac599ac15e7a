"""The short form; `make fuzz` runs the same for as long as you like."""

from __future__ import annotations

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import Seed, invented, mutated, seeds
from tests.fuzz.through import Way

SEEDS: Final = seeds()
WAY: Final = Way()
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
#: A body whose members are known to some family, with anything at all in them.
BODIES: Final = st.sampled_from(SEEDS).flatmap(
    lambda seed: st.fixed_dictionaries(
        {key: st.just(value) | JSON for key, value in seed.body.items()}
    ).map(lambda body: Seed(seed.name, seed.forge, seed.header, body))
)


def test_every_payload_as_it_is() -> None:
    for seed in SEEDS:
        WAY.go(seed)
        WAY.looks(seed)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_changed_payloads_neither_raise_nor_leak(number: int) -> None:
    random = Random(number)
    seed = mutated(random.choice(SEEDS), random, SEEDS)
    WAY.go(seed)
    WAY.looks(seed)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_invented_payloads_neither_raise_nor_leak(number: int) -> None:
    random = Random(number)
    seed = invented(random, SEEDS)
    WAY.go(seed)
    WAY.looks(seed)


@settings(max_examples=100, deadline=None)
@given(BODIES)
def test_any_json_in_any_member_neither_raises_nor_leaks(seed: Seed) -> None:
    WAY.go(seed)
    WAY.looks(seed)
