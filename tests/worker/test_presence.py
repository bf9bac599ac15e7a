"""The channels of the rules are looked at once for each set of rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import NotSent
from bot.message import Code, Text
from bot.outside import Room
from bot.rules.load import load
from bot.worker.presence import Presence

if TYPE_CHECKING:
    from bot.model import Json
    from bot.rules.ruleset import Ruleset

ROOMS = (Room(id="C0DEV", name="dev", joined=False),)


@dataclass
class Bench:
    """A book, a store and a Slack in one."""

    current: Ruleset = field(
        default_factory=lambda: load(
            {"rules.yaml": "rules: [{on: push, post: '#dev'}]\n"}, "rules.yaml"
        )
    )
    meta: dict[str, Json] = field(default_factory=dict)
    told: list[Text] = field(default_factory=list)
    asked: int = 0
    fails: bool = False

    async def get_meta(self, key: str) -> Json:
        return self.meta.get(key)

    async def set_meta(self, key: str, value: Json) -> None:
        self.meta[key] = value

    async def rooms(self) -> tuple[Room, ...]:
        self.asked += 1
        if self.fails:
            raise NotSent("Slack did not answer", code="timeout")
        return ROOMS

    def presence(self) -> Presence:
        return Presence(book=self, store=self, rooms=self.rooms, tell=self.told.append)


async def test_what_cannot_be_reached_is_told_with_its_place() -> None:
    bench = Bench()
    assert await bench.presence().look()
    (said,) = bench.told
    assert Code("rules.yaml:1") in said


async def test_the_same_rules_are_looked_at_once_by_all_processes() -> None:
    bench = Bench()
    first, second = bench.presence(), bench.presence()
    for one in (first, first, second):
        assert await one.look()
    assert (bench.asked, len(bench.told)) == (1, 1)


async def test_other_rules_are_looked_at_again() -> None:
    bench = Bench()
    presence = bench.presence()
    await presence.look()
    bench.current = load({"rules.yaml": "rules: []\n"}, "rules.yaml")
    await presence.look()
    assert (bench.asked, len(bench.told)) == (2, 1)


async def test_when_slack_does_not_answer_it_is_asked_again_later() -> None:
    bench = Bench(fails=True)
    presence = bench.presence()
    assert not await presence.look()
    assert bench.meta == {}
    bench.fails = False
    assert await presence.look()
    assert len(bench.told) == 1


async def test_it_ends_when_the_bot_stops() -> None:
    bench, stop = Bench(), asyncio.Event()
    stop.set()
    await bench.presence().run(stop)
    assert bench.asked == 0
