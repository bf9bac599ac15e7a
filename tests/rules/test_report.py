"""A delivery's report: every verdict has its mark, its place and its reason."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from bot import events
from bot.model import DeliveryId
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback
from bot.rules.report import report, trace_of
from bot.rules.report_text import as_json, as_text
from tests.deciding import START, event_of
from tests.rules.rules_text import HEAD, loaded

if TYPE_CHECKING:
    from bot.rules.report import Report

LINE = HEAD.count("\n") + 1


def told(rules: str, *samples: tuple[str, dict[str, Any]], everything: bool = False) -> Report:
    """Of the last sample."""
    ruleset = loaded(rules)
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    *before, event = [event_of(name, **overrides) for name, overrides in samples]
    for number, earlier in enumerate(before):
        playback.feed(earlier, delivery=DeliveryId(f"d{number}"), now=START)
    trace = trace_of(playback.feed(event, delivery=DeliveryId("last"), now=START))
    return report(
        "last", trace, event=event, ruleset=ruleset, everything=everything, received_at=START
    )


def lines(found: Report) -> list[str]:
    text = as_text(found, UTC, {"C0DEV0001": "dev"})
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_head_names_the_event_and_the_rules() -> None:
    found = told("rules: [{on: mr.opened, post: dev}]", ("mr.opened", {}))
    assert lines(found)[0] == (
        "delivery last gitlab mr.opened shop/api !7 by alice 02 Mar 10:00:00"
        f" ruleset {found.trace.ruleset[:8]}"
    )


def test_what_once_withheld_is_said_with_since_when() -> None:
    rules = "rules: [{name: r, on: [mr.opened, mr.pushed], once: mr, post: dev}]"
    found = told(rules, ("mr.opened", {}), ("mr.pushed", {}))
    assert lines(found)[1] == (
        f"◌ r rules.yaml:{LINE} matched, withheld: once=mr (sent 2026-03-02T10:00 to C0DEV0001)"
    )


def test_what_a_stop_kept_away_was_not_reached() -> None:
    rules = """rules:
  - {name: halt, on: mr, stop: true}
  - {name: below, on: mr.opened, post: dev}
"""
    found = told(rules, ("mr.opened", {}))
    assert [line[:7] for line in lines(found)[1:3]] == ["✓ halt ", "– below"]
    assert "not reached" in lines(found)[2]


def test_a_once_behind_a_failed_condition_is_not_reached() -> None:
    rules = "rules: [{name: r, on: mr.opened, if: {draft: true}, once: mr, post: dev}]"
    found = lines(told(rules, ("mr.opened", {})))
    assert found[1] == f"✗ r rules.yaml:{LINE} 1 of 2 failed"
    assert found[2:] == ["✓ on mr.opened ← mr.opened", "✗ draft true ← false", "– once not reached"]


def test_a_collapsed_text_names_what_took_it_in() -> None:
    rules = """rules:
  - {name: one, on: mr.opened, post: dev}
  - {name: two, on: mr.opened, post: dev}
"""
    found = lines(told(rules, ("mr.opened", {})))
    assert found[2] == f"◌ two rules.yaml:{LINE + 2} matched, withheld: collapsed into one"


def test_absent_is_said_of_what_an_event_does_not_have() -> None:
    rules = "rules: [{name: r, on: mr.opened, if: {payload.no.where: x}, post: dev}]"
    assert "✗ payload.no.where x ← absent" in lines(told(rules, ("mr.opened", {})))


def test_rules_of_other_events_are_counted_until_all_are_asked_for() -> None:
    rules = """rules:
  - {name: r, on: mr.opened, post: dev}
  - {name: pushes, on: push, post: dev}
"""
    assert lines(told(rules, ("mr.opened", {})))[-1].startswith("· 1 rule no candidate")
    found = told(rules, ("mr.opened", {}), everything=True)
    assert lines(found)[-2:] == [
        f"✗ pushes rules.yaml:{LINE + 2} 1 of 1 failed",
        "✗ on push ← mr.opened event not listed",
    ]


def test_a_reaction_and_a_reply_are_told_as_such() -> None:
    rules = """rules:
  - {name: card, on: mr, card: dev}
  - {name: party, on: mr.merged, react: tada}
"""
    found = lines(told(rules, ("mr.opened", {}), ("mr.merged", {})))
    assert any("→ react #dev :tada: planned" in line for line in found)


def test_the_whole_is_there_as_json() -> None:
    rules = "rules: [{name: r, on: mr.opened, if: 'not draft and bot', post: dev}]"
    (rule,) = as_json(told(rules, ("mr.opened", {})))["rules"]
    assert (rule["outcome"], rule["line"]) == ("no match", LINE)
    on, whole = rule["conditions"]
    assert (on["passed"], whole["passed"]) == (True, False)
    assert [(part["wanted"], part["passed"]) for part in whole["parts"]] == [
        ("not draft", True),
        ("bot", False),
    ]


def test_a_first_counts_as_one_rule_that_is_listed_by_its_children() -> None:
    rules = """rules:
  - {name: p, on: push, first: [{name: a, branch: x, post: dev}, {name: b, branch: y, post: ci}]}
  - {name: t, on: tag, post: dev}
"""
    assert told(rules, ("push", {})).others == 1
    assert told(rules, ("push", {}), everything=True).others == 0


def test_what_was_muted_as_a_whole_was_not_tried() -> None:
    rules = "mute: [{project: shop/api}]\nrules: [{name: a, on: push, post: dev}]"
    found = lines(told(rules, ("push", {})))
    assert found[1].startswith(f"◌ (all) rules.yaml:{LINE} matched, withheld: muted")
    assert found[2] == f"– a rules.yaml:{LINE + 1} not tried: all of it was withheld"
