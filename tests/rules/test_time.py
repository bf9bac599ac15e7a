"""1.4.12: batch, opposites, throttle, hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.mrkdwn import render
from tests.deciding import shown
from tests.rules.days import CI, DEV, OPPOSITES, Days, reasons

if TYPE_CHECKING:
    pass


# -- batch (1.4.12) ------------------------------------------------------------------------------

FOLDED = """
rules:
- name: docs
  on: push
  batch: {quiet: 5m, max_wait: 30m, by: [project, branch]}
  post: {to: dev, text: "{{ count }} pushes to {{ project }} by {{ actors | join(', ') }}"}
"""


def test_a_batch_is_one_message_when_it_has_been_quiet() -> None:
    run = Days(FOLDED)
    decision = run.decide("10:00", "push", project="docs/a", actor="alice")
    assert decision.actions == ()
    assert reasons(decision) == [("withheld", "batch (until 2026-03-02T10:05+00:00)")]
    run.decide("10:04", "push", project="docs/a", actor="bob")
    run.decide("10:08", "push", project="docs/a", actor="alice")
    assert run.until("10:12") == []
    assert run.until("12:00") == [f"Mon 10:13 {DEV}: 3 pushes to docs/a by Alice, Bob"]
    assert run.until("tue 12:00") == []


def test_a_batch_never_waits_longer_than_max_wait() -> None:
    run = Days(FOLDED)
    for minute in range(0, 30, 4):
        run.decide(f"10:{minute:02}", "push", project="docs/a", actor="alice")
    assert run.until("10:40") == [f"Mon 10:30 {DEV}: 8 pushes to docs/a by Alice"]


def test_what_by_tells_apart_is_kept_apart() -> None:
    run = Days(FOLDED)
    run.decide("10:00", "push", project="docs/a", branch="main", actor="alice")
    run.decide("10:01", "push", project="docs/b", branch="main", actor="alice")
    run.decide("10:02", "push", project="docs/a", branch="x", actor="alice")
    assert run.until("11:00") == [
        f"Mon 10:05 {DEV}: 1 pushes to docs/a by Alice",
        f"Mon 10:06 {DEV}: 1 pushes to docs/b by Alice",
        f"Mon 10:07 {DEV}: 1 pushes to docs/a by Alice",
    ]


def test_without_by_a_batch_is_one_projects() -> None:
    run = Days(
        "rules:\n- {name: b, on: push, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev, text:"
        ' "{{ count }} {{ project }}"}}'
    )
    run.decide("10:00", "push", project="a/x")
    run.decide("10:01", "push", project="a/x", branch="other")
    run.decide("10:02", "push", project="b/y")
    assert run.until("11:00") == [f"Mon 10:06 {DEV}: 2 a/x", f"Mon 10:07 {DEV}: 1 b/y"]


def test_a_daily_batch_goes_at_its_time() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: daily 09:00,"
        " post: {to: ci, text: '{{ count }}'}}"
    )
    run.decide("08:59", "mr.opened", iid=1)
    assert run.until("09:00") == [f"Mon 09:00 {CI}: 1"]
    run.decide("09:00", "mr.opened", iid=2)
    run.decide("tue 08:00", "mr.opened", iid=3)
    assert run.until("tue 23:00") == [f"Tue 09:00 {CI}: 2"]


def test_one_alone_is_sent_as_it_is_and_several_become_lines() -> None:
    run = Days("rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: dev}")
    plain = Days("rules:\n- {on: mr.opened, post: dev}")
    (alone,) = plain.does("10:00", "mr.opened", iid=1)
    run.decide("10:00", "mr.opened", iid=1)
    assert run.until("10:05") == [f"Mon 10:05 {alone}"]
    run.decide("10:10", "mr.opened", iid=1)
    run.decide("10:11", "mr.opened", iid=2)
    ((_, (action,)),) = run.playback.advance(run.moment("10:30"))
    assert shown(action).startswith(f"{DEV}: 2 × mr.opened in ")
    assert action.message is not None
    (rows,) = action.message.body
    assert render(rows).count("• ") == 2


def test_own_texts_of_single_events_become_lines_too() -> None:
    run = Days(
        "rules:\n- {name: m, on: push, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev, text:"
        ' "{{ branch }} moved"}}'
    )
    run.decide("10:00", "push", branch="main")
    run.decide("10:01", "push", branch="next")
    ((_, (action,)),) = run.playback.advance(run.moment("10:30"))
    assert action.message is not None
    assert [render(part) for part in action.message.body] == ["• main moved\n• next moved"]


def test_mentions_of_a_batch_are_merged_and_each_person_is_pinged_once() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev,"
        " mention: reviewers, text: '{{ count }} new'}}"
    )
    run.decide("10:00", "mr.opened", iid=1, reviewers=["alice"], actor="carol")
    run.decide("10:01", "mr.opened", iid=2, reviewers=["bob", "alice"], actor="carol")
    assert run.until("11:00") == [f"Mon 10:06 {DEV}: <@U0ALICE01> <@U0BOB0001> 2 new"]


def test_items_of_a_batch_have_their_fields() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev,"
        " text: '{% for m in items %}[{{ m.source }} {{ m.title }}]{% endfor %}'}}"
    )
    run.decide("10:00", "mr.opened", iid=1, title="One <!channel>", source="a")
    run.decide("10:01", "mr.opened", iid=2, title="Two", source="b")
    (line,) = run.until("11:00")
    assert line == f"Mon 10:06 {DEV}: [a One &lt;!channel&gt;][b Two]"


# -- opposites -----------------------------------------------------------------------------------


def test_opposite_transitions_that_wait_together_cancel() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=1)
    ((at, made),) = run.playback.decisions_until(run.moment("11:00"))
    assert (f"{at:%H:%M}", made.actions) == ("10:06", ())
    assert reasons(made) == [("withheld", "batch of 2: d1, d2, 2 cancelled")]


def test_the_opposite_of_another_subject_cancels_nothing() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=2)
    (line,) = run.until("11:00")
    assert "2 × events" in line


def test_of_opened_closed_and_reopened_the_last_is_left() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=1)
    run.decide("10:02", "mr.reopened", iid=1)
    (line,) = run.until("11:00")
    assert "reopened" in line


def test_a_branch_that_broke_and_healed_while_waiting_is_not_told() -> None:
    run = Days(
        "rules:\n- {name: p, on: [pipeline.broken, pipeline.fixed], batch: {quiet: 9m, max_wait:"
        " 1h}, post: dev}"
    )
    run.decide("10:00", "pipeline.failed", branch="main", id=1)
    run.decide("10:05", "pipeline.success", branch="main", id=2)
    assert run.until("11:00") == []
    run.decide("11:00", "pipeline.failed", branch="main", id=3)
    assert len(run.until("12:00")) == 1


def test_an_approval_is_taken_back_only_by_the_same_person() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.approved", iid=1, actor="alice")
    run.decide("10:01", "mr.unapproved", iid=1, actor="bob")
    (line,) = run.until("11:00")
    assert "2 × events" in line


def test_drafted_and_ready_cancel() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.drafted", iid=1)
    run.decide("10:01", "mr.ready", iid=1)
    assert run.until("11:00") == []


# -- throttle ------------------------------------------------------------------------------------

THROTTLED = """
rules:
- name: staging
  on: deployment.failed
  throttle: {every: 15m, by: [project, environment]}
  post: {to: ci, text: "{{ environment }} failed"}
