"""1.4.12 over a real store: what waits outlives restarts, and nothing fires twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from bot.store import open_store
from bot.worker.schedules import Scheduler
from tests.postgres import empty_postgres_url, postgres_server, postgres_url
from tests.worker.bench import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.model import DeliveryId
    from bot.store import Store

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]

HEAD = """\
channels: {dev: "#dev", ci: "#ci"}
people: {alice: U0ALICE01}
hours:
  work: {days: mon-fri, from: "09:00", to: "18:00"}
"""
FOLDED = """\
rules:
- name: folded
  on: push
  batch: {quiet: 5m, max_wait: 30m}
  post: {to: dev, text: "{{ count }} pushes to {{ project }} by {{ actors | join(', ') }}"}
"""
THROTTLED = """\
rules:
- {name: t, on: push, throttle: {every: 15m, by: branch}, post: {to: dev, text: "{{ branch }}"}}
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/bot.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url, secret_key="a key for tests") as one:
        yield one


class Timed(Bench):
    """The two loops and the one of the clock."""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.scheduler = self.another()

    def another(self) -> Scheduler:
        """A further process."""
        return Scheduler(store=self.store, book=self.book, channels=self.directory.ids, clock=self.clock)

    @override
    def restart(self) -> None:
        super().restart()
        self.scheduler = self.another()

    def rules(self, text: str) -> None:
        self.use(HEAD + text)

    async def at(self, clock: str) -> list[str]:
        """What is said when the clock next shows that; the bot only looks then."""
        hour, minute = (int(part) for part in clock.split(":"))
        then = self.clock.at.replace(hour=hour, minute=minute, second=0)
        self.clock.at = then if then > self.clock.at else then + timedelta(days=1)
        return await self.tick()

    async def tick(self) -> list[str]:
        before = len(self.said())
        while await self.scheduler.step():
            pass
        await self.send()
        return self.said()[before:]


@pytest.fixture
def bench(store: Store) -> Timed:
    return Timed(store)


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
    assert await bench.at("10:09") == ["2 pushes to shop/api by Alice Moreau, Bob Okafor"]
    assert await bench.at("23:00") == []


async def test_explain_can_tell_what_became_of_what_waited(bench: Timed) -> None:
    bench.rules(FOLDED)
    deliveries = [await bench.take("push"), await bench.take("push")]
    ((held, none),) = await bench.store.held_of(deliveries[0])
    assert (held.rule, none) == ("folded", None)
    await bench.at("10:30")
    ((_, release),) = await bench.store.held_of(deliveries[0])
    assert release is not None
    trace = await bench.store.decision(release)  # type: ignore[arg-type]  # an id
    assert trace is not None
    assert trace["names"] == ["batch"]
    assert trace["verdicts"][0]["reason"] == f"batch of 2: {', '.join(deliveries)}"
    assert [action["state"] for action in trace["actions"]] == ["done"]


async def test_what_is_overdue_after_a_restart_is_sent_once_as_one_summary(bench: Timed) -> None:
    bench.rules(FOLDED)
    for _ in range(3):
        await bench.take("push", actor="alice")
    bench.restart()
    bench.clock.move(days=3)
    assert await bench.tick() == ["3 pushes to shop/api by Alice Moreau"]
    bench.restart()
    assert await bench.tick() == []


