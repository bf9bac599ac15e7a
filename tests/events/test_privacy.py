"""What is confidential, by every sign there is."""

from __future__ import annotations

import pytest

from bot.events import understand
from tests.events.reading import NAMES, body_of, event_of, source

_SECRET = {
    "confidential_issue_hook__epic",
    "confidential_issue_hook__open",
    "issue_hook__no_longer_confidential",
    "confidential_note_hook__internal_on_issue",
    "note_hook__internal_in_plain_hook",
    "emoji_hook__revoke_on_confidential_issue",
    "repository_advisory__reported",
    "secret_scanning_alert__assigned",
    "secret_scanning_alert__created",
    "secret_scanning_alert__publicly_leaked",
    "secret_scanning_alert__reopened",
    "secret_scanning_alert__resolved",
    "secret_scanning_alert__unassigned",
    "secret_scanning_alert__validated",
    "secret_scanning_alert_location__created",
    "secret_scanning_scan__completed",
}


@pytest.mark.parametrize("name", NAMES)
def test_confidential_events_are_marked_and_no_others(name: str) -> None:
    event = event_of(name)
    assert event.confidential == (name in _SECRET)
    assert event.fields["confidential"] == event.confidential


@pytest.mark.parametrize("header", ["Confidential Issue Hook", "Confidential Note Hook"])
def test_the_header_alone_is_enough(header: str) -> None:
    name = "issue_hook__open" if "Issue" in header else "note_hook__issue_absent"
    assert understand(source(header), body_of(name)).confidential


def test_a_comment_on_a_confidential_issue_is_confidential() -> None:
    body = body_of("confidential_note_hook__internal_on_issue")
    body["object_attributes"]["internal"] = False
    body["event_type"] = "note"
    body["issue"]["confidential"] = True
    assert understand(source("Note Hook"), body).confidential


def test_a_work_item_may_be_confidential_too() -> None:
    body = body_of("issue_hook__epic_without_project")
    body["object_attributes"]["confidential"] = True
    assert understand(source("Issue Hook"), body).confidential


def test_what_only_members_see_is_private_in_a_public_project_too() -> None:
    event = event_of("dependabot_alert__created")
    assert event.payload["repository"]["visibility"] == "public"
    assert event.fields["visibility"] == "private"
    assert event.project is not None
    assert event.project.visibility == "private"
    assert event_of("repository_advisory__published").fields["visibility"] == "public"
    assert event_of("security_advisory__published").fields["visibility"] == "public"


@pytest.mark.parametrize("name", ["issues__transferred", "discussion__transferred"])
def test_who_names_a_private_project_in_a_public_one_is_private(name: str) -> None:
    body = body_of(name)
    body["repository"] |= {"private": False, "visibility": "public"}
    told = understand(source(name.partition("__")[0], "github"), body)
    assert told.fields["visibility"] == "private"
    body["changes"]["new_repository"]["private"] = False
    told = understand(source(name.partition("__")[0], "github"), body)
    assert told.fields["visibility"] == "public"


def test_a_parent_in_a_private_project_makes_what_is_told_of_its_child_private() -> None:
    body = body_of("sub_issues__parent_issue_removed_elsewhere")
    body["repository"] |= {"private": False, "visibility": "public"}
    assert understand(source("sub_issues", "github"), body).fields["visibility"] == "private"


def test_an_issue_that_was_confidential_until_now_is_told_as_such() -> None:
    body = body_of("issue_hook__update_labeled")
    body["changes"] = {"confidential": {"previous": True, "current": False}}
    assert understand(source("Issue Hook"), body).confidential


def test_an_epic_belongs_to_its_group() -> None:
    event = event_of("issue_hook__epic_without_project")
    assert event.project is None
    assert event.fields["group"] == "shop/web"
    assert "project" not in event.fields
    assert event.subjects == event_of("note_hook__epic").subjects


def test_a_system_note_has_no_name() -> None:
    assert event_of("note_hook__system").names == ()


def test_an_edited_comment_is_not_a_new_one() -> None:
    assert event_of("note_hook__edited").names == ("comment.edited",)
    assert event_of("note_hook__diff_without_action").names == ("comment.mr", "comment")
