"""5. Default texts for one channel and thread become one; own texts never do."""

from __future__ import annotations

from bot.message import Mention
from tests.rules.points import bench, outcomes


def test_point_5_the_first_is_sent_and_the_others_are_recorded() -> None:
    run = bench("rules: [{name: a, on: push, post: dev}, {name: b, on: any, post: [dev, ci]}]")
    decision = run.decide("push")
    assert [(one.rule, one.channel) for one in decision.actions] == [
        ("a", "C0DEV0001"),
        ("b", "C0CI00001"),
    ]
    assert outcomes(decision)["b"] == "sent: collapsed into a"


def test_point_5_their_mentions_are_merged() -> None:
    run = bench(
        """
rules:
- {name: a, on: mr.opened, post: {to: dev, mention: alice}}
- {name: b, on: mr.opened, post: {to: dev, mention: bob}}
"""
    )
    (action,) = run.decide("mr.opened", actor="carol").actions
    assert action.message is not None
    pinged = [span.id for span in action.message.text if isinstance(span, Mention)]
    assert sorted(pinged) == ["U0ALICE01", "U0BOB0001"]


def test_point_5_their_reactions_are_one() -> None:
    run = bench("rules: [{on: push, post: dev}, {on: push, react: eyes}, {on: any, react: eyes}]")
    assert [one.verb for one in run.decide("push").actions] == ["post", "react"]


def test_point_5_another_thread_stays_apart() -> None:
    run = bench(
        """
rules:
- {on: mr.opened, post: dev}
- {on: mr.opened, reply: {to: dev}}
"""
    )
    assert [one.verb for one in run.decide("mr.opened").actions] == ["post", "reply"]


def test_point_5_own_texts_never_collapse() -> None:
    run = bench(
        "rules: [{on: push, post: {to: dev, text: x}}, {on: push, post: {to: dev, text: x}}]"
    )
    assert run.does("push") == ["post C0DEV0001: x", "post C0DEV0001: x"]
