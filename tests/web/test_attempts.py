"""Sources that fail to authenticate again and again."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.web.attempts import MAX_FAILURES, TRUST, WINDOW, Attempts


class Hand:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def fail(attempts: Attempts, source: str, times: int = MAX_FAILURES) -> None:
    for _ in range(times):
        attempts.failed(source)


def test_a_source_that_fails_too_often_is_turned_away_for_a_minute() -> None:
    clock = Hand()
    attempts = Attempts(clock)
    fail(attempts, "192.0.2.1", MAX_FAILURES - 1)
    assert not attempts.is_turned_away("192.0.2.1")
    attempts.failed("192.0.2.1")
    assert attempts.is_turned_away("192.0.2.1")
    assert not attempts.is_turned_away("192.0.2.2")
    clock.at += WINDOW
    assert not attempts.is_turned_away("192.0.2.1")


def test_failures_far_apart_turn_nobody_away() -> None:
    clock = Hand()
    attempts = Attempts(clock)
    for _ in range(3 * MAX_FAILURES):
        attempts.failed("192.0.2.1")
        clock.at += WINDOW / (MAX_FAILURES - 1)
    assert not attempts.is_turned_away("192.0.2.1")


def test_a_source_the_forge_comes_from_too_is_never_turned_away() -> None:
    clock = Hand()
    attempts = Attempts(clock)
    fail(attempts, "192.0.2.1")
    attempts.passed("192.0.2.1")
    assert not attempts.is_turned_away("192.0.2.1")
    fail(attempts, "192.0.2.1", 100)
    assert not attempts.is_turned_away("192.0.2.1")
    clock.at += TRUST
    fail(attempts, "192.0.2.1")
    assert attempts.is_turned_away("192.0.2.1")


def test_memory_is_bounded() -> None:
    attempts = Attempts(Hand())
    for number in range(10_000):
        attempts.failed(f"{number}")
        attempts.passed(f"p{number}")
    assert len(attempts._failed) == len(attempts._passed) == 4096


def test_who_is_forgotten_is_who_was_heard_of_longest_ago() -> None:
    attempts = Attempts(Hand())
    fail(attempts, "first")
    for number in range(4_095):
        attempts.failed(f"{number}")
    assert attempts.is_turned_away("first")
    attempts.failed("one more")
    assert not attempts.is_turned_away("first")
