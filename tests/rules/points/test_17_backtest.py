"""17. Back-test: what history lacks is unknown, and so is what depends on it; state is seeded."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.backtest import Backtest, Seed
from bot.rules.load import load
from tests.rules.test_backtest import recorded, replayed

ASKS = "if: {paths: api/**}"


def test_point_17_a_fact_that_history_lacks_makes_the_rule_unknown_and_is_counted() -> None:
    rules = f"rules: [{{name: r, on: mr.opened, {ASKS}, post: '#dev'}}]"
    test = replayed(rules, rules, [recorded(0, "mr.opened")])
    assert test.tally["new"] == {}
    assert test.tally["new_unknown"] == {"r": 1}


def test_point_17_what_depends_on_its_stop_is_unknown_too() -> None:
    rules = (
        f"rules: [{{name: s, on: mr.opened, {ASKS}, stop: true}},"
        " {name: below, on: mr.opened, post: '#dev'}]"
    )
    test = replayed(rules, rules, [recorded(0, "mr.opened")])
    assert test.tally["new"] == {}
    assert test.tally["new_unknown"] == {"s": 1, "below": 1}


def test_point_17_in_an_included_file_its_stop_is_of_that_file() -> None:
    files = {
        "rules.yaml": "include: [rules.d/*.yaml]\nrules: [{name: own, on: mr, post: '#own'}]\n",
        "rules.d/a.yaml": f"rules: [{{name: s, on: mr, {ASKS}, stop: true}},"
        " {name: below, on: mr, post: '#a'}]\n",
    }
    ruleset = load(files, "rules.yaml")
    test = Backtest(ruleset, ruleset)
    test.feed(recorded(0, "mr.opened"))
    assert test.tally["new"] == {"#own": 1}
    assert test.tally["new_unknown"] == {"s": 1, "below": 1}


def test_point_17_so_is_what_no_rule_wanted() -> None:
    rules = (
        f"rules: [{{name: r, on: mr.opened, {ASKS}, post: '#dev'}},"
        " {name: u, on: unmatched, post: '#rest'}]"
    )
    test = replayed(rules, rules, [recorded(0, "mr.opened"), recorded(1, "push")])
    assert test.tally["new"] == {"#rest": 1}
    assert test.tally["new_unknown"] == {"r": 1, "u": 1}


def test_point_17_what_depends_on_its_first_is_unknown_too() -> None:
    rules = f"""\
rules:
- name: p
  on: mr.opened
  first:
    - {{name: a, {ASKS}, post: '#a'}}
    - {{name: b, post: '#b'}}
"""
    test = replayed(rules, rules, [recorded(0, "mr.opened")])
    assert test.tally["new"] == {}
    assert test.tally["new_unknown"] == {"a": 1}


def test_point_17_what_was_told_then_is_used() -> None:
    rules = f"rules: [{{name: r, on: mr.opened, {ASKS}, post: '#dev'}}]"
    told = replace(recorded(0, "mr.opened"), history={"paths": ("api/x",)})
    assert replayed(rules, rules, [told]).tally["new"] == {"#dev": 1}


def test_point_17_state_is_seeded_from_what_was_stored_at_the_beginning() -> None:
    rules = "rules: [{name: r, on: pipeline.broken, post: '#dev'}]"
    past = recorded(1, "pipeline.failed", id=2)
    assert replayed(rules, rules, [past]).tally["new"] == {"#dev": 1}
    before = replayed(rules, rules, [recorded(0, "pipeline.failed", id=1)])
    memory = before._sides[0]._remembered.state.memory
    seeded = replayed(rules, rules, [past], seed=Seed(memory=memory))
    assert seeded.tally["new"] == {}
