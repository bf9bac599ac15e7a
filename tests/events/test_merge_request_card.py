"""The live card of a merge request, folded from events of both forges; what is put on it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.events import SPECS, understand
from bot.message import Plain
from bot.registry import Source
from bot.slack.mrkdwn import plain
from tests.events.reading import body_of, event_of, picture, sampled

if TYPE_CHECKING:
    from bot.model import Event, Json

_SPEC = SPECS["mr"]


def facts_of(*events: Event) -> Json:
    facts: Json = None
    assert _SPEC.fold is not None
    for event in events:
        facts = _SPEC.fold(facts, event)
    return json.loads(json.dumps(facts))


def card_of(*events: Event) -> str:
    assert _SPEC.card is not None
    return picture(_SPEC.card(facts_of(*events)))


def row_of(word: str, *events: Event) -> str:
    """The part of the card that has the word."""
    card = card_of(*events).partition("\n  color: ")[0]
    parts = card.replace("\n  · ", " · ").split(" · ")
    return next((part for part in parts if word in part), "")


def marks_of(*events: Event) -> set[str]:
    assert _SPEC.marks is not None
    return set(_SPEC.marks(facts_of(*events)))


def changed(name: str, **changes: Any) -> Event:
    """A fixture of GitHub's with members of its pull request changed."""
    body = body_of(name)
    event = name.partition("__")[0]
    for key, value in changes.items():
        if key == "sender":
            body["sender"] = {"login": value}
            for place in ("review", "comment"):
                if place in body:
                    body[place]["user"] = {"login": value}
        elif key in {"id", "in_reply_to_id"}:
            body["comment"][key] = value
        else:
            body["pull_request"][key] = value
    return understand(Source(forge="github", instance="github", event=event), body)


_APPROVED = "pull_request_review__approved"
BOB = {"login": "bob"}
OPENED = event_of("pull_request__opened")
APPROVED = event_of("pull_request_review__approved")
OBJECTED = event_of("pull_request_review__changes_requested")


# -- state and people ----------------------------------------------------------------------------


def test_a_card_of_github_shows_everything_that_is_known() -> None:
    story = (
        event_of("pull_request__labeled"),
        event_of("pull_request__review_requested"),
        event_of("pull_request_review_comment__created"),
        event_of("pull_request__reopened"),
        OBJECTED,
        changed("pull_request_review__approved", sender="carol"),
    )
    home = "https://github.com/shop/api"
    assert card_of(OPENED, *story) == (
        f"👀 Open · [#12 Add search to the product list]({home}/pull/12)\n"
        "  | Customers ask for it every week.\n"
        f"  | Closes [#5]({home}/issues/5)\n"
        f"  · alice · `search` → `main` · [shop/api]({home})\n"
        "  · Reviewers: 🔴 bob, ✅ carol\n"
        "  · ⚠️ conflicts · 🧵 1 open thread · +84 −9 in 3 files · 💬 1\n"
        "  color: #1f75cb"
    )


def test_it_is_approved_when_one_did_and_nobody_asks_for_changes() -> None:
    assert card_of(OPENED, APPROVED).startswith("✅ Approved")
    objection = changed("pull_request_review__changes_requested", sender="carol")
    assert card_of(OPENED, APPROVED, objection).startswith("👀 Open")
    dismissed = changed("pull_request_review__dismissed", sender="carol")
    assert card_of(OPENED, APPROVED, objection, dismissed).startswith("✅ Approved")


def test_whoever_asks_for_changes_does_not_approve_any_more() -> None:
    assert row_of("Approved by", OPENED, APPROVED, OBJECTED) == ""


def test_a_dismissed_approval_is_its_author_s_and_not_the_one_s_who_dismissed_it() -> None:
    assert row_of("Approved by", OPENED, APPROVED) == "👍 Approved by bob"
    assert row_of("Approved by", OPENED, APPROVED, event_of("pull_request_review__dismissed")) == ""


