"""One lane a channel at a time, also while its id becomes known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import NotSent

if TYPE_CHECKING:
    from tests.worker.bench import Bench


async def lanes(bench: Bench) -> list[str]:
    return [item.lane for item in await bench.items()]


async def test_a_channel_that_is_known_has_a_lane_by_its_id(bench: Bench) -> None:
    await bench.take("push")
    assert await lanes(bench) == ["send:slack:C0DEV"]


async def test_a_channel_that_is_not_known_has_a_lane_by_its_name(bench: Bench) -> None:
    bench.unlisted()
    bench.use('version: 1\nrules: [{name: a, on: push, post: "#Dev"}]')
    await bench.take("push")
    assert await lanes(bench) == ["send:slack:#dev"]


async def test_a_lane_by_name_goes_on_until_it_is_empty(bench: Bench) -> None:
    bench.unlisted()
    await bench.take("push", branch="first")
    bench.chat.fail("post", NotSent("down", retry_after=60))
    await bench.send()
    bench.directory.learn("#dev", "C0DEV")
    await bench.take("push", branch="second")
    assert await lanes(bench) == ["send:slack:#dev"] * 2
    await bench.send_all()
    assert ["first" in said for said in bench.said()] == [True, False]
    await bench.take("push", branch="third")
    assert await lanes(bench) == ["send:slack:C0DEV"]


async def test_a_lane_by_name_begun_in_the_same_batch_goes_on_too(bench: Bench) -> None:
    await bench.receive("push", branch="first")
    await bench.receive("push", branch="second")
    asked = 0

    async def learning() -> dict[str, str]:
        nonlocal asked
        asked += 1
        return {} if asked <= 2 else {"dev": "C0DEV"}

    bench.decider._channels = learning
    await bench.decide()
    assert await lanes(bench) == ["send:slack:#dev"] * 2
