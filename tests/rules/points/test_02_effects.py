"""2. Within one delivery: cards, posts, replies, reactions, forge verbs; roots and replies."""

from __future__ import annotations

from tests.rules.points import bench, heads, outcomes


def test_point_2_the_order_is_cards_posts_replies_reactions_forge_verbs() -> None:
    run = bench(
        """
rules:
- {on: mr.opened, allow: comment, comment: hello}
- {on: mr.opened, react: eyes}
- {on: mr.opened, reply: {to: dev, text: r}}
- {on: mr.opened, post: {to: ci, text: p}}
- {on: mr, card: dev}
"""
    )
    verbs = [action.verb for action in run.decide("mr.opened").actions]
    assert verbs == ["card", "post", "reply", "react", "react", "comment"]


def test_point_2_a_post_is_always_a_root_also_where_a_thread_is() -> None:
    run = bench("rules: [{on: [mr.opened, mr.merged], post: {to: dev, text: x, thread: mr}}]")
    assert run.decide("mr.opened").actions[0].root is None
    assert run.decide("mr.merged").actions[0].root is None


def test_point_2_a_post_with_a_thread_claims_it_anew() -> None:
    run = bench(
        """
rules:
- {on: pipeline.broken, branch: main, post: {to: dev, text: red, thread: branch}}
- {on: pipeline.fixed, branch: main, reply: {to: dev, text: green, thread: branch}}
"""
    )
    first = run.decide("pipeline.failed", id=1).actions[0]
    assert run.decide("pipeline.success", id=2).actions[0].root == first.id
    second = run.decide("pipeline.failed", id=3).actions[0]
    assert run.decide("pipeline.success", id=4).actions[0].root == second.id != first.id


def test_point_2_a_reply_joins_the_latest_root_of_its_key() -> None:
    run = bench(
        """
rules:
- {on: mr.opened, post: {to: dev, text: a}}
- {on: mr.ready, post: {to: dev, text: b}}
- {on: comment.mr, reply: {to: dev, text: c}}
"""
    )
    run.decide("mr.opened")
    latest = run.decide("mr.ready").actions[0]
    assert run.decide("comment.mr").actions[0].root == latest.id


def test_point_2_a_reply_without_to_goes_wherever_the_subject_is() -> None:
    run = bench("rules: [{on: mr.opened, post: [dev, ci]}, {on: comment.mr, reply: {text: c}}]")
    run.decide("mr.opened")
    assert heads(run.does("comment.mr")) == ["reply C0DEV0001", "reply C0CI00001"]


def test_point_2_a_reply_without_a_parent_does_nothing_and_the_trace_says_so() -> None:
    run = bench("rules: [{name: r, on: comment.mr, reply: {text: c}}]")
    decision = run.decide("comment.mr")
    assert decision.actions == ()
    assert outcomes(decision) == {"r": "withheld: no thread to reply in yet"}