def test_a_reviewer_stands_where_their_last_review_left_them() -> None:
    asked = event_of("pull_request__review_requested")
    assert row_of("Reviewers", OPENED, asked) == "Reviewers: ⏳ bob"
    silent = event_of("pull_request_review__commented_without_words")
    assert "💬 bob" in row_of("Reviewers", OPENED, asked, silent)
    assert "🔴 bob" in row_of("Reviewers", OPENED, asked, silent, OBJECTED)
    assert "✅ bob" in row_of("Reviewers", OPENED, asked, OBJECTED, APPROVED, asked)
    assert "⏳ bob" in row_of("Reviewers", OPENED, asked, OBJECTED, asked)


def test_a_comment_after_a_verdict_does_not_take_it_back() -> None:
    note = event_of("pull_request_review_comment__created")
    assert "🔴 bob" in row_of("Reviewers", OPENED, OBJECTED, note)
    assert row_of("Approved by", OPENED, APPROVED, note) == "👍 Approved by bob"
    assert "💬" not in row_of("Reviewers", OPENED, APPROVED, note)


def test_the_author_s_answers_and_passers_by_are_no_reviews() -> None:
    answer = event_of("pull_request_review_comment__created_as_answer")
    passing = event_of("issue_comment__created_on_pull_request")
    assert row_of("Reviewers", OPENED, answer, passing) == ""


def test_reviewers_of_gitlab_stand_where_it_says() -> None:
    objected = event_of("merge_request_hook__update_changes_requested")
    assert "🔴" in row_of("Reviewers", objected)
    again = event_of("merge_request_hook__update_review_asked_again")
    assert "🔴" not in row_of("Reviewers", objected, again)


def test_approvals_are_counted_against_what_the_forge_wants() -> None:
    given = replace(APPROVED, fields={**APPROVED.fields, "approvals": 1, "approvals_required": 2})
    assert row_of("Approved by", OPENED, given) == "👍 Approved by bob (1 of 2)"
    known = replace(OPENED, fields={**OPENED.fields, "approvals": 1, "approvals_required": 2})
    assert row_of("approvals", known) == "👍 1 of 2 approvals"
    carol = changed("pull_request_review__approved", sender="carol")
    assert row_of("approvals", known, carol) == "👍 2 of 2 approvals"


def test_an_approval_says_how_many_there_are_when_the_forge_was_asked() -> None:
    given = replace(APPROVED, fields={**APPROVED.fields, "approvals": 1, "approvals_required": 2})
    assert _SPEC.reply is not None
    assert plain(_SPEC.reply(given)) == "👍 bob approved (1 of 2)"
    assert plain(_SPEC.reply(APPROVED)) == "👍 bob approved"


def test_a_reviewer_who_approved_is_named_once() -> None:
    asked = event_of("pull_request__review_requested")
    assert "Approved by" not in card_of(
        OPENED, asked, changed(_APPROVED, requested_reviewers=[BOB])
    )


# -- deliveries that come late -------------------------------------------------------------------


def test_one_that_comes_late_does_not_open_a_merged_one_again() -> None:
    merged = changed("pull_request__closed_merged", updated_at="2026-03-02T11:00:00Z")
    label = changed("pull_request__labeled", updated_at="2026-03-02T10:00:00Z")
    assert card_of(OPENED, merged, label).startswith("🔀 Merged")
    assert marks_of(OPENED, merged, label) == {"tada"}
    same = changed("pull_request__reopened", updated_at="2026-03-02T11:00:00Z")
    assert card_of(OPENED, merged, same).startswith("👀 Open")


def test_an_approval_that_comes_late_counts_unless_its_author_spoke_since() -> None:
    merged = changed("pull_request__closed_merged", updated_at="2026-03-02T11:00:00Z")
    late = changed(_APPROVED, updated_at="2026-03-02T10:00:00Z")
    assert row_of("Approved by", OPENED, merged, late) == "👍 Approved by bob"
    assert card_of(OPENED, merged, late).startswith("🔀 Merged")
    since = changed("pull_request_review__dismissed", updated_at="2026-03-02T10:30:00Z")
    assert row_of("Approved by", OPENED, since, late) == ""


