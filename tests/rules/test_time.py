"""1.4.11, 1.4.12 and 1.4.18: once, throttle, hours, batch, what waits, mutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import events
from bot.errors import RulesError
from bot.model import DeliveryId, Outcome
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.mutes import CHAT_MUTES, Mute, dump_mute
from bot.rules.opposites import cancelled
from bot.rules.remembered import Playback
from bot.slack.mrkdwn import render
from tests.deciding import event_of, shown

if TYPE_CHECKING:
    from bot.model import Decision

HEAD = """
channels:
  dev: C0DEV0001
  ci: C0CI00001
people: {alice: U0ALICE01, bob: U0BOB0001}
hours:
  work: {days: mon-fri, from: "09:00", to: "18:00"}
"""
DEV, CI = "post C0DEV0001", "post C0CI00001"


class Days:
    """A bot without a store, on a clock that the test sets: `15:04`, `tue 09:00`."""

    def __init__(self, rules: str, *, head: str = HEAD) -> None:
        self.ruleset = load({"rules.yaml": head + rules}, "rules.yaml")
        self.playback = Playback(self.ruleset, Surroundings(specs=events.SPECS))
        self.now = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
        self.count = 0
        self.playback.advance(self.now)

    def moment(self, clock: str) -> datetime:
        """The next time the clock shows it."""
        day, _, at = clock.rpartition(" ")
        hour, minute = (int(part) for part in at.split(":"))
        found = self.now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        while found < self.now or (day and names[found.weekday()] != day):
            found += timedelta(days=1)
        return found

    def until(self, clock: str) -> list[str]:
        """What falls due by itself, with its time."""
        self.now = self.moment(clock)
        return [
            f"{at:%a %H:%M} {shown(action)}"
            for at, actions in self.playback.advance(self.now)
            for action in actions
        ]

    def decide(self, clock: str, name: str, **overrides: Any) -> Decision:
        assert self.until(clock) == [], "something fell due before the event"
        self.count += 1
        return self.playback.feed(
            event_of(name, **overrides), delivery=DeliveryId(f"d{self.count}"), now=self.now
        )

    def does(self, clock: str, name: str, **overrides: Any) -> list[str]:
        return [shown(action) for action in self.decide(clock, name, **overrides).actions]


def reasons(decision: Decision) -> list[tuple[str, str]]:
    return [(v.outcome.value, v.reason) for v in decision.verdicts]


def faults_of(rules: str) -> str:
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": HEAD + rules}, "rules.yaml")
    return str(caught.value)


# -- batch (1.4.12) ------------------------------------------------------------------------------

FOLDED = """
rules:
- name: docs
  on: push
  batch: {quiet: 5m, max_wait: 30m, by: [project, branch]}
  post: {to: dev, text: "{{ count }} pushes to {{ project }} by {{ actors | join(', ') }}"}
