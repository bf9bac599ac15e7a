"""Open threads of GitLab's merge requests: when its API is asked for them, what a card shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.events import SPECS, understand
from tests.events.reading import body_of, event_of, source
from tests.events.test_merge_request_card import row_of

if TYPE_CHECKING:
    from bot.model import Event


def with_threads(
    name: str, told: bool | None, count: int | None, kind: str | None = "DiffNote"
) -> Event:
    """Whether the body says that none is open, how many the API told, and the kind of a note."""
    header = "Note Hook" if name.startswith("note") else "Merge Request Hook"
    body = body_of(name)
    place = body["merge_request" if name.startswith("note") else "object_attributes"]
    place["blocking_discussions_resolved"] = told
    if name.startswith("note"):
        body["object_attributes"]["type"] = kind
    event = understand(source(header), body)
    fields = event.fields if count is None else {**event.fields, "open_threads": count}
    return replace(event, fields=fields)


_UPDATED, _NOTED = "merge_request_hook__update_without_changes", "note_hook__merge_request"


@pytest.mark.parametrize(
    ("story", "row"),
    [
        ([(_UPDATED, False, 2)], "🧵 2 open threads"),
        ([(_UPDATED, False, 1)], "🧵 1 open thread"),
        ([(_UPDATED, False, None)], "🧵 open threads"),
        # Only an internal one is open.
        ([(_UPDATED, False, 0)], ""),
        # Where the project does not want them resolved, its word says nothing.
        ([(_UPDATED, True, 2), (_UPDATED, True, None)], "🧵 2 open threads"),
        ([(_UPDATED, False, 2), (_UPDATED, True, None)], ""),
        ([(_NOTED, True, 3)], "🧵 3 open threads"),
        ([(_NOTED, True, 3), (_NOTED, True, 0)], ""),
        # A number that may be wrong by now is not shown.
        ([(_NOTED, True, 3), (_NOTED, True, None)], ""),
    ],
)
def test_open_threads_of_gitlab_are_as_many_as_its_api_told(
    story: list[tuple[str, bool, int | None]], row: str
) -> None:
    opened = event_of("merge_request_hook__open")
    assert row_of("🧵", opened, *(with_threads(*one) for one in story)) == row


@pytest.mark.parametrize(
    ("name", "told", "asks"),
    [
        (_UPDATED, False, True),
        (_UPDATED, True, False),
        ("merge_request_hook__open", True, False),
        ("merge_request_hook__update_pushed", True, True),
        ("merge_request_hook__approved", True, True),
        (_NOTED, True, True),
        ("note_hook__internal_in_plain_hook", True, False),
    ],
)
def test_threads_are_asked_for_when_the_event_may_have_changed_them(
    name: str, told: bool, asks: bool
) -> None:
    event = with_threads(name, told, None)
    wishes = SPECS[event.kind].wishes
    assert wishes is not None
    assert ("open_threads" in wishes(event)) is asks


def test_a_comment_outside_of_threads_asks_for_none() -> None:
    wishes = SPECS["comment"].wishes
    assert wishes is not None
    assert wishes(with_threads(_NOTED, told=False, count=None, kind=None)) == ()
