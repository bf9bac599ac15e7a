"""1.4.12 as a whole: nothing held is lost, and the worked examples of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bot.model import DeliveryId
from bot.rules.opposites import cancelled
from bot.slack.mrkdwn import render
from tests.deciding import event_of
from tests.rules.days import OPPOSITES, Days

if TYPE_CHECKING:
    pass


# -- everything held is released exactly once -----------------------------------------------------

PROPERTY = """
rules:
- name: a
  on: push
  batch: {quiet: 7m, max_wait: 20m}
  post: {to: dev, text: "{% for m in items %}{{ m.branch }};{% endfor %}"}
- name: b
  on: push
  wait_for: work
  batch: daily 12:00
  post: {to: ci, text: "{% for m in items %}{{ m.branch }};{% endfor %}"}
"""


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.sampled_from(["shop/api", "shop/web"])),
        min_size=1,
        max_size=25,
    )
)
def test_everything_held_is_released_exactly_once(arrivals: list[tuple[int, str]]) -> None:
    run = Days(PROPERTY)
    said: dict[str, list[str]] = {"C0DEV0001": [], "C0CI00001": []}

    def hear(moment: datetime) -> None:
        for _, actions in run.playback.advance(moment):
            for action in actions:
                assert action.message is not None
                words = "".join(render(action.message.text)).split(";")
                said[action.channel] += [word for word in words if word]

    sent: list[str] = []
    for number, (gap, project) in enumerate(arrivals):
        run.now += timedelta(minutes=gap)
        hear(run.now)
        branch = f"b{number}"
        sent.append(branch)
        event = event_of("push", branch=branch, project=project)
        made = run.playback.feed(event, delivery=DeliveryId(f"d{number}"), now=run.now)
        assert made.actions == ()
        assert len(made.held) == 2
    hear(run.now + timedelta(days=8))
    for words in said.values():
        assert sorted(words) == sorted(sent)


MOVES = ["mr.opened", "mr.closed", "mr.reopened", "mr.ready", "mr.drafted", "mr.pushed"]


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(1, 2)), max_size=12))
def test_what_cancels_comes_in_opposite_pairs(moves: list[tuple[str, int]]) -> None:
    run = Days(OPPOSITES)
    entries = [
        held
        for number, (name, iid) in enumerate(moves)
        for held in run.playback.feed(
            event_of(name, iid=iid), delivery=DeliveryId(f"d{number}"), now=run.now
        ).held
    ]
    left = cancelled(entries)
    gone = [entry for entry in entries if entry not in left]
    assert [entry for entry in entries if entry in left] == left, "the order stays"
    for topic in {topic for entry in gone for topic, _ in entry.changes}:
        directions = [d for entry in gone for t, d in entry.changes if t == topic]
        assert sum(directions) == 0
    assert all(entry.changes for entry in gone)


# -- the worked examples -------------------------------------------------------------------------

EXAMPLES = Path(__file__).parent / "examples"
MORE_HEAD = """
channels: {dev: C0DEV0001, ci: C0CI00001, triage: C0TRIAGE1, releases: C0REL0001,
  security: {id: C0SEC0001, confidential: true}}
people: {alice: U0ALICE01, bob: U0BOB0001}
groups: {payments-leads: S0PAYLEAD}
hours:
  work: {days: mon-fri, from: "09:00", to: "18:00"}
"""


def example(name: str) -> Days:
    text = (EXAMPLES / f"{name}.yaml").read_text("utf-8")
    return Days(text, head=MORE_HEAD)


def test_example_7_folds_pushes_and_lists_what_waits_for_review() -> None:
    run = example("07-folding")
    for minute in (0, 2, 4):
        assert run.does(f"10:0{minute}", "push", project="docs/a", actor="bob") == []
    assert run.until("10:09") == ["Mon 10:09 post C0DEV0001: 3 pushes to docs/a by Bob"]
    assert run.does("11:00", "mr.opened", actor="project_15_bot_0a1b", iid=9) == []
    run.does("11:01", "mr.opened", project="payments/x", iid=1, title="One", reviewers=["alice"])
    run.does("11:02", "mr.opened", project="payments/x", iid=2, title="Two", draft=True)
    lines = run.until("tue 10:00")
    assert [line.partition(":")[0] for line in lines] == ["Tue 09"]
    assert "post C0TRIAGE1" in lines[0]
    (line,) = run.until("wed 10:00")
    assert line.startswith("Wed 09:30 post C0DEV0001: *1 waiting for review*")
    assert "!1 One" in line
    assert "1 d 22 h <@U0ALICE01>" in line


def test_example_8_keeps_staging_to_its_hours_and_counts() -> None:
    run = example("08-hours")
    production = run.does("03:00", "deployment.failed", environment="production")
    assert [line.partition(":")[0] for line in production] == ["post C0REL0001"]
    assert run.does("08:59", "deployment.failed", environment="staging") == []
    assert len(run.does("09:00", "deployment.failed", environment="staging")) == 1
    assert run.does("09:01", "deployment.failed", environment="staging") == []
    (line,) = run.until("12:00")
    assert line.startswith("Tue 09:15 post C0CI00001: +1 more")


def test_example_9_reminds_reviewers_every_working_day() -> None:
    run = example("09-people")
    run.decide("11:00", "mr.opened", iid=1, title="One", reviewers=["alice"], actor="bob")
    run.until("wed 09:00")
    lines = run.until("fri 11:00")
    assert [line[:9] for line in lines] == ["Thu 10:00", "Fri 10:00"]
    assert all("U0ALICE01" in line and "!1 One" in line for line in lines)
    run.now += timedelta(minutes=1)
    run.does("fri 12:00", "mr.approved", iid=1, title="One", reviewers=["alice"], actor="alice")
    assert run.until("tue 12:00") == []