"""


def test_a_batch_is_one_message_when_it_has_been_quiet() -> None:
    run = Days(FOLDED)
    decision = run.decide("10:00", "push", project="docs/a", actor="alice")
    assert decision.actions == ()
    assert reasons(decision) == [("withheld", "batch (until 2026-03-02T10:05+00:00)")]
    run.decide("10:04", "push", project="docs/a", actor="bob")
    run.decide("10:08", "push", project="docs/a", actor="alice")
    assert run.until("10:12") == []
    assert run.until("12:00") == [
        f"Mon 10:13 {DEV}: 3 pushes to docs/a by Alice Moreau, Bob Okafor"
    ]
    assert run.until("tue 12:00") == []


def test_a_batch_never_waits_longer_than_max_wait() -> None:
    run = Days(FOLDED)
    for minute in range(0, 30, 4):
        run.decide(f"10:{minute:02}", "push", project="docs/a", actor="alice")
    assert run.until("10:40") == [f"Mon 10:30 {DEV}: 8 pushes to docs/a by Alice Moreau"]


def test_what_by_tells_apart_is_kept_apart() -> None:
    run = Days(FOLDED)
    run.decide("10:00", "push", project="docs/a", branch="main", actor="alice")
    run.decide("10:01", "push", project="docs/b", branch="main", actor="alice")
    run.decide("10:02", "push", project="docs/a", branch="x", actor="alice")
    assert run.until("11:00") == [
        f"Mon 10:05 {DEV}: 1 pushes to docs/a by Alice Moreau",
        f"Mon 10:06 {DEV}: 1 pushes to docs/b by Alice Moreau",
        f"Mon 10:07 {DEV}: 1 pushes to docs/a by Alice Moreau",
    ]


def test_without_by_a_batch_is_one_projects() -> None:
    run = Days(
        "rules:\n- {name: b, on: push, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev, text:"
        ' "{{ count }} {{ project }}"}}'
    )
    run.decide("10:00", "push", project="a/x")
    run.decide("10:01", "push", project="a/x", branch="other")
    run.decide("10:02", "push", project="b/y")
    assert run.until("11:00") == [f"Mon 10:06 {DEV}: 2 a/x", f"Mon 10:07 {DEV}: 1 b/y"]


def test_a_daily_batch_goes_at_its_time() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: daily 09:00,"
        " post: {to: ci, text: '{{ count }}'}}"
    )
    run.decide("08:59", "mr.opened", iid=1)
    assert run.until("09:00") == [f"Mon 09:00 {CI}: 1"]
    run.decide("09:00", "mr.opened", iid=2)
    run.decide("tue 08:00", "mr.opened", iid=3)
    assert run.until("tue 23:00") == [f"Tue 09:00 {CI}: 2"]


def test_one_alone_is_sent_as_it_is_and_several_become_lines() -> None:
    run = Days("rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: dev}")
    plain = Days("rules:\n- {on: mr.opened, post: dev}")
    (alone,) = plain.does("10:00", "mr.opened", iid=1)
    run.decide("10:00", "mr.opened", iid=1)
    assert run.until("10:05") == [f"Mon 10:05 {alone}"]
    run.decide("10:10", "mr.opened", iid=1)
    run.decide("10:11", "mr.opened", iid=2)
    ((_, (action,)),) = run.playback.advance(run.moment("10:30"))
    assert shown(action).startswith(f"{DEV}: 2 × mr.opened in ")
    assert action.message is not None
    (rows,) = action.message.body
    assert render(rows).count("• ") == 2


def test_own_texts_of_single_events_become_lines_too() -> None:
    run = Days(
        "rules:\n- {name: m, on: push, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev, text:"
        ' "{{ branch }} moved"}}'
    )
    run.decide("10:00", "push", branch="main")
    run.decide("10:01", "push", branch="next")
    ((_, (action,)),) = run.playback.advance(run.moment("10:30"))
    assert action.message is not None
    assert [render(part) for part in action.message.body] == ["• main moved\n• next moved"]


def test_mentions_of_a_batch_are_merged_and_each_person_is_pinged_once() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev,"
        " mention: reviewers, text: '{{ count }} new'}}"
    )
    run.decide("10:00", "mr.opened", iid=1, reviewers=["alice"], actor="carol")
    run.decide("10:01", "mr.opened", iid=2, reviewers=["bob", "alice"], actor="carol")
    assert run.until("11:00") == [f"Mon 10:06 {DEV}: <@U0ALICE01> <@U0BOB0001> 2 new"]


def test_items_of_a_batch_have_their_fields() -> None:
    run = Days(
        "rules:\n- {name: m, on: mr.opened, batch: {quiet: 5m, max_wait: 9m}, post: {to: dev,"
        " text: '{% for m in items %}[{{ m.source }} {{ m.title }}]{% endfor %}'}}"
    )
    run.decide("10:00", "mr.opened", iid=1, title="One <!channel>", source="a")
    run.decide("10:01", "mr.opened", iid=2, title="Two", source="b")
    (line,) = run.until("11:00")
    assert line == f"Mon 10:06 {DEV}: [a One &lt;!channel&gt;][b Two]"


# -- opposites -----------------------------------------------------------------------------------

OPPOSITES = "rules:\n- {name: m, on: mr, batch: {quiet: 5m, max_wait: 1h}, post: dev}"


def test_opposite_transitions_that_wait_together_cancel() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=1)
    ((at, made),) = run.playback.decisions_until(run.moment("11:00"))
    assert (f"{at:%H:%M}", made.actions) == ("10:06", ())
    assert reasons(made) == [("withheld", "batch of 2: d1, d2, 2 cancelled")]


def test_the_opposite_of_another_subject_cancels_nothing() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=2)
    (line,) = run.until("11:00")
    assert "2 × events" in line


def test_of_opened_closed_and_reopened_the_last_is_left() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.closed", iid=1)
    run.decide("10:02", "mr.reopened", iid=1)
    (line,) = run.until("11:00")
    assert "reopened" in line


def test_a_branch_that_broke_and_healed_while_waiting_is_not_told() -> None:
    run = Days(
        "rules:\n- {name: p, on: [pipeline.broken, pipeline.fixed], batch: {quiet: 9m, max_wait:"
        " 1h}, post: dev}"
    )
    run.decide("10:00", "pipeline.failed", branch="main", id=1)
    run.decide("10:05", "pipeline.success", branch="main", id=2)
    assert run.until("11:00") == []
    run.decide("11:00", "pipeline.failed", branch="main", id=3)
    assert len(run.until("12:00")) == 1


def test_an_approval_is_taken_back_only_by_the_same_person() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.approved", iid=1, actor="alice")
    run.decide("10:01", "mr.unapproved", iid=1, actor="bob")
    (line,) = run.until("11:00")
    assert "2 × events" in line


def test_drafted_and_ready_cancel() -> None:
    run = Days(OPPOSITES)
    run.decide("10:00", "mr.drafted", iid=1)
    run.decide("10:01", "mr.ready", iid=1)
    assert run.until("11:00") == []


# -- throttle ------------------------------------------------------------------------------------

THROTTLED = """
rules:
- name: staging
  on: deployment.failed
  throttle: {every: 15m, by: [project, environment]}
  post: {to: ci, text: "{{ environment }} failed"}
