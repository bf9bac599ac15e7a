"""1.4.11 and 1.4.18: once, mutes; and which times do not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.rules.load import load
from bot.rules.mutes import CHAT_MUTES, Mute, dump_mute
from tests.deciding import shown
from tests.rules.days import CI, DEV, HEAD, Days, faults_of, reasons

if TYPE_CHECKING:
    pass


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


@pytest.mark.parametrize("waits", ["wait_for: work", "batch: {quiet: 5m, max_wait: 9m, by: mr}"])
def test_a_card_that_is_held_back_is_warned_of(waits: str) -> None:
    for does, told in (("card: dev", 1), ("post: dev", 0)):
        rules = f"rules:\n- {{name: a, on: mr, {waits}, {does}}}"
        warnings = load({"r": HEAD + rules}, "r").warnings
        assert sum("holds a card back" in one.text for one in warnings) == told


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