def test_approvals_are_not_reset_by_a_push_from_before_them() -> None:
    def at(name: str, moment: str) -> Event:
        body = body_of(name)
        body["object_attributes"]["updated_at"] = f"2026-03-02 {moment} UTC"
        return understand(Source(forge="gitlab", instance="gitlab", event=""), body)

    approved = at("merge_request_hook__approved", "10:00:00")
    assert marks_of(approved, at("merge_request_hook__approvals_reset_on_push", "09:00:00"))
    assert not marks_of(approved, at("merge_request_hook__approvals_reset_on_push", "11:00:00"))


# -- its notification ----------------------------------------------------------------------------


def test_its_notification_says_whose_it_is_and_where() -> None:
    assert _SPEC.card is not None
    notice = "".join(getattr(one, "value", "") for one in _SPEC.card(facts_of(OPENED)).notice)
    assert notice == "👀 Open · #12 Add search to the product list – alice in shop/api"


# -- threads, size, conflicts --------------------------------------------------------------------


def test_open_threads_are_counted_by_their_first_comments() -> None:
    one = event_of("pull_request_review_comment__created")
    two = changed("pull_request_review_comment__created", id=8005)
    answer = event_of("pull_request_review_comment__created_as_answer")
    resolved = event_of("pull_request_review_thread__resolved")
    reopened = event_of("pull_request_review_thread__unresolved")
    assert row_of("🧵", OPENED, one, two, answer) == "🧵 2 open threads"
    assert row_of("🧵", OPENED, one, two, resolved) == "🧵 1 open thread"
    assert row_of("🧵", OPENED, one, resolved) == ""
    assert row_of("🧵", OPENED, one, resolved, reopened, reopened) == "🧵 1 open thread"
    deleted = event_of("pull_request_review_comment__deleted")
    assert row_of("🧵", OPENED, one, deleted) == ""


def test_a_push_makes_conflicts_unknown_until_the_forge_has_looked_again() -> None:
    conflict = event_of("pull_request__reopened")
    pushed = event_of("pull_request__synchronize")
    assert row_of("conflicts", OPENED, conflict) == "⚠️ conflicts"
    assert row_of("conflicts", OPENED, conflict, pushed) == ""
    assert row_of("in 3 files", OPENED, pushed) == "+90 −9 in 3 files"


def test_nobody_is_waited_for_when_it_is_over() -> None:
    asked, merged = event_of("pull_request__review_requested"), sampled("mr.merged")
    assert row_of("Reviewers", OPENED, asked, merged) == ""


def test_a_merged_one_is_short() -> None:
    merged = card_of(OPENED, event_of("pull_request__closed_merged"))
    assert merged.startswith("🔀 Merged · ~[#12 Add search")
    assert "Customers" not in merged


def test_an_internal_note_shows_nowhere_on_the_card() -> None:
    note = replace(sampled("comment.mr"), confidential=True)
    opened = sampled("mr.opened")
    assert facts_of(opened, note) == facts_of(opened)


def test_a_deleted_comment_is_not_counted() -> None:
    note = event_of("issue_comment__created_on_pull_request")
    assert row_of("💬", OPENED, note, note) == "💬 2"
    gone = event_of("pull_request_review_comment__deleted")
    assert row_of("💬", OPENED, note, gone) == ""


def test_a_hostile_title_and_description_stay_plain() -> None:
    assert _SPEC.card is not None
    made = _SPEC.card(facts_of(event_of("pull_request__hostile")))
    shown = [span for part in made.body for span in part]
    assert all(isinstance(span, Plain) for span in shown)


# -- reactions -----------------------------------------------------------------------------------


