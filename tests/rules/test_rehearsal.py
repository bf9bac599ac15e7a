"""Rules that want nothing of what is stored."""

from __future__ import annotations

from dataclasses import replace

from bot.rules.rehearsal import Rehearsal
from tests.rules.rules_text import loaded
from tests.rules.test_backtest import history, recorded

RULES = """\
rules:
- {name: pushes, on: push, post: dev}
- {name: typo, on: push, project: shop/apu, post: dev}
- name: by kind
  on: mr.opened
  first:
    - {name: drafts, if: {draft: true}, post: ci}
    - {name: the rest, post: dev}
- {name: api, on: mr.opened, if: {paths: api/**}, post: dev}
- {name: daily, every: daily 09:00, list: open_mrs, post: dev}
- {name: broken, on: pipeline.broken, stop: true}
- {name: behind, on: pipeline.failed, post: ci}
"""


def test_a_rule_that_wants_none_of_the_events_is_told_at_its_place() -> None:
    rehearsal = Rehearsal(loaded(RULES))
    for one in history("push", "mr.opened", "pipeline.failed"):
        rehearsal.feed(one)
    told = [(fault.line, fault.text) for fault in rehearsal.faults("30d")]
    assert told == [
        (12, "rule `typo` wants none of the 3 events of the last 30d"),
        (16, "rule `drafts` wants none of the 3 events of the last 30d"),
        (21, "rule `behind` wants none of the 3 events of the last 30d"),
    ]


def test_what_the_api_told_then_is_known() -> None:
    text = "rules: [{name: api, on: mr.opened, if: {paths: api/**}, post: dev}]\n"
    past = replace(recorded(0, "mr.opened"), history={"paths": ("web/x",)})
    rehearsal = Rehearsal(loaded(text))
    rehearsal.feed(past)
    assert list(rehearsal.left) == ["api"]


def test_a_body_that_cannot_be_read_counts_for_nothing() -> None:
    rehearsal = Rehearsal(loaded(RULES))
    rehearsal.feed(replace(recorded(0, "push"), body=b"{"))
    assert (rehearsal.events, rehearsal.faults("30d")) == (0, ())
