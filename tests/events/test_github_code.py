"""Which names GitHub's pushes, pull requests, reviews and comments have, and what they tell."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest

from bot.events import SPECS, understand
from bot.model import Person
from bot.registry import Source
from tests.events.reading import body_of, corpus, event_of, line_of

#: By hand: each action GitHub knows of these events, and what is the same whatever the action.
_NAMES: Final = {
    ("pull_request", "assigned"): ("mr.assigned",),
    ("pull_request", "auto_merge_disabled"): ("mr.updated",),
    ("pull_request", "auto_merge_enabled"): ("mr.updated",),
    ("pull_request", "closed"): ("mr.closed",),
    ("pull_request", "converted_to_draft"): ("mr.drafted",),
    ("pull_request", "demilestoned"): ("mr.updated",),
    ("pull_request", "dequeued"): ("mr.updated",),
    ("pull_request", "edited"): ("mr.updated",),
    ("pull_request", "enqueued"): ("mr.updated",),
    ("pull_request", "labeled"): ("mr.labeled",),
    ("pull_request", "locked"): ("mr.updated",),
    ("pull_request", "milestoned"): ("mr.updated",),
    ("pull_request", "opened"): ("mr.opened",),
    ("pull_request", "ready_for_review"): ("mr.ready",),
    ("pull_request", "reopened"): ("mr.reopened",),
    ("pull_request", "review_request_removed"): ("mr.updated",),
    ("pull_request", "review_requested"): ("mr.review_requested",),
    ("pull_request", "synchronize"): ("mr.pushed",),
    ("pull_request", "unassigned"): ("mr.updated",),
    ("pull_request", "unlabeled"): ("mr.updated",),
    ("pull_request", "unlocked"): ("mr.updated",),
    ("pull_request", "something_new"): ("mr.updated",),
    ("pull_request_review", "dismissed"): ("mr.unapproved",),
    ("pull_request_review", "edited"): ("comment.edited",),
    ("pull_request_review", "submitted"): ("mr.reviewed",),
    ("pull_request_review_comment", "created"): ("comment.mr", "comment"),
    ("pull_request_review_comment", "deleted"): ("comment.deleted",),
    ("pull_request_review_comment", "edited"): ("comment.edited",),
    ("pull_request_review_thread", "resolved"): ("mr.thread_resolved",),
    ("pull_request_review_thread", "unresolved"): ("mr.thread_reopened",),
    ("issue_comment", "created"): ("comment.issue", "comment"),
    ("issue_comment", "deleted"): ("comment.deleted",),
    ("issue_comment", "edited"): ("comment.edited",),
    ("commit_comment", "created"): ("comment.commit", "comment"),
    ("merge_group", "checks_requested"): ("merge_group.checking",),
    ("merge_group", "destroyed"): ("merge_group.ended",),
    ("create", ""): ("ref.created",),
    ("delete", ""): ("ref.deleted",),
    ("push", ""): ("push",),
}
#: What more than the action decides.
_CASES: Final = {
    "pull_request__closed_merged": ("mr.merged",),
    "pull_request__edited_base": ("mr.retargeted",),
    "pull_request__edited_title": ("mr.updated",),
    "pull_request__opened_draft_by_bot": ("mr.opened",),
    "pull_request_review__approved": ("mr.approved",),
    "pull_request_review__changes_requested": ("mr.changes_requested",),
    "pull_request_review__commented": ("comment.mr", "comment"),
    "pull_request_review__commented_without_words": ("mr.reviewed",),
    "issue_comment__created_on_pull_request": ("comment.mr", "comment"),
    "issue_comment__edited_on_pull_request": ("comment.edited",),
    "push__commits": ("push",),
    "push__forced": ("push",),
    "push__new_branch": ("branch.created", "push"),
    "push__new_branch_without_commits": ("branch.created",),
    "push__deleted_branch": ("branch.deleted",),
    "push__merge_queue": ("push.queue",),
    "push__tag": ("tag",),
    "push__moved_tag": ("tag",),
    "push__deleted_tag": ("tag.deleted",),
}
#: Of the deliveries of others, by event and action, where the action does not decide alone.
_RECORDED: Final = {
    "octokit__pull_request_review__submitted-02.json": ("mr.reviewed",),
    "octokit__push__payload-00.json": ("tag",),
    "octokit__push__payload-02.json": ("tag.deleted",),
    "octokit__push__payload-04.json": ("branch.created", "push"),
    "octokit__push__payload-06.json": ("tag.deleted",),
}


def _least(event: str, action: str) -> dict[str, Any]:
    """As little as GitHub could send of it."""
    return {
        "action": action,
        "ref": "refs/heads/main",
        "pull_request": {"number": 12, "state": "closed" if action == "closed" else "open"},
        "issue": {"number": 5},
        "merge_group": {},
        "repository": {"id": 15, "full_name": "shop/api"},
        "sender": {"login": "alice"},
    }


@pytest.mark.parametrize(("event", "action"), _NAMES)
def test_an_action_has_its_names_however_little_is_told(event: str, action: str) -> None:
    made = understand(Source(forge="github", instance="github", event=event), _least(event, action))
    assert made.names == _NAMES[event, action]
    assert made.known
    assert SPECS[made.kind].line(made).text


@pytest.mark.parametrize("case", _CASES)
def test_a_delivery_has_the_names_of_what_happened(case: str) -> None:
    assert event_of(case).names == _CASES[case]


@pytest.mark.skipif(not os.environ.get("CORPUS"), reason="CORPUS is not set")
def test_recorded_deliveries_have_the_names_of_the_table() -> None:
    events = {event for event, _action in _NAMES}
    seen = 0
    for file, event in corpus():
        name = file.rpartition("/")[2]
        forge, _, rest = name.partition("__")
        word, _, action = rest.partition("__")
        if forge != "octokit" or word not in events:
            continue
        seen += 1
        key = (word, action.partition("-")[0].replace("payload", ""))
        assert event.names == (_RECORDED.get(name) or _NAMES[key]), name
    assert seen > 30


# -- pushes --------------------------------------------------------------------------------------


def test_a_branch_that_push_and_create_both_tell_of_has_its_name_once() -> None:
    pushed, created = event_of("push__new_branch"), event_of("create__branch")
    assert pushed.fields["branch"] == created.fields["branch"]
    assert "branch.created" in pushed.names
    assert "branch.created" not in created.names


def test_the_merge_queues_own_branches_are_no_push_to_anybody_who_says_push() -> None:
    event = event_of("push__merge_queue")
    assert event.known
    assert str(event.fields["branch"]).startswith("gh-readonly-queue/main/pr-12-")
    assert not {"push", "branch.created", "branch.deleted"} & set(event.names)


def test_addresses_of_a_push_are_github_s() -> None:
    event = event_of("push__commits")
    assert event.url == "https://github.com/shop/api/compare/2b7d4e6fa18c...7e1d4c3ba209"
    branch = event_of("push__new_branch_without_commits")
    assert branch.url == "https://github.com/shop/api/tree/release/1.4"
    assert event_of("push__deleted_tag").url == "https://github.com/shop/api/tags"


def test_github_says_whether_a_push_was_forced() -> None:
    assert event_of("push__forced").fields["forced"] is True
    assert event_of("push__commits").fields["forced"] is False
    assert "force-pushed" in line_of(event_of("push__forced"))


def test_a_deploy_key_pushes_under_its_own_name() -> None:
    actor = event_of("push__by_deploy_key").actor
    assert actor is not None
    assert actor.username == "deploy-key"


def test_the_one_who_pushed_is_not_named_again_beside_their_commit() -> None:
    shown = SPECS["push"].line(event_of("push__commits")).body
    text = "".join(str(span) for part in shown for span in part)
    assert "Bob Builder" in text
    assert "Alice" not in text


# -- pull requests -------------------------------------------------------------------------------


def test_a_pull_request_tells_its_size_and_what_its_author_is() -> None:
    fields = event_of("pull_request__opened").fields
    wanted = {"additions": 84, "deletions": 9, "changed_files": 3, "commit_count": 2}
    assert {name: fields[name] for name in wanted} == wanted
    assert fields["author_association"] == "member"


def test_conflicts_are_known_once_github_has_looked() -> None:
    assert "conflicts" not in event_of("pull_request__opened").fields
    assert event_of("pull_request__reopened").fields["conflicts"] is True
    assert event_of("pull_request__ready_for_review").fields["conflicts"] is False
    assert "conflicts" not in event_of("pull_request__closed_deleted_fork").fields


def test_a_pull_request_of_a_deleted_fork_and_account_still_has_its_branch() -> None:
    event = event_of("pull_request__closed_deleted_fork")
    assert event.fields["source"] == "patch-1"
    assert "author" not in event.fields
    assert event.names == ("mr.closed",)


def test_a_team_that_is_asked_is_nobody_s_account() -> None:
    event = event_of("pull_request__review_requested_of_team")
    team = event.subject.added_reviewers[0]
    assert event.fields["added_reviewers"] == (team,)
    assert isinstance(team, Person)
    assert (team.username, team.name) == ("shop/payments-leads", "Payments leads")


def test_what_no_name_tells_is_told_in_words() -> None:
    assert "turned on auto-merge for [#12" in line_of(event_of("pull_request__auto_merge_enabled"))
    assert "out of the merge queue (ci failure)" in line_of(event_of("pull_request__dequeued"))
    assert "into milestone Spring" in line_of(event_of("pull_request__milestoned"))


def test_the_head_of_a_pull_request_leads_to_it_and_so_does_its_group_in_the_queue() -> None:
    for name in ("pull_request__opened", "merge_group__checks_requested"):
        event = event_of(name)
        remembers = SPECS[event.kind].remembers
        assert remembers is not None
        ((key, subject),) = remembers(event).items()
        assert (key.rpartition(":")[0], subject) == ("head:github:15", "github:15:mr:12")
        assert key.endswith(str(event.fields["sha"]))


def test_numbers_have_github_s_mark() -> None:
    assert "[#12 Add search" in line_of(event_of("pull_request__opened"))
    body = body_of("pull_request__opened")
    del body["number"], body["pull_request"]["number"], body["pull_request"]["title"]
    event = understand(Source(forge="github", instance="github", event="pull_request"), body)
    assert "[pull request](" in line_of(event)


# -- reviews and comments ------------------------------------------------------------------------


def test_a_comment_in_the_conversation_of_a_pull_request_is_on_it() -> None:
    event = event_of("issue_comment__created_on_pull_request")
    assert event.subjects == ("github:15:mr:12",)
    assert event.fields["draft"] is False
    merged = event_of("issue_comment__created_on_merged_pull_request")
    assert merged.fields["state"] == "merged"


def test_a_comment_on_a_line_tells_where() -> None:
    assert event_of("pull_request_review_comment__created").subject.line == 42
    outdated = event_of("pull_request_review_comment__created_on_outdated_line")
    assert (outdated.subject.file, outdated.subject.line) == ("shop/search.py", 40)


def test_an_answer_starts_no_thread() -> None:
    assert event_of("pull_request_review_comment__created").subject.starts_thread
    assert not event_of("pull_request_review_comment__created_as_answer").subject.starts_thread


def test_sorts_of_comments_do_not_share_their_numbers() -> None:
    names = ("issue_comment__created", "commit_comment__created", "pull_request_review__commented")
    ids = [event_of(name).subject.id for name in names]
    assert [one[:1] for one in ids] == ["i", "c", "r"]


def test_the_words_of_a_review_are_a_field() -> None:
    event = event_of("pull_request_review__approved_with_words")
    assert event.fields["comment.text"] == "Nice, and **fast**."
    assert "comment.text" not in event_of("pull_request_review__approved").fields
