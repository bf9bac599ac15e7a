"""Time rules over a real store: `every` with `list` and `each`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.worker.timed import (
    FOLDED,
    Timed,
    bench,
    empty_postgres_url,
    postgres_server,
    postgres_url,
    store,
    url,
)

if TYPE_CHECKING:
    pass

__all__ = ["bench", "empty_postgres_url", "postgres_server", "postgres_url", "store", "url"]


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


# -- as it was at a moment of the past: what back-tests begin with -------------------------------


async def test_what_waited_then_is_known_after_it_was_said(bench: Timed) -> None:
    bench.rules(FOLDED)
    began = bench.clock.now()
    await bench.take("push")
    bench.clock.move(minutes=2)
    between = bench.clock.now()
    bench.clock.move(minutes=20)
    assert len(await bench.tick()) == 1
    [waited] = await bench.store.past_waiting(at=between)
    assert (waited.rule, waited.at) == ("folded", began)
    assert await bench.store.past_waiting(at=bench.clock.now()) == ()
    assert await bench.store.past_waiting(at=began - timedelta(minutes=1)) == ()


async def test_what_was_open_then_is_known_after_it_was_closed(bench: Timed) -> None:
    bench.rules("rules: []")
    began = bench.clock.now()
    await opened(bench, 1)
    bench.clock.move(hours=30)
    between = bench.clock.now()
    bench.clock.move(hours=30)
    await bench.take("mr.merged", iid=1)
    [item] = await bench.store.past_open("mr", at=between)
    assert item.facts["state"] == "opened"
    assert item.active_at == began
    assert await bench.store.past_open("mr", at=began - timedelta(minutes=1)) == ()
    assert await bench.store.past_open("mr", at=bench.clock.now()) == ()


async def test_what_closed_long_ago_is_forgotten(bench: Timed) -> None:
    bench.rules("rules: []")
    await opened(bench, 1, 2)
    between = bench.clock.now()
    bench.clock.move(hours=1)
    await bench.take("mr.merged", iid=1)
    assert len(await bench.store.past_open("mr", at=between)) == 2
    bench.clock.move(days=40)
    await bench.store.prune(before=bench.clock.now())
    [left] = await bench.store.past_open("mr", at=between)
    assert left.subject.endswith(":2")
