"""Merge requests, which GitHub calls pull requests: the family."""

from __future__ import annotations

from bot.events.merge_request.card import card, marks
from bot.events.merge_request.change import remembers
from bot.events.merge_request.facts import fold
from bot.events.merge_request.github import from_github
from bot.events.merge_request.gitlab import from_gitlab
from bot.events.merge_request.texts import idle, line, remark, reply
from bot.events.merge_request.threads import derive, state_key
from bot.events.merge_request.wishes import wishes
from bot.events.vocabulary import declare, fetched
from bot.registry import EventName, Spec

_REVIEWED = ("mr.approved", "mr.unapproved", "mr.changes_requested", "mr.reviewed")

SPEC = Spec(
    kind="mr",
    doc="merge requests (GitHub: pull requests)",
    names=(
        EventName("mr.opened", "opened, drafts included"),
        EventName("mr.updated", "changed in a way that no other name tells"),
        EventName("mr.pushed", "new commits on its source branch"),
        EventName("mr.ready", "a draft was made ready"),
        EventName("mr.drafted", "made a draft again"),
        EventName("mr.approved", "somebody approved, the last required approval or not"),
        EventName("mr.unapproved", "somebody took back an approval"),
        EventName("mr.changes_requested", "a reviewer asks for changes"),
        EventName("mr.review_requested", "somebody was asked for a review"),
        EventName("mr.labeled", "labels were added"),
        EventName("mr.assigned", "somebody was assigned"),
        EventName("mr.retargeted", "its target branch was changed"),
        EventName("mr.threads_resolved", "no thread of it is open any more", derived=True),
        EventName("mr.merged", "merged"),
        EventName("mr.closed", "closed without being merged"),
        EventName("mr.reopened", "reopened"),
        EventName(
            "mr.reviewed",
            "a review without a verdict, told by its comments (GitHub)",
            bare=False,
            echo=True,
        ),
        EventName("mr.thread_resolved", "one of its threads was resolved (GitHub)", bare=False),
        EventName("mr.thread_reopened", "one of its threads was opened again (GitHub)", bare=False),
    ),
    fields=fetched(
        declare(
            *("mr", "iid", "title", "description", "branch", "source", "target", "state", "draft"),
            *("author", "labels", "assignees", "reviewers", "conflicts", "sha", "commit"),
            *("added_labels", "removed_labels", "added_reviewers", "added_assignees", "approved"),
            *("approvals", "approvals_required", "milestone", "paths", "actor_role"),
            *("additions", "deletions", "changed_files", "commit_count", "open_threads"),
            *("author_association", "comment.text"),
            only={
                "approved": ("mr.approved", "mr.unapproved"),
                "comment.text": _REVIEWED,
            },
        ),
        *("milestone", "paths"),
        sometimes=("author",),
    ),
    gitlab=("merge_request",),
    from_gitlab=from_gitlab,
    # Reviews too, but those without a verdict are comments: see events/comment/github.py.
    github=("pull_request", "pull_request_review_thread"),
    github_also=("pull_request_review",),
    from_github=from_github,
    gitlab_triggers=("merge_requests_events",),
    line=line,
    reply=reply,
    idle=idle,
    remark=remark,
    fold=fold,
    card=card,
    wishes=wishes,
    marks=marks,
    derive=derive,
    state_key=state_key,
    remembers=remembers,
    opens=("mr.opened", "mr.reopened", "mr.ready", "mr.labeled", "mr.retargeted"),
)
