"""How long a forge takes to tell what its deliveries do not is measured."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.app.forges import Timed
from bot.errors import NotSent
from bot.model import Event, Value


class Forge:
    def __init__(self, *, fails: bool) -> None:
        self._fails = fails

    async def fetch(self, event: Event, names: frozenset[str]) -> Mapping[str, Value | None]:
        if self._fails:
            raise NotSent("no answer", code="timeout")
        return dict.fromkeys(names)


EVENT = Event(
    forge="gitlab",
    instance="gitlab",
    kind="push",
    names=("push",),
    project=None,
    actor=None,
    subject=None,
    subjects=(),
    fields={},
)


async def test_each_look_up_is_timed() -> None:
    told: list[tuple[str, float]] = []
    timed = Timed(Forge(fails=False), lambda name, took_s: told.append((name, took_s)))
    assert await timed.fetch(EVENT, frozenset({"paths"})) == {"paths": None}
    assert [name for name, took_s in told if took_s >= 0] == ["facts"]


async def test_one_that_fails_is_timed_too() -> None:
    told: list[str] = []
    timed = Timed(Forge(fails=True), lambda name, _took_s: told.append(name))
    with pytest.raises(NotSent):
        await timed.fetch(EVENT, frozenset({"paths"}))
    assert told == ["facts"]
