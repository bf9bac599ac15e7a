"""What an edit of GitLab's changed, in words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.events import edits
from bot.message import join
from bot.payload import Payload
from bot.slack.mrkdwn import plain


def was(before: Any, after: Any) -> dict[str, Any]:
    return {"previous": before, "current": after}


def titled(*names: str) -> list[dict[str, str]]:
    return [{"title": name} for name in names]


def users(*names: str) -> list[dict[str, str]]:
    return [{"username": name} for name in names]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"labels": was(titled("a"), titled("b", "c"))}, "added labels b, c, removed label a"),
        ({"assignees": was(users("bob"), users("carol"))}, "assigned carol, unassigned bob"),
        ({"title": was("Draft: Old", "New")}, "changed the title from “Old”"),
        ({"title": was("Draft: Old", "Old")}, ""),
        ({"title": was(None, "New")}, "changed the title"),
        ({"description": was("a", "b")}, "changed the description"),
        (
            {"weight": was(None, 3), "severity": was("low", "high")},
            "set the severity to high, set the weight to 3",
        ),
        ({"due_date": was("2026-01-01", None)}, "removed the due date"),
        ({"confidential": was(False, True)}, "made it confidential"),
        ({"discussion_locked": was(True, False)}, "unlocked the discussion"),
        ({"milestone_id": was(None, 5)}, "set the milestone to Spring"),
        ({"milestone_id": was(5, None)}, "removed the milestone"),
        ({"updated_at": was("a", "b"), "total_time_spent": was(0, 60)}, ""),
        ({"title": "no change at all", "labels": None}, ""),
    ],
)
def test_each_thing_that_was_changed_has_a_clause(changes: dict[str, Any], told: str) -> None:
    body = Payload({"changes": changes, "milestone": {"title": "Spring"}})
    assert plain(join(", ", edits.of_gitlab(body))) == told


def test_a_milestone_that_the_body_does_not_name_is_told_as_changed() -> None:
    body = Payload({"changes": {"milestone_id": was(4, 5)}})
    assert plain(join(", ", edits.of_gitlab(body))) == "changed the milestone"
