"""How a rule says what its messages look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.slack.mrkdwn import render
from tests.deciding import Bench

if TYPE_CHECKING:
    from bot.message import Message


def message(bench: Bench, name: str) -> Message:
    (action,) = bench.decide(name).actions
    assert action.message is not None
    return action.message


def test_a_rule_chooses_the_size_of_a_default_text() -> None:
    line = message(Bench('rules: [{on: any, post: {to: "#a", size: line}}]'), "pipeline.failed")
    assert (line.body, line.context, line.color) == ((), (), None)
    row = message(Bench('rules: [{on: any, post: {to: "#a", size: compact}}]'), "pipeline.failed")
    assert (len(row.body), len(row.context), row.color) == (0, 1, "danger")
    bench = Bench('rules: [{on: any, post: {to: "#a", size: card}}]')
    card = bench.decide("issue.opened", labels=["bug"]).actions[0].message
    assert card is not None
    assert card.facts
    assert card.color


def test_a_colour_of_the_rule_is_kept_in_every_size() -> None:
    look = '{to: "#a", size: line, color: "#00ff00"}'
    assert message(Bench(f"rules: [{{on: any, post: {look}}}]"), "push").color == "#00ff00"


def test_a_card_keeps_its_look_when_it_is_edited() -> None:
    bench = Bench('rules: [{on: mr, card: {to: "#a", size: line, color: danger}}]')
    made, edited = message(bench, "mr.opened"), message(bench, "mr.merged")
    assert render(made.text) != render(edited.text)
    for shown in (made, edited):
        assert (shown.body, shown.context, shown.color) == ((), (), "danger")


def test_a_description_is_formatted_in_a_rules_own_text() -> None:
    text = "{{ description | markdown(40) }}"
    bench = Bench(f'rules: [{{on: any, post: {{to: "#a", text: "{text}"}}}}]')
    (action,) = bench.decide("mr.opened", description="**See** #5 <!here>").actions
    assert action.message is not None
    url = "https://gitlab.example.com/shop/api/-/issues/5"
    assert render(action.message.text) == f"*See* <{url}|#5> &lt;!here&gt;"
