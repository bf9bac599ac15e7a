"""What the rules do about events: order, threads, cards, privacy, routes, traces."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import RulesError
from bot.model import Outcome
from tests.deciding import Bench, event_of

CHANNELS = """
channels:
  dev: C0DEV0001
  ci: C0CI00001
  sec: {id: C0SEC0001, confidential: true}
people: {alice: U0ALICE01, bob: U0BOB0001}
"""


def bench(rules: str, **kwargs: object) -> Bench:
    return Bench(CHANNELS + rules, **kwargs)  # type: ignore[arg-type]  # the fields of Bench


def head(lines: list[str]) -> list[str]:
    """Verb and channel only."""
    return [line.partition(":")[0] for line in lines]


def test_every_matching_rule_acts_in_file_order() -> None:
    run = bench(
        "rules:\n- {on: push, post: {to: ci, text: a}}\n- {on: push, post: {to: dev, text: b}}"
    )
    assert run.does("push") == ["post C0CI00001: a", "post C0DEV0001: b"]


def test_within_a_delivery_cards_come_first_then_posts_replies_and_reactions() -> None:
    run = bench(
        """
rules:
- {on: mr.opened, react: eyes}
- {on: mr.opened, reply: {text: r}}
- {on: mr.opened, post: {to: ci, text: p}}
- {on: mr, card: dev}
"""
    )
    lines = run.does("mr.opened")
    assert head(lines) == [
        "card C0DEV0001",
        "post C0CI00001",
        "reply C0DEV0001",
        "reply C0CI00001",
        "react C0DEV0001",
        "react C0CI00001",
    ]


def test_the_edit_of_a_card_comes_before_what_is_posted_about_it() -> None:
    run = bench(
        """
rules:
- {on: mr, card: {to: dev, follow: [state]}}
- {on: mr.merged, post: {to: ci, text: p}}
"""
    )
    run.decide("mr.opened")
    assert head(run.does("mr.merged")) == [
        "card edit C0DEV0001",
        "post C0CI00001",
        "reply C0DEV0001",
        "react C0DEV0001",
    ]


def test_stop_ends_the_evaluation() -> None:
    run = bench("rules:\n- {on: any, project: shop/**, stop: true}\n- {on: push, post: dev}")
    assert run.does("push") == []
    assert len(run.does("push", project="other/x")) == 1


def test_unmatched_runs_only_when_no_rule_wanted_the_event() -> None:
    run = bench(
        "rules:\n- {on: unmatched, post: {to: ci, text: u}}\n- {on: push, post: {to: dev, text: p}}"
    )
    assert run.does("push") == ["post C0DEV0001: p"]
    assert run.does("tag") == ["post C0CI00001: u"]


def test_first_takes_the_first_child_that_holds() -> None:
    run = bench(
        """
rules:
- on: push
  first:
  - {if: {branch: main}, post: {to: dev, text: main}}
  - {post: {to: ci, text: other}}
"""
    )
    assert run.does("push", branch="main") == ["post C0DEV0001: main"]
    assert run.does("push", branch="x") == ["post C0CI00001: other"]


def test_a_reply_without_a_thread_anywhere_does_nothing_and_says_so() -> None:
    run = bench("rules:\n- {on: comment.mr, reply: {text: hi}}")
    decision = run.decide("comment.mr")
    assert decision.actions == ()
    assert decision.verdicts[0].outcome is Outcome.WITHHELD
    assert decision.verdicts[0].reason == "no thread to reply in yet"


def test_a_reply_joins_every_channel_that_holds_the_subject() -> None:
    run = bench("rules:\n- {on: mr.opened, post: [dev, ci]}\n- {on: comment.mr, reply: {text: hi}}")
    opened = run.decide("mr.opened")
    replies = (run.decide("comment.mr")).actions
    assert [(a.channel, a.root) for a in replies] == [(a.channel, a.id) for a in opened.actions]


def test_a_second_breakage_of_a_branch_starts_a_new_thread() -> None:
    run = bench(
        """
