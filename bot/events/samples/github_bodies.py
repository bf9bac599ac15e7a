"""Samples of what both forges tell, as GitHub tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.events.samples.github import URL, Body, label, person, repository, told

_BEFORE: Final = "9c27d5b8e61f40a3d2857be0c4916fa83b70d1e5"
_HEAD: Final = "e27f0a4d91b6c853f7204ea86d1b95c30f8a6d42"
_AT: Final = "2026-03-02T09:00:00Z"
_ZERO: Final = "0" * 40


def _commit(message: str, path: str, login: str = "alice") -> Body:
    who = {
        "name": login.title(),
        "email": f"{login}@users.noreply.github.com",
        "username": login,
    }
    return {
        "id": _HEAD,
        "message": message,
        "timestamp": _AT,
        "url": f"{URL}/commit/{_HEAD}",
        "author": who,
        "committer": who,
        "added": [],
        "removed": [],
        "modified": [path],
        "distinct": True,
    }


def _push(ref: str, *, before: str = _BEFORE, after: str = _HEAD) -> Body:
    commits = [_commit("Log the reason of a refused payment", "payments.py")]
    gone = after == _ZERO
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == _ZERO,
        "deleted": gone,
        "forced": False,
        "base_ref": None,
        "compare": f"{URL}/compare/{before[:12]}...{after[:12]}",
        "commits": [] if gone else commits,
        "head_commit": None if gone else commits[0],
        "pusher": {"name": "alice"},
        "repository": repository(),
        "sender": person("alice"),
    }


def _branch(name: str, sha: str) -> Body:
    return {"ref": name, "sha": sha, "label": f"shop:{name}", "repo": repository()}


def _pull(**more: Any) -> Body:
    return {
        "id": 4107,
        "number": 7,
        "state": "open",
        "title": "Add search to the product list",
        "body": "Closes #5.",
        "draft": False,
        "merged": False,
        "merged_by": None,
        "merge_commit_sha": None,
        "html_url": f"{URL}/pull/7",
        "user": person("alice"),
        "labels": [],
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "milestone": None,
        "head": _branch("search", _HEAD),
        "base": _branch("main", _BEFORE),
        "created_at": _AT,
        "updated_at": _AT,
        "commits": 2,
        "additions": 42,
        "deletions": 7,
        "changed_files": 3,
        **more,
    }


def _mr(action: str, user: str = "alice", /, **more: Any) -> Body:
    extra = {name: more.pop(name) for name in ("label", "requested_reviewer") if name in more}
    return told(action, user, number=7, pull_request=_pull(**more), **extra)


def _merged() -> Body:
    return _mr(
        "closed",
        "bob",
        state="closed",
        merged=True,
        merged_by=person("bob"),
        merged_at=_AT,
        closed_at=_AT,
        merge_commit_sha=_HEAD,
    )


def _review(state: str) -> Body:
    review = {
        "id": 80,
        "state": state,
        "body": "Reads well." if state == "approved" else "Please fold accents too.",
        "user": person("bob"),
        "html_url": f"{URL}/pull/7#pullrequestreview-80",
        "submitted_at": _AT,
        "commit_id": _HEAD,
    }
    return told("submitted", "bob", review=review, pull_request=_pull())


def _issue(action: str, **more: Any) -> Body:
    return told(action, issue=_issue_itself(**more))


def _issue_itself(**more: Any) -> Body:
    return {
        "id": 505,
        "number": 5,
        "state": "open",
        "title": "Search finds nothing with accents",
        "body": "Looking for “café” shows an empty page.",
        "html_url": f"{URL}/issues/5",
        "user": person("alice"),
        "labels": [],
        "assignees": [],
        "milestone": None,
        "created_at": _AT,
        "updated_at": _AT,
        "closed_at": None,
        **more,
    }


def _comment(words: str, **subject: Any) -> Body:
    comment = {
        "id": 9001,
        "body": words,
        "user": person("bob"),
        "html_url": f"{URL}/issues/5#issuecomment-9001",
        "created_at": _AT,
        "updated_at": _AT,
    }
    return told("created", "bob", comment=comment, issue=_issue_itself(**subject))


def _on_mr() -> Body:
    page = f"{URL}/pull/7"
    return _comment(
        "Could this match accents too? See #5.",
        number=7,
        title="Add search to the product list",
        html_url=page,
        pull_request={"html_url": page, "url": "https://api.github.com/repos/shop/api/pulls/7"},
    )


def _run(status: str, conclusion: str | None) -> Body:
    run = {
        "id": 501,
        "name": "CI",
        "display_title": "Log the reason of a refused payment",
        "run_number": 31,
        "run_attempt": 1,
        "event": "push",
        "status": status,
        "conclusion": conclusion,
        "workflow_id": 12,
        "path": ".github/workflows/ci.yml",
        "head_branch": "main",
        "head_sha": _HEAD,
        "head_commit": {**_commit("Log the reason of a refused payment", "x"), "tree_id": _BEFORE},
        "head_repository": repository(),
        "pull_requests": [],
        "html_url": f"{URL}/actions/runs/501",
        "actor": person("alice"),
        "triggering_actor": person("alice"),
        "created_at": _AT,
        "run_started_at": _AT,
        "updated_at": "2026-03-02T09:03:10Z",
    }
    workflow = {"id": 12, "name": "CI", "path": ".github/workflows/ci.yml"}
    action = "completed" if status == "completed" else "in_progress"
    return told(action, workflow_run=run, workflow=workflow)


def _release() -> Body:
    release = {
        "id": 77,
        "tag_name": "v1.4.0",
        "name": "Spring release",
        "body": "Search, and fewer refused payments.",
        "draft": False,
        "prerelease": False,
        "html_url": f"{URL}/releases/tag/v1.4.0",
        "author": person("alice"),
        "created_at": _AT,
        "published_at": _AT,
        "target_commitish": "main",
        "assets": [],
    }
    return told("published", release=release)


#: Of each sample the event's header and how its body is made.
SAMPLES: Final[Mapping[str, tuple[str, Callable[[], Body]]]] = {
    "push": ("push", lambda: _push("refs/heads/main")),
    "branch.created": ("push", lambda: _push("refs/heads/search", before=_ZERO)),
    "branch.deleted": ("push", lambda: _push("refs/heads/search", after=_ZERO)),
    "tag": ("push", lambda: _push("refs/tags/v1.4.0", before=_ZERO)),
    "mr.opened": ("pull_request", lambda: _mr("opened")),
    "mr.pushed": ("pull_request", lambda: _mr("synchronize")),
    "mr.ready": ("pull_request", lambda: _mr("ready_for_review")),
    "mr.drafted": ("pull_request", lambda: _mr("converted_to_draft", draft=True)),
    "mr.labeled": (
        "pull_request",
        lambda: _mr("labeled", labels=[label("feature")], label=label("feature")),
    ),
    "mr.review_requested": (
        "pull_request",
        lambda: _mr(
            "review_requested",
            requested_reviewers=[person("bob")],
            requested_reviewer=person("bob"),
        ),
    ),
    "mr.approved": ("pull_request_review", lambda: _review("approved")),
    "mr.changes_requested": ("pull_request_review", lambda: _review("changes_requested")),
    "mr.merged": ("pull_request", _merged),
    "mr.closed": ("pull_request", lambda: _mr("closed", state="closed", closed_at=_AT)),
    "mr.reopened": ("pull_request", lambda: _mr("reopened")),
    "comment.mr": ("issue_comment", _on_mr),
    "comment.issue": (
        "issue_comment",
        lambda: _comment("The index has to fold accents first."),
    ),
    "issue.opened": ("issues", lambda: _issue("opened")),
    "issue.closed": ("issues", lambda: _issue("closed", state="closed", closed_at=_AT)),
    "issue.reopened": ("issues", lambda: _issue("reopened")),
    "pipeline.started": ("workflow_run", lambda: _run("in_progress", None)),
    "pipeline.failed": ("workflow_run", lambda: _run("completed", "failure")),
    "pipeline.success": ("workflow_run", lambda: _run("completed", "success")),
    "release": ("release", _release),
}
