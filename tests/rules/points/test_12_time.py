"""12. Order of time: hours, throttle, batch; keys; opposites; the wall clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.rules.times import zone
from tests.deciding import Bench
from tests.rules.points import bench, outcomes
from tests.rules.rules_text import errors_of


def heads_later(run: Bench, **span: float) -> int:
    run.now += timedelta(**span)
    return sum(len(actions) for _, actions in run.playback.advance(run.now))


def test_point_12_of_a_throttle_the_first_goes_and_the_rest_are_counted() -> None:
    run = bench("rules: [{name: t, on: push, throttle: {every: 1h}, post: {to: dev, text: x}}]")
    assert len(run.does("push")) == 1
    assert run.does("push") == run.does("push") == []
    assert heads_later(run, hours=1) == 1


def test_point_12_a_batch_is_one_message_at_the_end() -> None:
    run = bench(
        "rules:\n- name: b\n  on: push\n  batch: {quiet: 10m, max_wait: 1h}\n"
        "  post: {to: dev, text: '{{ count }} pushes'}\n"
    )
    assert run.does("push") == run.does("push") == []
    assert heads_later(run, minutes=4) == 0
    assert heads_later(run, minutes=6) == 1


def test_point_12_keys_are_rule_channel_and_by_default_the_project() -> None:
    run = bench(
        "rules:\n- {name: b, on: push, batch: {quiet: 10m, max_wait: 1h}, post: [dev, ci]}\n"
    )
    run.decide("push", project="shop/api")
    run.decide("push", project="shop/web")
    assert heads_later(run, hours=1) == 4


def test_point_12_what_hours_drop_opens_no_window() -> None:
    """ADR 0010: hours come before throttle, else its first would be one that never went."""
    run = bench("rules:\n- {name: t, on: push, during: work, throttle: {every: 1h}, post: dev}\n")
    run.now = run.now.replace(hour=8, minute=50)
    assert run.does("push") == []
    run.now = run.now.replace(hour=9, minute=0)
    assert len(run.does("push")) == 1


def test_point_12_opposite_transitions_that_wait_together_cancel() -> None:
    run = bench("rules: [{name: b, on: mr, batch: {quiet: 1h, max_wait: 2h}, post: dev}]")
    run.decide("mr.opened")
    run.decide("mr.closed")
    assert heads_later(run, hours=2) == 0


@pytest.mark.parametrize("verb", ["reply: {}", "card: dev", "react: tada"])
def test_point_12_batch_with_a_threads_verb_needs_the_threads_key(verb: str) -> None:
    rule = f"rules: [{{name: b, on: mr, batch: {{quiet: 5m, max_wait: 1h{{}}}}, {verb}}}]"
    assert len(errors_of(rule.replace("{}}", "}", 1))) == 1
    assert errors_of(rule.replace("{}}", ", by: [mr]}", 1)) == ()


HOURS = """\
hours: {{h: {{days: {days}, from: "{start}", to: "{end}", timezone: Europe/Prague}}}}
rules: [{{name: h, on: push, during: h, post: {{to: '#dev', text: x}}}}]
"""


@pytest.mark.parametrize(
    ("window", "moment", "sent"),
    [
        (("mon-fri", "09:00", "18:00"), "2026-03-02 09:00", 1),
        (("mon-fri", "09:00", "18:00"), "2026-03-02 17:59", 1),
        (("mon-fri", "09:00", "18:00"), "2026-03-02 18:00", 0),
        (("mon-fri", "09:00", "18:00"), "2026-03-01 12:00", 0),
        # Over midnight it belongs to its first day: Friday's window ends on Saturday.
        (("fri", "22:00", "06:00"), "2026-03-06 23:00", 1),
        (("fri", "22:00", "06:00"), "2026-03-07 05:59", 1),
        (("fri", "22:00", "06:00"), "2026-03-06 05:59", 0),
    ],
)
def test_point_12_hours_are_from_inclusive_to_exclusive_on_the_wall_clock(
    window: tuple[str, str, str], moment: str, sent: int
) -> None:
    days, start, end = window
    run = Bench(HOURS.format(days=days, start=start, end=end))
    run.now = run.now.fromisoformat(moment).replace(tzinfo=zone("Europe/Prague"))
    assert len(run.does("push")) == sent


DAILY = """\
defaults: {timezone: Europe/Prague}
rules: [{name: d, on: push, batch: daily 02:30, post: '#dev'}]
"""


@pytest.mark.parametrize(
    ("pushed", "due"),
    [
        # On 29 March 2026 the clock goes from 02:00 to 03:00: it runs right after the gap.
        ("2026-03-28 12:00", "2026-03-29T01:00:00+00:00"),
        # On 25 October it shows 02:30 twice: it runs once, the first time.
        ("2026-10-24 12:00", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_point_12_a_gap_is_run_after_and_a_repeated_time_once(pushed: str, due: str) -> None:
    run = Bench(DAILY)
    run.now = run.now.fromisoformat(pushed).replace(tzinfo=zone("UTC"))
    run.decide("push")
    found = run.playback.advance(run.now + timedelta(days=3))
    assert [at.astimezone(zone("UTC")).isoformat() for at, _ in found] == [due]


def test_point_12_the_trace_says_until_when_it_waits() -> None:
    run = bench("rules: [{name: w, on: push, wait_for: work, post: {to: dev, text: x}}]")
    run.now = run.now.replace(hour=20)
    assert outcomes(run.decide("push")) == {"w": "withheld: hours (until 2026-03-03T09:00+00:00)"}
