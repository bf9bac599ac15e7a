"""15. Loops: what the bot caused runs no forge verbs, and posts only where a rule says `own`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.rules.remembered import Playback
from tests.deciding import Bench
from tests.rules.points import bench, outcomes


def own(rules: str) -> Bench:
    """The bot's token is the account `botty`."""
    run = bench(rules)
    around = replace(run.playback.around, accounts={"gitlab": "botty"})
    run.playback = Playback(run.ruleset, around)
    return run


def test_point_15_it_is_posted_only_where_a_rule_says_so() -> None:
    run = own(
        "rules: [{name: a, on: any, post: {to: dev, text: a}},"
        " {name: b, on: any, own: true, post: {to: ci, text: b}}]"
    )
    decision = run.decide("comment.mr", actor="botty")
    assert [one.rule for one in decision.actions] == ["b"]
    assert outcomes(decision)["a"] == "withheld: own: the bot itself caused it"


@pytest.mark.parametrize(
    "verb", ["comment: hi", "pipeline: main", "webhook: {url: 'https://x.example'}"]
)
def test_point_15_no_forge_verb_ever_runs_whatever_the_rule_says(verb: str) -> None:
    name = verb.partition(":")[0]
    run = own(f"rules: [{{name: a, on: any, own: true, allow: {name}, {verb}}}]")
    assert run.decide("comment.mr", actor="botty").actions == ()
    assert len(run.decide("comment.mr", actor="carol").actions) == 1
