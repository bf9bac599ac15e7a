"""18. Mute: in the file and from chat; traced as withheld."""

from __future__ import annotations

from tests.rules.points import bench, outcomes


def test_point_18_a_mute_of_the_file_is_traced() -> None:
    run = bench("mute: [{project: shop/api}]\nrules: [{name: a, on: push, post: dev}]")
    (verdict,) = run.decide("push").verdicts
    assert verdict.outcome.value == "withheld"
    assert verdict.reason.startswith("muted")
    assert len(run.does("push", project="shop/web")) == 1


def test_point_18_it_ends_at_its_moment() -> None:
    run = bench(
        "mute: [{project: shop/api, until: 2026-03-02 10:04}]\nrules: [{on: push, post: dev}]"
    )
    assert run.does("push") == []
    assert len(run.does("push")) == 1


def test_point_18_of_a_rule_or_a_channel_the_others_act() -> None:
    run = bench(
        "mute: [{rule: a}, {channel: ci}]\n"
        "rules: [{name: a, on: push, post: {to: triage, text: a}},"
        " {name: b, on: push, post: {to: [dev, ci], text: b}}]"
    )
    decision = run.decide("push")
    assert [one.channel for one in decision.actions] == ["C0DEV0001"]
    assert outcomes(decision)["a"].startswith("withheld: muted")
