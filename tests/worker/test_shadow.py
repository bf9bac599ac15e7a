"""A trial beside the live rules: nothing is sent, differences are kept, failures stay with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.rules.comparison import Tally
from bot.rules.load import load
from bot.worker.deciding import Decider
from bot.worker.shadow import COUNTS, FILES, TRIAL, Shadow, Trial
from tests.worker.bench import START, Bench

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.rules.ruleset import Ruleset

LIVE = """\
rules:
  - {name: mrs, on: mr, post: "#dev"}
  - {name: red, on: pipeline.broken, post: "#ci"}
"""
TRIED = """\
rules:
  - {name: mrs, on: mr.merged, post: "#dev"}
  - {name: red, on: pipeline.broken, post: "#red"}
"""


class Watch:
    """A stopwatch moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        #: It moves by this much each time somebody looks.
        self.step = 0.0

    def __call__(self) -> float:
        self.seconds += self.step
        return self.seconds


class Side:
    """A bench whose decider has a shadow."""

    def __init__(self, bench: Bench, process: str = "one") -> None:
        self.bench = bench
        self.process = process
        self.watch = Watch()
        self.loads = 0
        bench.use(LIVE)
        self.start()

    def start(self) -> None:
        """A process begins: what it knew is gone."""
        bench = self.bench
        self.shadow = Shadow(
            store=bench.store,
            book=bench.book,
            load=self._load,
            clock=bench.clock,
            process=self.process,
            stopwatch=self.watch,
        )

        async def channels() -> Mapping[str, str]:
            return {}

        bench.decider = Decider(
            store=bench.store,
            hooks=bench.store,
            book=bench.book,
            channels=channels,
            clock=bench.clock,
            metrics=bench.metrics,
            shadow=self.shadow,
        )

    def _load(self, files: Mapping[str, str], entry: str) -> Ruleset:
        self.loads += 1
        return load(files, entry)

    async def try_(self, text: str = TRIED, **changes: Any) -> Trial:
        now = self.bench.clock.now()
        trial = Trial(
            id="t1",
            name="new.yaml",
            entry="rules.yaml",
            since=now,
            until=now + timedelta(hours=2),
        )
        trial = replace(trial, **changes)
        await self.bench.store.set_meta(FILES, {"rules.yaml": text})
        await self.bench.store.set_meta(TRIAL, trial.dump())
        await self.shadow.look()
        return trial

    async def kept(self, trial: str = "t1") -> Tally:
        """What all processes counted, after each had the time to keep it."""
        self.bench.clock.move(seconds=10)
        await self.shadow.look()
        tally = Tally()
        for counted in (await self.bench.store.notes(f"{COUNTS}{trial}:")).values():
            tally.join(Tally.load(counted))
        return tally


@pytest.fixture
def side(bench: Bench) -> Side:
    return Side(bench)


async def test_what_the_tried_rules_would_do_is_counted_and_not_sent(side: Side) -> None:
    await side.try_()
    await side.bench.take("mr.opened")
    await side.bench.take("mr.merged")
    await side.bench.send_all()
    tally = await side.kept()
    assert (dict(tally["old"]), dict(tally["new"])) == ({"#dev": 2}, {"#dev": 1})
    assert [(one.sign, one.rule) for one in tally.examples] == [("-", "mrs")]
    assert len(side.bench.said("dev")) == 2


async def test_the_shadow_begins_with_the_state_that_the_live_rules_have(side: Side) -> None:
    await side.bench.take("pipeline.failed", id=1, branch="main")
    await side.try_()
    await side.bench.take("pipeline.failed", id=2, branch="main")
    assert dict((await side.kept())["new"]) == {}, "the branch was red before"


async def test_the_shadow_remembers_what_its_own_rules_did(side: Side) -> None:
    await side.try_('rules: [{name: n, on: "mr.*", once: mr, post: "#once"}]')
    for name in ("mr.opened", "mr.updated", "mr.merged"):
        await side.bench.take(name, iid=7)
    assert dict((await side.kept())["new"]) == {"#once": 1}


async def test_what_only_the_live_rules_did_does_not_hold_the_shadow_back(side: Side) -> None:
    side.bench.use('rules: [{name: n, on: mr, once: mr, post: "#dev"}]')
    await side.try_('rules: [{name: n, on: mr.merged, once: mr, post: "#dev"}]')
    await side.bench.take("mr.opened", iid=7)
    await side.bench.take("mr.merged", iid=7)
    tally = await side.kept()
    assert [(one.sign, one.rule) for one in tally.examples] == [("-", "n"), ("+", "n")]


async def test_replies_of_the_shadow_find_threads_that_only_it_began(side: Side) -> None:
    await side.try_(
        "rules:\n"
        '  - {name: root, on: mr.opened, post: {to: "#new", thread: mr}}\n'
        '  - {name: talk, on: mr.merged, reply: {to: "#new", thread: mr, text: done}}\n'
    )
    await side.bench.take("mr.opened", iid=7)
    await side.bench.take("mr.merged", iid=7)
    assert (await side.kept())["new"]["#new"] == 2


async def test_counts_of_before_and_after_a_restart_are_joined(side: Side) -> None:
    await side.try_()
    await side.bench.take("mr.opened")
    await side.kept()
    side.process = "two"
    side.start()
    await side.shadow.look()
    await side.bench.take("mr.opened")
    assert (await side.kept())["totals"]["deliveries"] == 2


async def test_a_trial_ends_when_its_time_is_over(side: Side) -> None:
    await side.try_(until=START + timedelta(minutes=5))
    await side.bench.take("mr.opened")
    side.bench.clock.move(minutes=6)
    await side.bench.take("mr.opened")
    assert (await side.kept())["totals"]["deliveries"] == 1


async def test_a_failing_shadow_never_touches_the_live_decision(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("bot.worker.shadow.decide", broken)
    monkeypatch.setattr("bot.worker.shadow._FAILURES", 2)
    await side.try_()
    for _ in range(3):
        await side.bench.take("mr.opened")
    assert len(await side.bench.items("todo")) == 3
    await side.shadow.look()
    assert side.loads == 1, "after many failures it is left alone"


async def test_rules_that_do_not_load_are_tried_once(side: Side) -> None:
    await side.try_("rules: [{on: nonsense}]")
    await side.shadow.look()
    await side.bench.take("mr.opened")
    assert side.loads == 1


async def test_a_slow_shadow_skips_deliveries_and_says_so(side: Side) -> None:
    await side.try_()
    side.watch.step = 2.0
    for _ in range(4):
        await side.bench.take("mr.opened")
    totals = (await side.kept())["totals"]
    assert totals["deliveries"] + totals["skipped"] == 4
    assert totals["skipped"] > 0


async def test_what_waits_for_a_batch_counts_at_once(side: Side) -> None:
    await side.try_('rules: [{name: b, on: mr, batch: {quiet: 5m, max_wait: 1h}, post: "#dev"}]')
    await side.bench.take("mr.opened")
    assert dict((await side.kept())["new"]) == {"#dev": 1}
