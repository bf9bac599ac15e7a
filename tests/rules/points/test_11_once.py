"""11. `once`: by rule, subject and channel; spent by what is sent, held or batched."""

from __future__ import annotations

from datetime import timedelta

from tests.rules.points import bench, outcomes


def test_point_11_it_holds_for_rule_subject_and_channel() -> None:
    run = bench(
        """
rules:
- {name: a, on: mr, once: mr, post: {by: labels, map: {x: dev, y: ci}, text: a}}
- {name: b, on: mr, once: mr, post: {to: triage, text: b}}
"""
    )
    assert run.does("mr.opened", labels=["x"]) == ["post C0DEV0001: a", "post C0TRIAGE1: b"]
    assert run.does("mr.updated", labels=["x", "y"]) == ["post C0CI00001: a"]
    assert run.does("mr.opened", labels=["x"], iid=8) == ["post C0DEV0001: a", "post C0TRIAGE1: b"]


def test_point_11_the_trace_says_since_when() -> None:
    run = bench("rules: [{name: a, on: mr, once: mr, post: dev}]")
    run.decide("mr.opened")
    assert outcomes(run.decide("mr.updated")) == {
        "a": "withheld: once=mr (sent 2026-03-02T10:00 to C0DEV0001)"
    }


def test_point_11_it_is_written_when_the_item_is_held() -> None:
    run = bench("rules: [{name: a, on: mr, once: mr, wait_for: work, post: {to: dev, text: x}}]")
    run.now += timedelta(hours=10)
    assert len(run.decide("mr.opened").held) == 1
    assert run.decide("mr.updated").held == ()


def test_point_11_and_when_it_is_batched() -> None:
    run = bench(
        "rules: [{name: a, on: mr, once: mr, batch: daily 09:00, post: {to: dev, text: x}}]"
    )
    assert len(run.decide("mr.opened").held) == 1
    assert run.decide("mr.updated").held == ()


def test_point_11_not_when_hours_dropped_it() -> None:
    run = bench("rules: [{name: a, on: mr, once: mr, during: work, post: {to: dev, text: x}}]")
    run.now += timedelta(hours=10)
    assert run.does("mr.opened") == []
    run.now += timedelta(hours=14)
    assert len(run.does("mr.updated")) == 1


def test_point_11_not_when_it_was_muted() -> None:
    run = bench(
        "mute: [{rule: a, until: 2026-03-02 10:03}]\n"
        "rules: [{name: a, on: mr, once: mr, post: {to: dev, text: x}}]"
    )
    assert run.does("mr.opened") == []
    assert len(run.does("mr.updated")) == 1
