"""Merge requests: what one delivery says happened, and their live card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.events import SPECS, understand
from bot.message import width
from bot.model import Person
from tests.events.reading import body_of, event_of, line_of, picture, reply_of, sampled, source

if TYPE_CHECKING:
    from bot.model import Event, Json

_SPEC = SPECS["mr"]


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("open", ("mr.opened",)),
        ("open_with_reviewers", ("mr.opened", "mr.review_requested")),
        ("update_without_changes", ("mr.updated",)),
        ("update_pushed", ("mr.pushed",)),
        ("update_ready", ("mr.ready",)),
        ("update_drafted_by_title_old_changes", ("mr.drafted",)),
        ("update_label_and_reviewer", ("mr.review_requested", "mr.labeled")),
        ("update_label_removed", ("mr.updated",)),
        ("update_review_asked_again", ("mr.review_requested",)),
        ("update_changes_requested", ("mr.changes_requested",)),
        ("update_retargeted", ("mr.retargeted",)),
        ("approved", ("mr.approved",)),
        ("approval", ("mr.approved",)),
        ("approvals_reset_on_push", ()),
        ("merge", ("mr.merged",)),
        ("close", ("mr.closed",)),
        ("no_action_deleted_fork", ("mr.updated",)),
    ],
)
def test_a_delivery_has_the_names_of_what_happened(case: str, names: tuple[str, ...]) -> None:
    assert event_of(f"merge_request_hook__{case}").names == names


def test_a_single_approval_and_the_last_one_are_told_apart_by_a_field() -> None:
    assert event_of("merge_request_hook__approved").fields["approved"] is True
    assert event_of("merge_request_hook__approval").fields["approved"] is False
    assert "approved" not in event_of("merge_request_hook__open").fields


def test_the_branch_of_a_merge_request_is_its_target() -> None:
    fields = event_of("merge_request_hook__open").fields
    assert (fields["branch"], fields["source"], fields["target"]) == ("main", "search", "main")


def test_its_head_commit_is_one_of_its_subjects() -> None:
    event = event_of("merge_request_hook__open")
    assert event.subjects == ("gitlab:15:mr:7", f"gitlab:15:commit:{event.fields['sha']}")


def test_the_author_is_known_when_somebody_named_has_the_number() -> None:
    author = event_of("merge_request_hook__open").fields["author"]
    assert isinstance(author, Person)
    assert author.username == "alice"
    assert "author" not in event_of("merge_request_hook__merge").fields


def test_only_who_is_new_was_asked() -> None:
    added = event_of("merge_request_hook__update_label_and_reviewer").fields["added_reviewers"]
    assert [one.username for one in added if isinstance(one, Person)] == ["bob"]  # type: ignore[union-attr]  # the field's type is checked by its declaration
    assert event_of("merge_request_hook__update_pushed").fields["added_reviewers"] == ()


def test_an_account_of_an_access_token_is_a_bot() -> None:
    assert event_of("merge_request_hook__open_by_token_bot").fields["bot"] is True
    assert event_of("merge_request_hook__open").fields["bot"] is False


def test_conflicts_are_absent_while_nobody_knows() -> None:
    body = body_of("merge_request_hook__open")
    assert event_of("merge_request_hook__open").fields["conflicts"] is False
    assert event_of("merge_request_hook__no_action_deleted_fork").fields["conflicts"] is True
    body["object_attributes"]["merge_status"] = "checking"
    body["object_attributes"]["detailed_merge_status"] = "checking"
    assert "conflicts" not in understand(source(), body).fields


def test_a_long_hostile_title_stays_on_one_short_line() -> None:
    event = event_of("merge_request_hook__hostile_title")
    assert "\n" not in line_of(event)
    assert width(_SPEC.line(event).text) < 240


def _facts(*events: Event) -> Json:
    facts: Json = None
    assert _SPEC.fold is not None
    for event in events:
        facts = _SPEC.fold(facts, event)
    return facts


def _card(*events: Event) -> str:
    assert _SPEC.card is not None
    return picture(_SPEC.card(_facts(*events)))


def _mr(case: str) -> Event:
    return event_of(f"merge_request_hook__{case}")


def test_only_its_own_events_begin_the_facts_of_a_merge_request() -> None:
    for name in ("note_hook__merge_request", "pipeline_hook__merge_request"):
        assert _facts(event_of(name)) is None
    assert _facts(_mr("open")) is not None


def test_facts_are_json() -> None:
    facts = _facts(_mr("open_with_reviewers"), _mr("approved"), event_of("note_hook__edited"))
    assert json.loads(json.dumps(facts)) == facts


def test_a_card_shows_everything_that_is_known() -> None:
    story = (
        _mr("open_with_reviewers"),
        event_of("note_hook__merge_request"),
        _mr("update_pushed"),
        event_of("pipeline_hook__merge_request"),
        _mr("approved"),
    )
    link = "https://gitlab.example.com/shop/api"
    assert _card(*story) == (
        f"✅ Approved · [!7 Add search to the product list]({link}/-/merge_requests/7)\n"
        "  | Customers ask for it every week.\n"
        f"  | Closes [#5]({link}/-/issues/5)\n"
        f"  · Alice · `search` → `main` · [shop/api]({link})\n"
        "  · 👍 Approved by Bob\n"
        f"  · [✅ pipeline passed]({link}/-/pipelines/500) · 💬 1\n"
        "  color: good"
    )


def test_a_merged_card_is_struck_through() -> None:
    assert _card(_mr("open"), _mr("merge")).startswith("🔀 Merged · ~[!7 Add search")


def test_a_draft_shows_its_title_without_the_prefix() -> None:
    assert _card(_mr("open_draft")).startswith("📝 Draft · [!7 Add search](")


def test_taking_an_approval_back_removes_it_from_the_card() -> None:
    facts = _facts(_mr("open"), _mr("approval"), sampled("mr.unapproved"))
    assert (facts["approved_by"], facts["approved"]) == ([], False)


def test_the_same_person_approves_once() -> None:
    assert len(_facts(_mr("open"), _mr("approval"), _mr("approved"))["approved_by"]) == 1


def test_approvals_that_a_push_reset_leave_the_card() -> None:
    facts = _facts(_mr("open"), _mr("approved"), _mr("approvals_reset_on_push"))
    assert (facts["approved_by"], facts["approved"]) == ([], False)


def _pipeline(number: int, status: str, **attributes: Any) -> Event:
    body = body_of("pipeline_hook__merge_request")
    body["object_attributes"].update({"id": number, "status": status, **attributes})
    return understand(source(), body)


def test_the_newest_pipeline_shows_on_the_card_whatever_comes_late() -> None:
    newest, late = _pipeline(500, "failed"), _pipeline(499, "success")
    facts = _facts(_mr("update_pushed"), newest, late, _pipeline(500, "running"))
    (run,) = facts["runs"].values()
    assert (run["id"], run["status"]) == (500, "failed")


def test_a_push_makes_the_old_heads_pipeline_outdated() -> None:
    old = _mr("open").fields["sha"]
    story = (_mr("open"), _pipeline(499, "running", sha=old), _mr("update_pushed"))
    assert "runs" in _facts(*story[:2])
    assert "runs" not in _facts(*story)
    assert "runs" not in _facts(*story, _pipeline(499, "success", sha=old))


def test_a_pipeline_of_another_commit_does_not_show() -> None:
    assert "runs" not in _facts(_mr("open"), event_of("pipeline_hook__failed"))


def test_what_an_event_does_not_tell_stays_on_the_card() -> None:
    facts = _facts(_mr("open"), _mr("merge"))
    assert facts["author"]["username"] == "alice"


def test_replies_do_not_repeat_the_title() -> None:
    for case in ("open", "merge", "approved", "update_pushed", "update_label_and_reviewer"):
        assert "Add search" not in reply_of(_mr(case))