async def test_a_renamed_rule_flushes_its_batch_under_the_old_one(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.rules(FOLDED.replace("folded", "renamed").replace("pushes to", "news from"))
    await bench.take("push", actor="alice")
    assert sorted(await bench.at("10:30")) == [
        "1 news from shop/api by Alice Moreau",
        "1 pushes to shop/api by Alice Moreau",
    ]
    assert {item.action.rule for item in await bench.items("done")} == {"folded", "renamed"}


async def test_a_rule_that_was_taken_out_still_says_what_it_held(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.rules("rules: []")
    assert await bench.at("10:30") == ["1 pushes to shop/api by Alice Moreau"]


async def test_two_processes_release_a_batch_once(bench: Timed) -> None:
    bench.rules(FOLDED)
    await bench.take("push", actor="alice")
    bench.clock.move(minutes=10)
    due = await bench.store.claim_due(now=bench.clock.now(), lease=timedelta(seconds=60))
    assert due is not None
    assert await bench.another().step() is False
    # The first one dies; its lease ends, and another one takes over.
    bench.clock.move(seconds=61)
    assert await bench.tick() == ["1 pushes to shop/api by Alice Moreau"]
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
    assert bench.said() == ["1 pushes to shop/api by Alice Moreau"]


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
    assert await bench.tick() == ["1 pushes to shop/api by Alice Moreau"]
    bench.clock.move(minutes=4)
    assert await bench.tick() == []
    bench.clock.move(minutes=1)
    assert await bench.tick() == ["1 pushes to shop/api by Bob Okafor"]


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
    assert await bench.at("11:00") == ["1 pushes to shop/api by Alice Moreau"]


# -- keys that several lanes write ---------------------------------------------------------------


async def test_the_window_of_a_throttle_holds_across_lanes(bench: Timed) -> None:
    bench.rules(THROTTLED)
    await bench.receive("push", project="shop/api", branch="main")
    await bench.receive("push", project="shop/web", branch="main")
    # Two workers: each reads the state before the other one writes.
    first = await bench.store.claim_deliveries(
        now=bench.clock.now(), lease=timedelta(seconds=60), limit=50
    )
    assert first is not None
    made = await bench.decider._decide_all(first)
    await bench.decider.step()
    await bench.send()
    assert bench.said() == ["main"]
    settled = [one.settled for one in made]
    with pytest.raises(Exception, match="was written by another lane"):
        await bench.store.settle_deliveries(first.claim, settled, now=bench.clock.now())
    # The worker decides it again.
    await bench.decider._decide_and_settle(first)
    await bench.send()
    assert bench.said() == ["main"]
    [more] = await bench.at("10:15")
    assert more.startswith("+1 more: push in shop/")


async def test_a_worker_decides_again_when_another_lane_was_first(bench: Timed) -> None:
    bench.rules(THROTTLED)
    await bench.receive("push", project="shop/api", branch="main")
    real = bench.store.settle_deliveries
    raced: list[bool] = []

    class Raced:
        def __getattr__(self, name: str) -> Any:  # the store's own methods
            return getattr(bench.store, name)

        async def settle_deliveries(self, *args: Any, **named: Any) -> None:
            if not raced:
                raced.append(True)
                await bench.receive("push", project="shop/web", branch="main")
                await bench.decider.step()
            await real(*args, **named)

    racer = bench._decider()
    racer._store = Raced()
    assert await racer.step() is True
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


# -- time rules ----------------------------------------------------------------------------------

REVIEW = """\
templates:
  review_list: |
    *{{ count }} waiting*
    {% for m in items %}• {{ m | link }} {{ m.idle | duration }} {{ m.reviewers | mention }}
    {% endfor %}
rules:
- name: morning
  every: mon-fri 09:30
  list: open_mrs
  project: shop/**
  if: not draft and approvals < 2 and idle > 1d
  post: {to: dev, template: review_list}
"""
HOURLY = """\
rules:
- {name: hourly, every: {cron: "0 * * * *"}, list: open_mrs, post: {to: dev, text: "{{ count }}"}}
"""


async def opened(bench: Timed, *iids: int, **overrides: Any) -> None:
    for iid in iids:
        await bench.take("mr.opened", iid=iid, **overrides)


async def test_a_time_rule_lists_what_is_open(bench: Timed) -> None:
    bench.rules(REVIEW)
    assert await bench.tick() == []
    await opened(bench, 1, title="One", reviewers=["alice"])
    await opened(bench, 2, title="Two", draft=True)
    await opened(bench, 3, title="Three", project="other/x")
    await opened(bench, 4, title="Four")
    await bench.take("mr.merged", iid=4, title="Four")
    assert await bench.at("09:30") == []  # Tuesday: nothing is a day old yet
    [said] = await bench.at("09:30")
    lines = said.strip().splitlines()
    assert lines[0] == "*1 waiting*"
    assert lines[1].startswith("• <http")
    assert "One" in lines[1]
    assert lines[1].endswith("1 d 23 h <@U0ALICE01>")


async def test_a_comment_is_activity_and_a_pipeline_is_not(bench: Timed) -> None:
    bench.rules("rules: []")
    await opened(bench, 1)
    [item] = await bench.store.open_subjects("mr")
    bench.clock.move(hours=1)
    await bench.take("pipeline.failed", sha=item.facts["sha"])
    assert await bench.store.open_subjects("mr") != ()
    [item] = await bench.store.open_subjects("mr")
    assert item.active_at == bench.clock.now() - timedelta(hours=1)
    await bench.take("comment.mr", iid=1)
    [item] = await bench.store.open_subjects("mr")
    assert item.active_at == bench.clock.now()


async def test_waiting_counts_from_the_last_request_for_a_review(bench: Timed) -> None:
    bench.rules("rules: []")
    await opened(bench, 1)
    [item] = await bench.store.open_subjects("mr")
    assert item.asked_at is None
    await bench.take("mr.review_requested", iid=1)
    [item] = await bench.store.open_subjects("mr")
    assert item.asked_at == bench.clock.now()
    await bench.take("mr.changes_requested", iid=1)
    [item] = await bench.store.open_subjects("mr")
    assert item.asked_at is None


async def test_closed_and_merged_ones_leave_and_reopened_ones_return(bench: Timed) -> None:
    bench.rules("rules: []")
    await opened(bench, 1, 2)
    await bench.take("mr.closed", iid=1)
    await bench.take("mr.merged", iid=2)
    assert await bench.store.open_subjects("mr") == ()
    await bench.take("mr.reopened", iid=1)
    assert len(await bench.store.open_subjects("mr")) == 1


async def test_a_new_time_rule_does_not_run_for_times_before_it(bench: Timed) -> None:
    await opened(bench, 1)
    await bench.at("10:30")
    bench.rules(HOURLY)
    assert await bench.tick() == []
    assert await bench.at("11:00") == ["1"]
    assert await bench.at("12:00") == ["1"]


async def test_a_missed_run_is_made_up_for_within_the_hour(bench: Timed) -> None:
    bench.rules(REVIEW.replace(" and idle > 1d", "").replace("template: review_list", "text: hi"))
    await bench.tick()
    await opened(bench, 1)
    assert await bench.at("09:00") == []
    bench.restart()
    assert await bench.at("10:29") == ["hi"]  # Tuesday, 59 minutes late
    assert await bench.at("09:29") == []
    bench.restart()
    assert await bench.at("10:30") == []  # an hour late
    assert await bench.at("09:30") == ["hi"]


async def test_many_missed_runs_are_made_up_for_once(bench: Timed) -> None:
    bench.rules(HOURLY)
    await bench.tick()
    await opened(bench, 1)
    bench.clock.move(days=2, minutes=10)
    assert await bench.tick() == ["1"]
    assert await bench.tick() == []


async def test_a_clock_that_steps_back_fires_nothing_again(bench: Timed) -> None:
    bench.rules(HOURLY + "- {name: b, on: push, batch: daily 11:00, post: {to: dev, text: b}}")
    await bench.tick()
    await opened(bench, 1)
    await bench.take("push")
    assert sorted(await bench.at("11:00")) == ["1", "b"]
    bench.clock.move(minutes=-30)
    assert await bench.tick() == []
    bench.clock.move(minutes=30)
    assert await bench.tick() == []


async def test_two_processes_run_a_time_rule_once(bench: Timed) -> None:
    bench.rules(HOURLY)
    other = bench.another()
    await bench.tick()
    await other.step()
    await opened(bench, 1)
    bench.clock.move(hours=1)
    assert [await bench.scheduler.step(), await other.step()] == [True, False]
    await bench.send()
    assert bench.said() == ["1"]


async def test_an_edited_time_takes_effect_and_a_removed_rule_runs_no_more(bench: Timed) -> None:
    bench.rules(HOURLY)
    await bench.tick()
    await opened(bench, 1)
    bench.rules(HOURLY.replace("0 * * * *", "30 * * * *"))
    await bench.tick()
    assert await bench.at("10:29") == []
    assert await bench.at("10:30") == ["1"]
    before = len(bench.said())
    assert await bench.at("11:29") == []
    bench.rules("rules: []")
    assert await bench.at("12:31") == []
    assert len(bench.said()) == before


async def test_a_time_rule_runs_once_in_the_night_a_clock_is_put_back(bench: Timed) -> None:
    bench.clock.at = datetime(2026, 10, 24, 20, tzinfo=UTC)
    bench.rules(
        "defaults: {timezone: Europe/Prague}\n"
        'rules: [{name: n, every: "02:30", list: open_mrs, post: {to: dev, text: n}}]'
    )
    await bench.tick()
    await opened(bench, 1)
    said: list[str] = []
    for _ in range(20):
        bench.clock.move(minutes=30)
        said += [f"{bench.clock.at:%H:%M} {line}" for line in await bench.tick()]
    assert said == ["00:30 n"]


async def test_each_acts_for_every_one_and_once_holds(bench: Timed) -> None:
    bench.rules(
        'rules: [{name: e, every: "09:30", each: open_mrs, once: mr,'
        ' post: {to: dev, text: "{{ title }}"}}]'
    )
    await bench.tick()
    await opened(bench, 1, title="One")
    await opened(bench, 2, title="Two")
    assert await bench.at("09:30") == ["One", "Two"]
    await opened(bench, 3, title="Three")
    assert await bench.at("09:30") == ["Three"]


async def test_a_list_by_a_field_is_one_message_for_each_channel(bench: Timed) -> None:
    bench.rules(
        'rules: [{name: l, every: "09:30", list: open_mrs, post: {by: labels, map: {api: dev,'
        ' web: ci}, text: "{% for m in items %}{{ m.title }} {% endfor %}"}}]'
    )
    await bench.tick()
    await opened(bench, 1, title="One", labels=["api"])
    await opened(bench, 2, title="Two", labels=["web"])
    await opened(bench, 3, title="Both", labels=["web", "api"])
    assert await bench.at("09:30") == ["One Both "]
    assert bench.said("ci") == ["Two Both "]


async def test_a_time_rule_leaves_a_trace(bench: Timed) -> None:
    bench.rules(HOURLY)
    await bench.tick()
    await opened(bench, 1, 2)
    await bench.at("11:00")
    [item] = await bench.items("done")
    trace = await bench.store.decision(item.delivery)
    assert trace is not None
    assert (trace["names"], trace["verdicts"][0]["reason"]) == (["every"], "2 of 2 open")


async def test_every_item_of_a_kept_entry_comes_back_as_it_was(bench: Timed) -> None:
    bench.rules(
        "rules:\n- {name: m, on: mr.opened, batch: daily 11:00, post: {to: dev, mention:"
        " reviewers, text: '{{ count }} {% for m in items %}{{ m.author }}{{ m.labels }}"
        "{% endfor %}'}}"
    )
    delivery = await bench.take("mr.opened", iid=1, reviewers=["alice"], labels=["a", "b"])
    ((held, _),) = await bench.store.held_of(delivery)
    again = replace(held)
    assert again == held
    assert held.fields["labels"] == ("a", "b")
    assert held.changes == (("open:gitlab:15:mr:1:", 1),)
    assert held.due == datetime(2026, 3, 2, 11, tzinfo=UTC)
