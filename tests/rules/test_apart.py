"""`batch: never`: said at once, and by itself however far its channel is behind."""

from __future__ import annotations

import pytest

from bot.message import Plain
from bot.rules.releasing import release
from tests.deciding import Bench
from tests.rules.days import Days
from tests.rules.rules_text import errors_of, texts_of


@pytest.mark.parametrize(("batch", "apart"), [("batch: never, ", True), ("", False)])
def test_a_rule_says_that_its_messages_stay_apart(batch: str, apart: bool) -> None:
    bench = Bench(f'rules: [{{name: p, on: push, {batch}post: "#dev"}}]')
    [action] = bench.decide("push").actions
    assert action.apart is apart


def test_it_holds_nothing_back() -> None:
    run = Days("rules: [{on: push, batch: never, post: {to: dev, text: pushed}}]")
    assert len(run.decide("10:00", "push").actions) == 1


def test_a_summary_is_folded_no_further() -> None:
    run = Days("rules: [{name: b, on: push, batch: {quiet: 5m, max_wait: 1h}, post: dev}]")
    held = run.decide("10:00", "push").held
    made = release(held, ruleset="", person=lambda who: Plain(who.name), channel=str)
    assert [action.apart for action in made.actions] == [True]


def test_its_text_knows_no_count() -> None:
    rule = '{on: push, batch: never, post: {to: dev, text: "{{ count }}"}}'
    assert any("count" in said for said in texts_of(errors_of(f"rules: [{rule}]")))
