"""1.4.12 over a real store: what waits outlives restarts, and nothing fires twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.commands.tracing import report_of
from bot.model import DeliveryId
from bot.ports import Next
from bot.worker.deciding import Case
from bot.worker.schedules import Scheduler
from tests.store.make import next_deliveries, settle_deliveries
from tests.worker.bench import Bench, decide_one
from tests.worker.timed import (
    FOLDED,
    THROTTLED,
    Timed,
    bench,
    empty_postgres_url,
    postgres_server,
    postgres_url,
    store,
    url,
)

__all__ = ["bench", "empty_postgres_url", "postgres_server", "postgres_url", "store", "url"]


async def reason(bench: Bench, delivery: DeliveryId) -> tuple[str, str]:
    trace = await bench.store.decision(delivery)
    assert trace is not None
    [verdict] = trace["verdicts"]
    return verdict["outcome"], verdict["reason"]


async def test_a_batch_is_released_when_it_is_due_and_only_then(bench: Timed) -> None:
    bench.rules(FOLDED)
    first = await bench.take("push", actor="alice")
    await bench.at("10:04")
    await bench.take("push", actor="bob")
    assert await bench.at("10:08") == []
    assert await reason(bench, first) == ("withheld", "batch (until 2026-03-02T10:05+00:00)")
    assert await bench.at("10:09") == ["2 pushes to shop/api by Alice, Bob"]
    assert await bench.at("23:00") == []


async def test_explain_can_tell_what_became_of_what_waited(bench: Timed) -> None:
    bench.rules(FOLDED)
    deliveries = [await bench.take("push"), await bench.take("push")]
    ((held, none),) = await bench.store.held_of(deliveries[0])
    assert (held.rule, none) == ("folded", None)
    await bench.at("10:30")
    ((_, release),) = await bench.store.held_of(deliveries[0])
    assert release is not None
    trace = await bench.store.decision(DeliveryId(release))
    assert trace is not None
    assert trace["names"] == ["batch"]
    assert (await bench.store.decision(deliveries[0]) or {})["held"][0]["released_in"] == release
    told = await report_of(bench.store, DeliveryId(release))
    assert told is not None
    assert [entry.rule for entry in told[0].entries] == ["folded"]
    assert trace["verdicts"][0]["reason"] == f"batch of 2: {', '.join(deliveries)}"
    assert [action["state"] for action in trace["actions"]] == ["done"]


async def test_what_is_overdue_after_a_restart_is_sent_once_as_one_summary(bench: Timed) -> None:
    bench.rules(FOLDED)
    for _ in range(3):
        await bench.take("push", actor="alice")
    bench.restart()
    bench.clock.move(days=3)
    assert await bench.tick() == ["3 pushes to shop/api by Alice"]
    bench.restart()
    assert await bench.tick() == []


async def test_a_renamed_rule_flushes_its_batch_under_the_old_one(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.rules(FOLDED.replace("folded", "renamed").replace("pushes to", "news from"))
    await bench.take("push", actor="alice")
    assert sorted(await bench.at("10:30")) == [
        "1 news from shop/api by Alice",
        "1 pushes to shop/api by Alice",
    ]
    assert {item.action.rule for item in await bench.items("done")} == {"folded", "renamed"}


async def test_a_rule_that_was_taken_out_still_says_what_it_held(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.rules("rules: []")
    assert await bench.at("10:30") == ["1 pushes to shop/api by Alice"]


async def test_two_processes_release_a_batch_once(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.clock.move(minutes=10)
    due = await bench.store.claim_due(now=bench.clock.now(), lease=timedelta(seconds=60))
    assert due is not None
    assert await bench.another().step() is False
    # The first one dies; its lease ends, and another one takes over.
    bench.clock.move(seconds=61)
    assert await bench.tick() == ["1 pushes to shop/api by Alice"]
    bench.clock.move(minutes=10)
    assert await bench.tick() == []


async def test_a_slow_process_that_lost_its_lease_releases_nothing(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.clock.move(minutes=10)

    class Slow:
        """Gives the claim to somebody else before it settles."""

        def __getattr__(self, name: str) -> Any:  # the store's own methods
            return getattr(bench.store, name)

        async def settle_due(self, *args: Any, **named: Any) -> None:
            bench.clock.move(seconds=61)
            await bench.tick()
            await bench.store.settle_due(*args, **named)

    slow = Scheduler(store=Slow(), book=bench.book, channels=bench.directory.ids, clock=bench.clock)
    assert await slow.step() is True
    await bench.send()
    assert bench.said() == ["1 pushes to shop/api by Alice"]


async def test_what_comes_while_a_batch_is_released_waits_for_the_next(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.clock.move(minutes=10)

    class Meanwhile:
        def __getattr__(self, name: str) -> Any:  # the store's own methods
            return getattr(bench.store, name)

        async def settle_due(self, *args: Any, **named: Any) -> None:
            await bench.take("push", actor="bob")
            await bench.store.settle_due(*args, **named)

    meanwhile = Scheduler(
        store=Meanwhile(), book=bench.book, channels=bench.directory.ids, clock=bench.clock
    )
    assert await meanwhile.step() is True
    assert await bench.tick() == ["1 pushes to shop/api by Alice"]
    bench.clock.move(minutes=4)
    assert await bench.tick() == []
    bench.clock.move(minutes=1)
    assert await bench.tick() == ["1 pushes to shop/api by Bob"]


async def test_opposites_that_waited_through_a_restart_cancel(bench: Timed) -> None:
    bench.rules("rules:\n- {name: m, on: mr, batch: {quiet: 5m, max_wait: 1h}, post: dev}")
    await bench.take("mr.opened", iid=1)
    bench.restart()
    await bench.take("mr.closed", iid=1)
    assert await bench.at("12:00") == []
    assert await bench.store.held() == ()


async def test_a_mute_in_force_keeps_a_batch_until_its_end(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.rules("mute:\n- {channel: dev, until: 2026-03-02 11:00}\n" + FOLDED)
    for clock in ("10:10", "10:30", "10:59"):
        assert await bench.at(clock) == []
    assert await bench.at("11:00") == ["1 pushes to shop/api by Alice"]


# -- keys that several lanes write ---------------------------------------------------------------


async def test_the_window_of_a_throttle_holds_across_lanes(bench: Timed) -> None:
    bench.rules(THROTTLED)
    await bench.receive("push", project="shop/api", branch="main")
    await bench.receive("push", project="shop/web", branch="main")
    # Two workers: each reads the state before the other one writes.
    first = await next_deliveries(bench.store, now=bench.clock.now())
    assert first is not None
    made = await bench.decider._decide_all(first)
    await decide_one(bench.decider)
    await bench.send()
    assert bench.said() == ["main"]
    settled = [one.settled for one in made]
    with pytest.raises(Exception, match="was written by another lane"):
        await settle_deliveries(bench.store, first.claim, settled, now=bench.clock.now())
    # The worker decides it again.
    judged = await bench.decider.handle(Case(claimed=first))
    assert judged is not None
    await bench.decider.turn([judged], limit=0)
    await bench.send()
    assert bench.said() == ["main"]
    [more] = await bench.at("10:15")
    assert more.startswith("+1 more: push in shop/")


async def test_a_worker_decides_again_when_another_lane_was_first(bench: Timed) -> None:
    bench.rules(THROTTLED)
    await bench.receive("push", project="shop/api", branch="main")
    real = bench.store.settle_and_claim_deliveries
    raced: list[bool] = []

    class Raced:
        def __getattr__(self, name: str) -> Any:  # the store's own methods
            return getattr(bench.store, name)

        async def settle_and_claim_deliveries(self, made: Any, **named: Any) -> Next:
            if made and not raced:
                raced.append(True)
                await bench.receive("push", project="shop/web", branch="main")
                await decide_one(bench.decider)
            return await real(made, **named)

    racer = bench._decider()
    racer._store = Raced()
    assert await decide_one(racer) is True
    await bench.send()
    assert bench.said() == ["main"]
    assert len(await bench.store.held()) == 1


async def test_events_of_one_claim_see_what_the_earlier_ones_remember(bench: Timed) -> None:
    bench.rules(THROTTLED)
    for _ in range(4):
        await bench.receive("push", branch="main")
    await bench.decide()
    await bench.send()
    assert bench.said() == ["main"]
    [more] = await bench.at("10:15")
    assert more.startswith("+3 more")
