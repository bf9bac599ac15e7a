"""Several hooks bring one event; one hook brings several events with the same body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.twins import Twins

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def told(hooks: str, kept: object = None) -> str:
    """Of deliveries by the letters of their hooks, one a day, those that were events in capitals;
    each `.` is a day without any."""
    said = ""
    for day, hook in enumerate(hooks):
        if hook == ".":
            continue
        now = BEGIN + timedelta(days=day)
        made, fresh = Twins.of(kept, now).with_one(hook, f"d{day}", now)
        kept = made.kept()
        said += hook.upper() if fresh else hook
    return said


@pytest.mark.parametrize(
    ("hooks", "events"),
    [
        ("ab", "Ab"),
        ("abab", "AbAb"),
        ("abba", "AbBa"),  # whichever comes first
        ("aabb", "AAbb"),
        ("abc", "Abc"),
        ("abb", "AbB"),  # the first hook is gone, or brought nothing
        ("aabbb", "AAbbB"),
        ("a.....b", "Ab"),  # fetched late
        ("a......b", "AB"),  # another hook in its place, and nothing that would be fetched now
        ("aaa......cc", "AAACC"),
    ],
)
def test_the_nth_that_a_hook_brings_is_the_nth_event(hooks: str, events: str) -> None:
    assert told(hooks) == events


def test_what_earlier_versions_kept_is_understood() -> None:
    kept = {"hook": "a", "delivery": "d"}
    assert told("bab", kept) == "bAb"
    assert Twins.of(kept, BEGIN).with_one("b", "d2", BEGIN)[0].delivery == "d"


def test_earlier_versions_read_what_is_kept_now() -> None:
    kept = Twins.of(None, BEGIN).with_one("a", "d1", BEGIN)[0].kept()
    assert (kept["hook"], kept["delivery"]) == ("a", "d1")
