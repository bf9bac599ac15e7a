"""When calls are tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    CallError,
    ContentRefused,
    CredentialRefused,
    NotSent,
    Scope,
    TargetRefused,
    Unsure,
)
from bot.ports import Dead, Retry
from bot.worker.retry import GIVE_UP, Gates, after_failure, backoff

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def after(error: CallError, attempts: int = 1, age: timedelta = timedelta()) -> Retry | Dead:
    return after_failure(error, attempts=attempts, created_at=NOW - age, now=NOW, jitter=0.5)


@given(st.integers(0, 10_000), st.floats(0, 0.999))
def test_a_backoff_grows_and_is_capped(attempts: int, jitter: float) -> None:
    assert backoff(attempts, jitter=jitter) <= backoff(attempts + 1, jitter=jitter)
    assert timedelta(seconds=2) <= backoff(attempts, jitter=jitter) <= timedelta(minutes=2.5)


def test_nothing_is_sent_before_its_retry_after() -> None:
    made = after(NotSent("slow down", retry_after=30.0))
    at = NOW + timedelta(seconds=30)
    assert made == Retry(at=at, error="slow down", code="NotSent", limited=True)


@pytest.mark.parametrize("seconds", [86_401.0, 1e12, 1e300, float("inf")])
def test_no_server_can_hold_a_lane_longer_than_an_item_is_tried(seconds: float) -> None:
    made = after(NotSent("slow down", retry_after=seconds))
    assert made == Retry(at=NOW + GIVE_UP, error="slow down", code="NotSent", limited=True)


def test_an_unsure_call_is_looked_for_before_it_is_repeated() -> None:
    made = after(Unsure("reset", code="reset"))
    assert isinstance(made, Retry)
    assert made.maybe_sent


@pytest.mark.parametrize("refused", [TargetRefused, ContentRefused, CredentialRefused])
def test_a_refusal_is_final(refused: type[CallError]) -> None:
    assert after(refused("no", code="is_archived")) == Dead(error="no", code="is_archived")


def test_a_day_of_failures_is_given_up() -> None:
    assert isinstance(after(NotSent("down"), 700, age=GIVE_UP - timedelta(seconds=1)), Retry)
    assert isinstance(after(NotSent("down"), 700, age=GIVE_UP), Dead)


def test_what_waited_behind_others_for_a_day_is_tried_for_a_while() -> None:
    assert isinstance(after(NotSent("down"), 11, age=2 * GIVE_UP), Retry)
    assert isinstance(after(NotSent("down"), 12, age=2 * GIVE_UP), Dead)
    assert isinstance(after(NotSent("down"), 1, age=3 * GIVE_UP), Dead)


@pytest.mark.parametrize(("error", "maybe"), [(Unsure("reset"), True), (NotSent("down"), False)])
def test_what_is_given_up_may_be_there_all_the_same(error: CallError, maybe: bool) -> None:
    made = after(error, 700, age=GIVE_UP)
    assert isinstance(made, Dead)
    assert made.maybe_sent is maybe


def test_one_lanes_limit_holds_no_other_lane() -> None:
    gates = Gates()
    later = NOW + timedelta(seconds=5)
    gates.limited("post", "send:slack:C1", until=later, scope=Scope.LANE, now=NOW)
    assert gates.closed_until("post", now=NOW) is None


def test_a_second_lanes_limit_in_the_same_window_holds_the_method() -> None:
    gates = Gates()
    later = NOW + timedelta(seconds=5)
    gates.limited("post", "send:slack:C1", until=later, scope=Scope.LANE, now=NOW)
    gates.limited("post", "send:slack:C2", until=later, scope=Scope.LANE, now=NOW)
    assert gates.closed_until("post", now=NOW) == later
    assert gates.closed_until("edit", now=NOW) is None
    assert gates.closed_until("post", now=later) is None


def test_a_second_lanes_limit_after_the_window_holds_nothing() -> None:
    gates = Gates()
    first, second = NOW + timedelta(seconds=5), NOW + timedelta(seconds=20)
    gates.limited("post", "send:slack:C1", until=first, scope=Scope.LANE, now=NOW)
    gates.limited("post", "send:slack:C2", until=second, scope=Scope.LANE, now=first)
    assert gates.closed_until("post", now=first) is None


def test_a_limit_on_a_method_holds_it_at_once() -> None:
    gates = Gates()
    later = NOW + timedelta(seconds=5)
    gates.limited("edit", "send:slack:C1", until=later, scope=Scope.METHOD, now=NOW)
    assert gates.closed_until("edit", now=NOW) == later