"""


def test_a_throttle_lets_the_first_go_and_counts_the_rest() -> None:
    run = Days(THROTTLED)
    assert run.does("10:00", "deployment.failed", environment="eu") == [f"{CI}: eu failed"]
    decision = run.decide("10:01", "deployment.failed", environment="eu")
    assert reasons(decision) == [("withheld", "throttle (until 2026-03-02T10:15+00:00)")]
    for minute in range(2, 8):
        run.decide(f"10:0{minute}", "deployment.failed", environment="eu")
    (line,) = run.until("10:15")
    assert line.startswith(f"Mon 10:15 {CI}: +7 more")
    assert run.does("10:16", "deployment.failed", environment="eu") == [f"{CI}: eu failed"]


def test_a_throttle_with_nothing_to_count_says_nothing() -> None:
    run = Days(THROTTLED)
    run.decide("10:00", "deployment.failed", environment="eu")
    assert run.until("11:00") == []


def test_a_throttle_counts_by_its_fields() -> None:
    run = Days(THROTTLED)
    assert len(run.does("10:00", "deployment.failed", environment="eu")) == 1
    assert len(run.does("10:01", "deployment.failed", environment="us")) == 1
    assert len(run.does("10:02", "deployment.failed", environment="eu")) == 0


def test_the_window_of_a_throttle_ends_with_its_last_moment_excluded() -> None:
    run = Days(THROTTLED)
    run.decide("10:00", "deployment.failed", environment="eu")
    assert len(run.does("10:15", "deployment.failed", environment="eu")) == 1


# -- hours ---------------------------------------------------------------------------------------


def test_during_drops_what_comes_outside() -> None:
    run = Days("rules:\n- {name: d, on: push, during: work, post: {to: dev, text: x}}")
    decision = run.decide("08:59", "push")
    assert reasons(decision) == [("withheld", "hours (outside work)")]
    assert run.does("09:00", "push") == [f"{DEV}: x"]
    assert run.does("18:00", "push") == []
    assert run.until("wed 12:00") == []


def test_wait_for_holds_until_the_window_opens_and_says_it_once() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, post: {to: dev, text: '{{ branch }}'}}"
    )
    decision = run.decide("fri 18:00", "push", branch="a")
    assert reasons(decision) == [("withheld", "hours (until 2026-03-09T09:00+00:00)")]
    run.decide("sat 12:00", "push", branch="b")
    (line,) = run.until("mon 12:00")
    assert line.startswith(f"Mon 09:00 {DEV}: 2 × push in ")
    assert run.does("mon 12:00", "push", branch="c") == [f"{DEV}: c"]


def test_a_batch_that_ends_outside_of_its_hours_waits_for_them() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, batch: {quiet: 10m, max_wait: 1h},"
        " post: {to: dev, text: '{{ count }}'}}"
    )
    run.decide("17:55", "push")
    run.decide("17:56", "push")
    assert run.until("tue 12:00") == [f"Tue 09:00 {DEV}: 2"]


def test_what_waits_for_its_hours_is_not_throttled() -> None:
    run = Days(
        "rules:\n- {name: w, on: push, wait_for: work, throttle: {every: 1h},"
        " post: {to: dev, text: '{{ branch }}'}}"
    )
    run.decide("20:00", "push")
    run.decide("20:01", "push")
    (line,) = run.until("tue 08:59") + run.until("tue 09:00")
    assert line.startswith(f"Tue 09:00 {DEV}: 2 × push")


def test_reactions_that_waited_are_each_put() -> None:
    run = Days(
        "rules:\n- {on: mr.opened, post: dev}\n"
        "- {name: r, on: mr.approved, wait_for: work, react: tada}"
    )
    run.does("10:00", "mr.opened", iid=1)
    run.does("10:00", "mr.opened", iid=2)
    run.decide("20:00", "mr.approved", iid=1)
    run.decide("20:01", "mr.approved", iid=2)
    lines = run.until("tue 09:00")
    assert lines == ["Tue 09:00 react C0DEV0001: +tada"] * 2


# -- once (1.4.11) -------------------------------------------------------------------------------


def test_once_is_spent_by_what_is_held() -> None:
    run = Days("rules:\n- {name: o, on: mr, once: mr, wait_for: work, post: {to: dev, text: x}}")
    run.decide("20:00", "mr.opened", iid=1)
    decision = run.decide("20:01", "mr.pushed", iid=1)
    assert reasons(decision) == [("withheld", "once=mr (sent 2026-03-02T20:00 to C0DEV0001)")]
    assert run.until("tue 09:00") == [f"Tue 09:00 {DEV}: x"]


def test_once_is_spent_by_what_is_batched() -> None:
    run = Days(
        "rules:\n- {name: o, on: mr, once: mr, batch: daily 09:00, post: {to: dev, text:"
        " '{{ count }}'}}"
    )
    run.decide("10:00", "mr.opened", iid=1)
    run.decide("10:01", "mr.pushed", iid=1)
    assert run.until("tue 09:00") == [f"Tue 09:00 {DEV}: 1"]


def test_once_is_not_spent_by_what_hours_dropped() -> None:
    run = Days("rules:\n- {name: o, on: mr, once: mr, during: work, post: {to: dev, text: x}}")
    assert run.does("20:00", "mr.opened", iid=1) == []
    assert run.does("tue 10:00", "mr.pushed", iid=1) == [f"{DEV}: x"]


def test_once_is_not_spent_by_what_is_muted() -> None:
    run = Days(
        "mute:\n- {rule: o, until: 2026-03-03 09:00}\n"
        "rules:\n- {name: o, on: mr, once: mr, post: {to: dev, text: x}}"
    )
    assert run.does("20:00", "mr.opened", iid=1) == []
    assert run.does("tue 10:00", "mr.pushed", iid=1) == [f"{DEV}: x"]


def test_what_once_withheld_opens_no_window_of_a_throttle() -> None:
    run = Days(
        "rules:\n- {name: o, on: mr, once: mr, throttle: {every: 1h}, post: {to: dev, text: x}}"
    )
    assert len(run.does("10:00", "mr.opened", iid=1)) == 1
    assert run.does("11:30", "mr.pushed", iid=1) == []
    assert len(run.does("11:31", "mr.opened", iid=2)) == 1


def test_a_decision_names_what_it_saw_under_keys_that_other_lanes_may_write() -> None:
    run = Days(
        "rules:\n- {name: o, on: mr, once: mr, throttle: {every: 1h}, post: {to: dev, text: x}}"
    )
    first = run.decide("10:00", "mr.opened", iid=1)
    assert set(first.expect.values()) == {None}
    assert set(first.expect) == {k for k in first.remember if k.startswith(("once:", "throttle:"))}
    second = run.decide("11:30", "mr.opened", iid=2)
    (window,) = [key for key in second.expect if key.startswith("throttle:")]
    assert second.expect[window] == first.remember[window]


# -- mutes (1.4.18) ------------------------------------------------------------------------------


def test_a_muted_rule_is_withheld_and_the_others_act() -> None:
    run = Days(
        "mute:\n- {rule: a}\nrules:\n- {name: a, on: push, post: {to: dev, text: a}}\n"
        "- {name: b, on: push, post: {to: ci, text: b}}"
    )
    decision = run.decide("10:00", "push")
    assert [shown(action) for action in decision.actions] == [f"{CI}: b"]
    assert reasons(decision) == [("withheld", "muted"), ("sent", "")]


def test_a_muted_channel_gets_nothing_and_the_others_do() -> None:
    run = Days(
        "mute:\n- {channel: dev}\nrules:\n- {name: a, on: push, post: {to: [dev, ci], text: a}}\n"
        "- {name: b, on: push, post: {to: dev, text: b}}"
    )
    decision = run.decide("10:00", "push")
    assert [shown(action) for action in decision.actions] == [f"{CI}: a"]
    assert reasons(decision) == [("sent", ""), ("withheld", "muted")]


def test_a_muted_rule_still_wanted_the_event() -> None:
    run = Days(
        "mute:\n- {rule: a}\nrules:\n- {name: a, on: push, post: dev}\n- {on: unmatched, post: ci}"
    )
    assert run.does("10:00", "push") == []


def test_a_mute_of_one_rule_in_one_project_is_about_both() -> None:
    run = Days(
        "mute:\n- {rule: a, project: shop/**}\n"
        "rules:\n- {name: a, on: push, post: {to: dev, text: a}}"
    )
    assert run.does("10:00", "push", project="shop/api") == []
    assert run.does("10:01", "push", project="docs/a") == [f"{DEV}: a"]


def test_a_muted_channels_card_is_let_alone() -> None:
    run = Days("mute:\n- {channel: dev, until: 2026-03-02 12:00}\nrules:\n- {on: mr, card: dev}")
    assert run.does("13:00", "mr.opened", iid=1) != []
    again = Days("mute:\n- {channel: dev}\nrules:\n- {on: mr, card: dev}")
    assert again.does("10:00", "mr.opened", iid=1) == []


def chat_mute(run: Days, mute: Mute) -> None:
    run.playback.seed({CHAT_MUTES: [dump_mute(mute)]}, {})


@pytest.mark.parametrize(
    "mute",
    [
        Mute(project="shop", by="U0ALICE01"),
        Mute(project="Shop/API", by="U0ALICE01"),
        Mute(rule="a", by="U0ALICE01"),
        Mute(channel="C0DEV0001", by="U0ALICE01"),
    ],
)
def test_a_mute_from_chat_holds_for_project_group_rule_or_channel(mute: Mute) -> None:
    run = Days("rules:\n- {name: a, on: push, post: {to: dev, text: a}}")
    chat_mute(run, mute)
    decision = run.decide("10:00", "push", project="shop/api")
    assert decision.actions == ()
    assert reasons(decision) == [("withheld", "muted by U0ALICE01")]


def test_a_mute_from_chat_ends() -> None:
    run = Days("rules:\n- {name: a, on: push, post: {to: dev, text: a}}")
    until = run.moment("10:00")
    chat_mute(run, Mute(project="shop/api", until=until, by="bob"))
    decision = run.decide("09:59", "push", project="shop/api")
    assert reasons(decision) == [("withheld", "muted by bob until 2026-03-02T10:00+00:00")]
    assert len(run.does("10:00", "push", project="shop/api")) == 1


def test_what_waited_from_before_a_mute_is_said_after_it() -> None:
    run = Days(
        "mute:\n- {rule: w, until: 2026-03-02 12:00}\n"
        "rules:\n- {name: w, on: push, batch: daily 11:00, post: {to: dev, text: '{{ count }}'}}"
    )
    held = Days(
        "rules:\n- {name: w, on: push, batch: daily 11:00, post: {to: dev, text: '{{ count }}'}}"
    )
    run.playback.seed({}, {}, held=held.decide("10:00", "push").held)
    assert run.until("13:00") == [f"Mon 12:00 {DEV}: 1"]


# -- what does not load --------------------------------------------------------------------------


def batched_by(by: str, does: str, on: str = "mr") -> str:
    batch = f"{{quiet: 5m, max_wait: 9m{', by: ' + by if by else ''}}}"
    return f"rules:\n- {{name: a, on: {on}, batch: {batch}, {does}}}"


@pytest.mark.parametrize("does", ["reply: {text: x}", "card: dev", "react: tada"])
def test_batch_with_a_threads_verb_does_not_load_unless_by_holds_the_thread(does: str) -> None:
    assert "mixes messages of several threads" in faults_of(batched_by("", does))
    assert "mixes" in faults_of(batched_by("iid", does))
    for by in ("[project, iid]", "mr", "url"):
        load({"r": HEAD + batched_by(by, does)}, "r")


def test_batch_with_a_thread_by_template_needs_its_fields() -> None:
    does = 'reply: {thread: "x-{{ environment }}", text: y}'
    load({"r": HEAD + batched_by("environment", does, "deployment")}, "r")
    assert "mixes" in faults_of(batched_by("project", does, "deployment"))


@pytest.mark.parametrize("word", ["once: mr", "throttle: {every: 5m}", "batch: daily 09:00"])
def test_a_rule_with_state_is_asked_for_a_name(word: str) -> None:
    found = load({"r": f"{HEAD}rules:\n- {{on: mr, {word}, post: dev}}"}, "r").warnings
    assert any(f"a rule with `{word.partition(':')[0]}` needs a `name`" in w.text for w in found)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{name: a, on: push, during: work, wait_for: work, post: dev}", "exclude each other"),
        ("{name: a, on: push, during: wrok, post: dev}", "did you mean `work`?"),
        ("{name: a, on: push, batch: {quiet: 5m}, post: dev}", "`max_wait` is missing"),
        ("{name: a, on: push, batch: {quiet: 1h, max_wait: 5m}, post: dev}", "shorter"),
        ("{name: a, on: push, throttle: {by: project}, post: dev}", "`every` is missing"),
        ("{name: a, on: push, throttle: {every: 5m, by: nope}, post: dev}", "unknown field"),
        ("{every: '09:30', list: open_mrs, each: open_mrs, post: dev}", "exclude each other"),
        ("{every: '09:30', post: dev}", "`every` needs `list:` or `each:`"),
        ("{every: {cron: '0 9 31 2 *'}, list: open_mrs, post: dev}", "never happens"),
        ("{every: '09:30', each: open_mrs, if: additions > 5, post: dev}", "`additions`"),
    ],
)
def test_times_that_make_no_sense_do_not_load(rule: str, told: str) -> None:
    assert told in faults_of(f"rules:\n- {rule}")


def test_a_mute_of_a_rule_that_is_not_there_does_not_load() -> None:
    told = faults_of("mute:\n- {rule: al}\nrules:\n- {name: all, on: push, post: dev}")
    assert "there is no rule `al`" in told
    assert "did you mean `all`?" in told


def test_outcomes_of_what_is_held_are_withheld() -> None:
    run = Days(FOLDED)
    assert run.decide("10:00", "push").verdicts[0].outcome is Outcome.WITHHELD


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
    assert run.until("10:09") == ["Mon 10:09 post C0DEV0001: 3 pushes to docs/a by Bob Okafor"]
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