rules:
- {on: pipeline.broken, post: {to: ci, thread: branch, text: red}}
- {on: pipeline.fixed, reply: {to: ci, thread: branch, text: green}}
"""
    )
    first = (run.decide("pipeline.failed", id=1)).actions[0]
    assert run.does("pipeline.failed", id=2) == []
    assert (run.decide("pipeline.success", id=3)).actions[0].root == first.id
    second = (run.decide("pipeline.failed", id=4)).actions[0]
    assert second.root is None
    assert (run.decide("pipeline.success", id=5)).actions[0].root == second.id


def test_a_push_message_does_not_take_over_its_branchs_thread() -> None:
    run = bench(
        """
rules:
- {on: push, post: ci}
- {on: pipeline.broken, post: {to: ci, thread: branch, text: red}}
- {on: pipeline.fixed, reply: {to: ci, thread: branch, text: green}}
"""
    )
    red = (run.decide("pipeline.failed", id=1)).actions[0]
    run.decide("push")
    assert (run.decide("pipeline.success", id=3)).actions[0].root == red.id


def test_a_card_is_made_once_and_edited_afterwards() -> None:
    run = bench("rules:\n- {on: mr, card: dev}")
    assert head(run.does("mr.opened")) == ["card C0DEV0001"]
    assert head(run.does("mr.approved")) == ["card edit C0DEV0001"]
    assert head(run.does("mr.merged")) == ["card edit C0DEV0001"]


def test_a_comment_or_push_never_begins_a_card() -> None:
    run = bench("rules:\n- {on: [mr, comment.mr], card: dev}")
    assert run.does("comment.mr") == []
    assert run.does("mr.pushed") == []
    assert head(run.does("mr.labeled")) == ["card C0DEV0001"]


def test_a_card_follows_its_subject_whatever_the_rule_matches_now() -> None:
    run = bench("rules:\n- {on: mr.opened, if: {draft: false}, card: dev}")
    run.decide("mr.opened")
    assert head(run.does("mr.drafted")) == ["card edit C0DEV0001"]


def test_a_card_shows_the_pipeline_of_its_head_commit() -> None:
    run = bench("rules:\n- {on: mr, card: {to: dev, follow: [pipeline]}}")
    opened = event_of("mr.opened")
    run.take(opened)
    sha = next(key for key in opened.subjects if ":commit:" in key).rpartition(":")[2]
    lines = run.does("pipeline.failed", sha=sha, branch="feature")
    assert head(lines) == ["card edit C0DEV0001", "react C0DEV0001"]
    assert lines[1] == "react C0DEV0001: +x"


def test_a_channel_taken_out_of_the_rules_keeps_its_card_frozen() -> None:
    run = bench("rules:\n- {on: mr, card: dev}")
    run.decide("mr.opened")
    changed = bench("rules:\n- {on: mr, card: ci}")
    run.playback.ruleset = changed.ruleset
    assert run.does("mr.approved") == []


TWO_CARD_RULES = """
rules:
- {name: loud, on: mr, project: shop/**, card: {to: dev, follow: [state]}}
- {name: quiet, on: mr, project: docs/**, card: dev}
"""


def test_a_card_is_followed_as_the_rule_wants_that_made_it() -> None:
    run = bench(TWO_CARD_RULES)
    run.decide("mr.opened", project="docs/x")
    (edit,) = run.decide("mr.merged", project="docs/x").actions
    assert (edit.verb, edit.rule) == ("card", "quiet")
    run.decide("mr.opened", project="shop/x")
    merged = run.decide("mr.merged", project="shop/x").actions
    assert [(action.verb, action.rule) for action in merged] == [
        ("card", "loud"),
        ("reply", "loud"),
        ("react", "loud"),
    ]


def test_a_muted_rule_lets_its_cards_alone_also_beside_another() -> None:
    run = bench(f"mute: [{{rule: quiet, project: never}}]{TWO_CARD_RULES}")
    run.decide("mr.opened", project="docs/x")
    muted = bench(f"mute: [{{rule: quiet}}]{TWO_CARD_RULES}").ruleset
    run.playback.ruleset = muted
    assert run.does("mr.merged", project="docs/x") == []


def test_follow_adds_replies_and_reactions() -> None:
    run = bench("rules:\n- {on: mr, card: {to: dev, follow: [comments, reviews, state]}}")
    run.decide("mr.opened")
    assert head(run.does("comment.mr"))[1:] == ["reply C0DEV0001"]
    assert head(run.does("mr.approved"))[1:] == ["reply C0DEV0001", "react C0DEV0001"]


def test_once_holds_per_subject_and_channel() -> None:
    run = bench(
        "rules:\n- {name: o, on: [mr.opened, mr.labeled], once: mr, post: {to: dev, text: x}}"
    )
    assert run.does("mr.opened") == ["post C0DEV0001: x"]
    decision = run.decide("mr.labeled")
    assert decision.actions == ()
    assert decision.verdicts[0].reason.startswith("once=mr (sent 2026-03-02T10:00")
    assert len(run.does("mr.opened", iid=8)) == 1


def test_default_texts_for_one_channel_collapse_into_the_first() -> None:
    run = bench(
        """
rules:
- {name: a, on: mr.opened, post: dev}
- {name: b, on: mr.opened, post: {to: dev, mention: reviewers}}
"""
    )
    decision = run.decide("mr.opened", reviewers=["bob"])
    assert len(decision.actions) == 1
    assert decision.verdicts[1].reason == "collapsed into a"
    assert "<@U0BOB0001>" in (run.does("mr.opened", reviewers=["bob"], iid=9))[0]


def test_own_texts_never_collapse() -> None:
    run = bench(
        "rules:\n- {on: push, post: {to: dev, text: a}}\n- {on: push, post: {to: dev, text: b}}"
    )
    assert run.does("push") == ["post C0DEV0001: a", "post C0DEV0001: b"]


def test_routing_by_labels_reaches_every_label_that_maps() -> None:
    run = bench(
        """
rules:
- on: mr.opened
  post: {by: labels, map: {"area::api": dev, "sec*": [ci, sec]}, default: ci, text: x}
"""
    )
    assert run.does("mr.opened", labels=["area::api"]) == ["post C0DEV0001: x"]
    assert head(run.does("mr.opened", labels=["security"])) == [
        "post C0CI00001",
        "post C0SEC0001",
    ]
    assert head(run.does("mr.opened", labels=[])) == ["post C0CI00001"]


def test_confidential_events_reach_no_ordinary_rule() -> None:
    run = bench(
        "rules:\n- {on: issue, post: dev}\n- {on: any, post: ci}\n- {on: unmatched, post: ci}"
    )
    decision = run.decide("issue.opened", confidential=True)
    assert decision.actions == ()
    assert {v.reason for v in decision.verdicts} == {"confidential"}


def test_confidential_events_go_where_rule_and_channel_say_so() -> None:
    run = bench("rules:\n- {on: issue.opened, if: {confidential: true}, post: sec}")
    (action,) = (run.decide("issue.opened", confidential=True)).actions
    assert action.channel == "C0SEC0001"
    assert action.confidential
    assert run.does("issue.opened") == []


def test_a_confidential_rule_for_an_open_channel_does_not_load() -> None:
    with pytest.raises(RulesError, match="confidential"):
        bench("rules:\n- {on: issue.opened, if: {confidential: true}, post: dev}")


def test_muted_projects_are_withheld_and_say_so() -> None:
    run = bench("mute:\n- {project: shop/**}\nrules:\n- {on: push, post: dev}")
    decision = run.decide("push", project="shop/api")
    assert decision.actions == ()
    assert [(v.outcome, v.reason) for v in decision.verdicts] == [(Outcome.WITHHELD, "muted")]
    assert len(run.does("push", project="other/x")) == 1


def test_a_text_names_the_actor_and_pings_the_others() -> None:
    run = bench(
        "rules:\n- {on: mr.opened, post: {to: dev, text: '{{ actor | mention }} asks"
        " {{ reviewers | mention }}'}}"
    )
    assert run.does("mr.opened", actor="alice", reviewers=["alice", "bob"]) == [
        "post C0DEV0001: Alice asks Alice, <@U0BOB0001>"
    ]


def test_who_began_a_pipeline_or_a_deployment_hears_how_it_ended() -> None:
    run = bench(
        """
rules:
- {on: pipeline.broken, post: {to: ci, mention: author, text: red}}
- {on: pipeline.failed, dm: {to: actor, text: yours}}
- {on: deployment.failed, post: {to: ci, mention: actor, text: down}}
"""
    )
    assert run.does("pipeline.failed", author="alice", actor="alice") == [
        "post C0CI00001: <@U0ALICE01> red",
        "dm U0ALICE01: yours",
    ]
    assert run.does("deployment.failed", actor="bob") == ["post C0CI00001: <@U0BOB0001> down"]


def test_the_actor_is_never_pinged_for_their_own_act() -> None:
    run = bench("rules:\n- {on: mr.opened, post: {to: dev, mention: [actor, reviewers], text: x}}")
    assert run.does("mr.opened", actor="alice", reviewers=["alice", "bob"]) == [
        "post C0DEV0001: <@U0BOB0001> x"
    ]


def test_a_trace_names_the_first_condition_that_failed_and_what_was_seen() -> None:
    run = bench("rules:\n- {name: r, on: push, project: shop/**, branch: release/*, post: dev}")
    (verdict,) = (run.decide("push", branch="main")).verdicts
    assert verdict.outcome is Outcome.NO_MATCH
    assert verdict.failed is not None
    assert (verdict.failed.field, verdict.failed.seen) == ("branch", "main")
    assert (verdict.file, verdict.line) == ("rules.yaml", 8)


def test_channel_names_become_ids_where_they_are_known() -> None:
    run = Bench("rules:\n- {on: push, post: {to: '#dev', text: x}}", channels={"dev": "C0DEV0001"})
    assert run.does("push") == ["post C0DEV0001: x"]


def test_more_than_thirty_actions_of_a_delivery_are_dropped() -> None:
    rules = "\n".join(f"- {{on: push, post: {{to: dev, text: t{n}}}}}" for n in range(40))
    decision = bench(f"rules:\n{rules}").decide("push")
    assert len(decision.actions) == 30
    assert decision.verdicts[-1].reason == "limit of actions reached"


def test_deciding_twice_gives_the_same() -> None:
    rules = "rules:\n- {on: mr, card: {to: dev, follow: [comments]}}\n- {on: any, post: ci}"
    assert bench(rules).decide("mr.opened") == bench(rules).decide("mr.opened")


def test_a_reply_waits_for_the_root_of_its_own_delivery() -> None:
    run = bench("rules:\n- {on: mr.opened, post: dev}\n- {on: mr.opened, reply: {text: x}}")
    root, reply = (run.decide("mr.opened")).actions
    assert reply.root == root.id


def test_the_same_event_through_two_hooks_is_withheld_once_and_says_so() -> None:
    run = bench("rules:\n- {on: push, post: dev}")
    event = event_of("push")
    around = replace(run.playback.around, content="c1")
    run.playback.around = replace(around, hook="project-hook")
    assert len(run.take(event).actions) == 1
    run.playback.around = replace(around, hook="group-hook")
    decision = run.take(event)
    assert decision.actions == ()
    assert decision.verdicts[0].reason == "duplicate of d1, through another hook"


def test_the_same_body_twice_through_one_hook_is_two_events() -> None:
    run = bench("rules:\n- {on: push, post: dev}")
    run.playback.around = replace(run.playback.around, content="c1", hook="project-hook")
    assert len(run.does("push")) == 1
    assert len(run.does("push")) == 1