"""


def test_a_throttle_lets_the_first_go_and_counts_the_rest() -> None:
    run = Days(THROTTLED)
    assert run.does("10:00", "deployment.failed", environment="eu") == [f"{CI}: eu failed"]
    decision = run.decide("10:01", "deployment.failed", environment="eu")
    assert reasons(decision) == [("withheld", "throttle (until 2026-03-02T10:15+00:00)")]
    for minute in range(2, 8):
        run.decide(f"10:0{minute}", "deployment.failed", environment="eu")
    (line,) = run.until("10:15")
    assert line.startswith(f"Mon 10:15 {CI}: +7 more")
    assert run.does("10:16", "deployment.failed", environment="eu") == [f"{CI}: eu failed"]


def test_a_throttle_with_nothing_to_count_says_nothing() -> None:
    run = Days(THROTTLED)
    run.decide("10:00", "deployment.failed", environment="eu")
    assert run.until("11:00") == []


def test_a_throttle_counts_by_its_fields() -> None:
    run = Days(THROTTLED)
    assert len(run.does("10:00", "deployment.failed", environment="eu")) == 1
    assert len(run.does("10:01", "deployment.failed", environment="us")) == 1
    assert len(run.does("10:02", "deployment.failed", environment="eu")) == 0


def test_the_window_of_a_throttle_ends_with_its_last_moment_excluded() -> None:
    run = Days(THROTTLED)
    run.decide("10:00", "deployment.failed", environment="eu")
    assert len(run.does("10:15", "deployment.failed", environment="eu")) == 1


# -- hours ---------------------------------------------------------------------------------------


def test_during_drops_what_comes_outside() -> None:
    run = Days("rules:\n- {name: d, on: push, during: work, post: {to: dev, text: x}}")
    decision = run.decide("08:59", "push")
    assert reasons(decision) == [("withheld", "hours (outside work)")]
    assert run.does("09:00", "push") == [f"{DEV}: x"]
    assert run.does("18:00", "push") == []
    assert run.until("wed 12:00") == []


def test_wait_for_holds_until_the_window_opens_and_says_it_once() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, post: {to: dev, text: '{{ branch }}'}}"
    )
    decision = run.decide("fri 18:00", "push", branch="a")
    assert reasons(decision) == [("withheld", "hours (until 2026-03-09T09:00+00:00)")]
    run.decide("sat 12:00", "push", branch="b")
    (line,) = run.until("mon 12:00")
    assert line.startswith(f"Mon 09:00 {DEV}: 2 × push in ")
    assert run.does("mon 12:00", "push", branch="c") == [f"{DEV}: c"]


def test_a_batch_that_ends_outside_of_its_hours_waits_for_them() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, batch: {quiet: 10m, max_wait: 1h},"
        " post: {to: dev, text: '{{ count }}'}}"
    )
    run.decide("17:55", "push")
    run.decide("17:56", "push")
    assert run.until("tue 12:00") == [f"Tue 09:00 {DEV}: 2"]


def test_what_waits_for_its_hours_is_not_throttled() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, throttle: {every: 1h},"
        " post: {to: dev, text: '{{ branch }}'}}"
    )
    run.decide("20:00", "push")
    run.decide("20:01", "push")
    (line,) = run.until("tue 08:59") + run.until("tue 09:00")
    assert line.startswith(f"Tue 09:00 {DEV}: 2 × push")


def test_reactions_that_waited_are_each_put() -> None:
    run = Days(
        "rules:\n- {on: mr.opened, post: dev}\n"
        "- {name: r, on: mr.approved, wait_for: work, react: tada}"
    )
    run.does("10:00", "mr.opened", iid=1)
    run.does("10:00", "mr.opened", iid=2)
    run.decide("20:00", "mr.approved", iid=1)
    run.decide("20:01", "mr.approved", iid=2)
    lines = run.until("tue 09:00")
    assert lines == ["Tue 09:00 react C0DEV0001: +tada"] * 2
