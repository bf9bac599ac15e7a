"""What a finished pipeline means for its branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.events import SPECS
from bot.model import Person
from tests.events.reading import event_of, line_of, sampled

if TYPE_CHECKING:
    from bot.model import Event, Json, Value
    from bot.registry import Derived

_SPEC = SPECS["pipeline"]
_SHOP = "[shop/api](https://gitlab.example.com/shop/api)"


def _run(number: int, status: str, at: str, **overrides: Any) -> Event:
    values = {"id": number, "at": f"2026-03-02 {at} UTC", **overrides}
    return sampled(f"pipeline.{status}", **values)


def _derive(event: Event, state: Json) -> Derived:
    assert _SPEC.derive is not None
    return _SPEC.derive(event, state)


def _story(*events: Event) -> list[tuple[tuple[str, ...], Value | None]]:
    """The derived names and `broken_for` of each, in a row."""
    state: Json = None
    told = []
    for event in events:
        derived = _derive(event, state)
        state = derived.state
        told.append((derived.names, derived.fields.get("broken_for")))
    return told


def _key(event: Event) -> str:
    assert _SPEC.state_key is not None
    return _SPEC.state_key(event)


def test_the_first_failure_breaks_the_branch_and_a_success_fixes_it() -> None:
    assert _story(
        _run(1, "failed", "10:00:00"),
        _run(2, "failed", "10:05:00"),
        _run(3, "success", "10:10:00"),
        _run(4, "success", "10:15:00"),
    ) == [
        (("pipeline.broken",), None),
        (("pipeline.still_failing",), timedelta(minutes=5)),
        (("pipeline.fixed",), timedelta(minutes=10)),
        ((), None),
    ]


def test_without_a_predecessor_the_branch_was_green() -> None:
    assert _derive(_run(1, "failed", "10:00:00"), None).fields["previous_status"] == "success"
    assert _story(_run(1, "success", "10:00:00")) == [((), None)]


def test_an_older_pipeline_that_comes_late_is_ignored() -> None:
    state = _derive(_run(502, "success", "10:13:10"), None).state
    late = _derive(event_of("pipeline_hook__out_of_order"), state)
    assert (late.names, late.state) == ((), state)


def test_a_retry_of_the_same_pipeline_fixes_the_branch() -> None:
    assert _story(_run(7, "failed", "10:00:00"), _run(7, "success", "10:08:00")) == [
        (("pipeline.broken",), None),
        (("pipeline.fixed",), timedelta(minutes=8)),
    ]


def test_the_same_end_told_twice_counts_once() -> None:
    again = _run(7, "failed", "10:00:00")
    assert _story(again, again) == [(("pipeline.broken",), None), ((), None)]


def test_an_earlier_end_of_the_same_pipeline_that_comes_late_is_ignored() -> None:
    state = _derive(_run(7, "success", "10:08:00"), None).state
    assert _derive(_run(7, "failed", "10:00:00"), state).names == ()


def test_the_state_is_kept_by_instance_project_and_branch() -> None:
    assert _key(event_of("pipeline_hook__failed")) == "pipeline:gitlab:15:main"
    assert _key(_run(1, "failed", "10:00:00", branch="dev")) == "pipeline:gitlab:15:dev"


def test_some_pipelines_say_nothing_of_their_branch() -> None:
    for name in ("running", "merge_request", "child", "tag"):
        assert _key(event_of(f"pipeline_hook__{name}")) == "", name
    assert _key(_run(1, "canceled", "10:00:00")) == ""


def test_the_text_says_how_long_a_branch_was_broken() -> None:
    event = event_of("pipeline_hook__success")
    fields = {**event.fields, "broken_for": timedelta(minutes=10)}
    fixed = replace(event, names=("pipeline.fixed", *event.names), fields=fields)
    assert line_of(fixed).startswith(
        f"✅ `main` of {_SHOP} is fixed after 10 min by Bob: [pipeline #502]"
    )


def test_the_text_says_that_a_branch_broke() -> None:
    event = event_of("pipeline_hook__failed")
    broken = replace(event, names=("pipeline.broken", *event.names))
    assert line_of(broken).startswith(f"❌ `main` of {_SHOP} is broken by Bob: [pipeline #501]")
    assert line_of(broken).endswith(" failed in 3 min 4 s"), "where was said already"


def test_that_it_is_fixed_tells_the_project_in_the_channel_too() -> None:
    event = event_of("pipeline_hook__success")
    fixed = replace(event, names=("pipeline.fixed", *event.names))
    assert _SPEC.reply is not None
    assert "shop/api" in str(_SPEC.reply(fixed))


def test_whom_git_and_the_forge_call_otherwise_is_named_once() -> None:
    event = event_of("workflow_run__failure")
    assert "started by" not in str(_SPEC.line(event).context)
    other = replace(event, actor=Person(username="carol", name="", id="13"))
    assert "started by carol" in str(_SPEC.line(other).context)


def test_failed_jobs_leave_out_what_a_retry_passed_and_what_may_fail() -> None:
    event = event_of("pipeline_hook__many_failed_jobs_one_retried")
    jobs = event.fields["failed_jobs"]
    assert isinstance(jobs, tuple)
    assert len(jobs) == 13
    text = _SPEC.line(event)
    assert text.body
    assert "flaky" not in str(text)
    assert "lint" not in str(text)


def test_a_pipeline_of_a_merge_request_is_about_it_even_in_a_fork() -> None:
    event = event_of("pipeline_hook__merge_request")
    assert event.subjects[1] == "gitlab:15:mr:7"
    assert event.fields["trigger"] == "merge_request"
    assert event.fields["target"] == "main"


def test_other_pipelines_find_their_merge_request_by_the_head_commit() -> None:
    mr = event_of("merge_request_hook__open")
    remembers = SPECS["mr"].remembers
    assert remembers is not None
    key = next(iter(remembers(mr)))
    run = sampled("pipeline.failed", sha=key.rpartition(":")[2])
    assert run.links == (key,)
    assert remembers(mr)[key] == mr.subjects[0] == "gitlab:15:mr:7"