def test_the_tick_stays_while_any_approval_is_left() -> None:
    carol = changed("pull_request_review__approved", sender="carol")
    dismissed = event_of("pull_request_review__dismissed")
    assert marks_of(OPENED) == set()
    assert marks_of(OPENED, APPROVED, carol, dismissed) == {"white_check_mark"}
    assert marks_of(OPENED, APPROVED, dismissed) == set()


def test_a_push_that_resets_approvals_takes_the_tick_away() -> None:
    reset = event_of("merge_request_hook__approvals_reset_on_push")
    opened, approved = sampled("mr.opened"), sampled("mr.approved")
    assert marks_of(opened, approved) == {"white_check_mark"}
    assert marks_of(opened, approved, reset) == set()


def test_approvals_that_a_push_took_away_are_news_to_whoever_follows_the_reviews() -> None:
    reset = event_of("merge_request_hook__approvals_reset_on_push")
    opened, approved = sampled("mr.opened"), sampled("mr.approved")
    assert facts_of(opened, approved, reset)["news"] == "reviews"
    assert "news" not in facts_of(opened, reset)
    assert "news" not in facts_of(opened, approved, reset, approved)


def test_a_card_names_the_jobs_that_failed() -> None:
    opened = sampled("mr.opened")
    failed = sampled("pipeline.failed", sha=str(opened.fields["sha"]))
    assert "pipelines/501): `unit`" in card_of(opened, failed)


def test_what_became_of_it_shows_and_goes_when_it_is_opened_again() -> None:
    closed, again = sampled("mr.closed"), sampled("mr.reopened")
    assert marks_of(sampled("mr.opened"), sampled("mr.merged")) == {"tada"}
    assert marks_of(sampled("mr.opened"), closed) == {"no_entry_sign"}
    assert marks_of(sampled("mr.opened"), closed, again) == set()


# -- all threads resolved ------------------------------------------------------------------------


def names_after(*events: Event) -> tuple[str, ...]:
    """What the last one is called in the light of the others."""
    state: Json = None
    names: tuple[str, ...] = ()
    for event in events:
        spec = SPECS[event.kind]
        assert spec.state_key is not None
        assert spec.derive is not None
        if not spec.state_key(event):
            continue
        derived = spec.derive(event, state)
        names, state = derived.names, json.loads(json.dumps(derived.state))
    return names


def test_the_last_open_thread_of_a_pull_request_is_told_when_all_are_known() -> None:
    one = event_of("pull_request_review_comment__created")
    two = changed("pull_request_review_comment__created", id=8005)
    resolved = event_of("pull_request_review_thread__resolved")
    assert names_after(OPENED, one, resolved) == ("mr.threads_resolved",)
    assert names_after(OPENED, one, two, resolved) == ()
    assert names_after(OPENED, one, resolved, resolved) == ()
    assert names_after(one, resolved) == (), "there may be others from before"


def test_threads_of_both_forges_have_one_key_for_each_merge_request() -> None:
    key = SPECS["mr"].state_key
    note_key = SPECS["comment"].state_key
    assert key is not None
    assert note_key is not None
    note = event_of("pull_request_review_comment__created")
    assert key(OPENED) == note_key(note) == "threads:github:15:mr:12"
    assert note_key(event_of("issue_comment__created")) == ""
    assert key(event_of("pull_request__labeled")) == ""


def test_gitlab_tells_of_all_threads_by_an_update_without_changes() -> None:
    def update(*, resolved: bool) -> Event:
        body = body_of("merge_request_hook__update_without_changes")
        body["object_attributes"]["blocking_discussions_resolved"] = resolved
        return understand(Source(forge="gitlab", instance="gitlab", event=""), body)

    open_, done = update(resolved=False), update(resolved=True)
    assert names_after(open_, done) == ("mr.threads_resolved",)
    assert names_after(done, done) == ()
    assert names_after(done) == ()
