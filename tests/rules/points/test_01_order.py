"""1. Order: mutes, included rules, file order; `first`, `stop`, `unmatched`; pure decisions."""

from __future__ import annotations

from bot.rules.load import load
from tests.deciding import Bench
from tests.rules.points import bench, outcomes


def test_point_1_mutes_come_before_all_rules() -> None:
    run = bench(
        "mute: [{project: shop/api}]\n"
        "rules: [{name: a, on: any, stop: true}, {name: b, on: push, post: dev}]\n"
    )
    decision = run.decide("push")
    assert decision.actions == ()
    (verdict,) = decision.verdicts
    assert (verdict.outcome.value, verdict.reason.split()[0]) == ("withheld", "muted")


def test_point_1_included_rules_come_first_sorted_by_path_then_file_order() -> None:
    rule = "rules: [{{name: {0}, on: push, post: {{to: '#{0}', text: x}}}}]\n"
    files = {
        "rules.yaml": "include: [rules.d/*.yaml]\n"
        "rules: [{name: y, on: push, post: {to: '#y', text: x}},"
        " {name: x, on: push, post: {to: '#x', text: x}}]\n",
        "rules.d/b.yaml": rule.format("b"),
        "rules.d/a.yaml": rule.format("a"),
    }
    run = Bench("rules: []\n")
    run.ruleset = load(files, "rules.yaml")
    assert [one.name for one in run.ruleset.rules] == ["a", "b", "y", "x"]


def test_point_1_every_matching_rule_acts() -> None:
    run = bench(
        "rules: [{on: push, post: {to: dev, text: a}}, {on: any, post: {to: dev, text: b}}]"
    )
    assert run.does("push") == ["post C0DEV0001: a", "post C0DEV0001: b"]


FIRST = """\
rules:
- name: parent
  on: mr.opened
  if: {target: main}
  first:
    - {name: drafts, if: {draft: true}, once: mr, post: {to: dev, text: draft}}
    - {name: others, post: {to: ci, text: other}}
"""


def test_point_1_first_is_the_first_child_whose_conditions_and_the_parents_hold() -> None:
    run = bench(FIRST)
    assert run.does("mr.opened", target="next", draft=True) == []
    assert run.does("mr.opened", target="main", draft=True) == ["post C0DEV0001: draft"]
    assert run.does("mr.opened", target="main", iid=8) == ["post C0CI00001: other"]


def test_point_1_a_child_of_first_that_is_withheld_still_counts() -> None:
    run = bench(FIRST)
    run.decide("mr.opened", draft=True)
    decision = run.decide("mr.opened", draft=True)
    assert decision.actions == ()
    assert outcomes(decision)["drafts"].startswith("withheld: once")
    assert "others" not in outcomes(decision)


def test_point_1_stop_ends_the_evaluation_of_this_delivery() -> None:
    run = bench("rules: [{on: push, branch: main, stop: true}, {on: push, post: dev}]")
    assert run.does("push") == []
    assert len(run.does("push", branch="next")) == 1


def test_point_1_stop_in_an_included_file_ends_that_file_only() -> None:
    files = {
        "rules.yaml": "include: [rules.d/*.yaml]\n"
        "rules: [{on: push, post: {to: '#own', text: x}}]\n",
        "rules.d/a.yaml": "rules: [{on: push, stop: true}, {on: push, post: '#a'}]\n",
        "rules.d/b.yaml": "rules: [{on: push, post: {to: '#b', text: x}}]\n",
    }
    run = Bench("rules: []\n")
    run.ruleset = run.playback.ruleset = load(files, "rules.yaml")
    assert run.does("push") == ["post #b: x", "post #own: x"]


def test_point_1_unmatched_runs_last_wherever_it_stands() -> None:
    run = bench(
        "rules:\n- {on: unmatched, post: {to: triage, text: u}}\n"
        "- {on: push, post: {to: dev, text: p}}\n"
    )
    assert run.does("push") == ["post C0DEV0001: p"]
    assert run.does("tag") == ["post C0TRIAGE1: u"]


def test_point_1_a_withheld_rule_wanted_the_event_too() -> None:
    run = bench(
        "rules: [{name: o, on: push, once: branch, post: dev}, {on: unmatched, post: triage}]"
    )
    assert len(run.does("push")) == 1
    assert run.does("push") == []


def test_point_1_the_same_event_state_clock_and_rules_decide_the_same() -> None:
    rules = "rules: [{on: any, post: dev}]"
    one, other = bench(rules), bench(rules)
    assert one.decide("mr.opened") == other.decide("mr.opened")
