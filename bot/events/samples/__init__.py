"""A realistic delivery for each common event name: for the demo, `bot send` and rules' tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.events.samples import bodies, ci, github, github_bodies
from bot.events.samples.overrides import override

Body = dict[str, Any]
_Make = Callable[[], Body]

_LABELS: Final = [bodies.label("feature")]
_BOB: Final = bodies.person("bob")


def _mr_labeled() -> Body:
    return bodies.mr("update", labels=_LABELS, diff={"labels": ([], _LABELS)})


def _mr_reviewer(state: str, before: list[Body]) -> Body:
    now = [{**_BOB, "state": state, "re_requested": False}]
    user = "bob" if before else "alice"
    return bodies.mr("update", user, reviewers=[_BOB], diff={"reviewers": (before, now)})


def _mr_closed(action: str, state: str) -> Body:
    user = "bob" if action == "merge" else "alice"
    return bodies.mr(action, user, head=1, attributes={"state": state}, reviewers=[_BOB])


def _mr_draft(*, draft: bool) -> Body:
    title = f"{'Draft: ' if draft else ''}Add search to the product list"
    attributes = {"draft": draft, "work_in_progress": draft, "title": title}
    return bodies.mr("update", attributes=attributes, diff={"draft": (not draft, draft)})


def _issue(action: str, state: str) -> Body:
    return bodies.issue(action, "alice", attributes={"state": state})


def _issue_labeled() -> Body:
    labels = [bodies.label("bug", 302)]
    return bodies.issue("update", labels=labels, diff={"labels": ([], labels)})


def _issue_assigned() -> Body:
    alice = [bodies.person("alice")]
    return bodies.issue("update", assignees=alice, diff={"assignees": ([], alice)})


def _comment_mr(action: str = "create") -> Body:
    words = "Could this match accents too? See #5." + (" (edited)" if action == "update" else "")
    attributes = {"action": action}
    where = "/-/merge_requests/7"
    mr = bodies.noted_mr()
    return bodies.note("MergeRequest", words, where, attributes=attributes, merge_request=mr)


def _comment_issue() -> Body:
    words = "The index has to fold accents first."
    return bodies.note("Issue", words, "/-/issues/5", issue=bodies.noted_issue())


def _comment_commit() -> Body:
    sha = bodies.MAIN[1]
    commit = bodies.commit(sha, "Log the reason of a refused payment", "bob")
    attributes = {"commit_id": sha, "noteable_id": None}
    words = "Does this log card numbers?"
    return bodies.note(
        "Commit", words, f"/-/commit/{sha}", "alice", attributes=attributes, commit=commit
    )


def _branch(*, created: bool) -> Body:
    first = bodies.commit(bodies.HEAD[0], "Search products by name", "alice", "search.py")
    ref, zero = "refs/heads/search", bodies.ZERO
    if created:
        return bodies.push(first, ref=ref, before=zero, after=bodies.HEAD[0])
    return bodies.push(ref=ref, before=bodies.HEAD[1], after=zero)


def _tag(*, created: bool) -> Body:
    ref, sha = "refs/tags/v1.4.0", bodies.MAIN[1]
    if not created:
        return bodies.push(ref=ref, before=sha, after=bodies.ZERO)
    made = bodies.push(ref=ref, before=bodies.ZERO, after="c" * 40)
    return {**made, "checkout_sha": sha, "message": "Spring release"}


def _wiki(action: str) -> Body:
    attributes = {
        "id": 17,
        "title": "How we release",
        "content": "Tag, wait, smile.",
        "format": "markdown",
        "message": "Say who may tag",
        "slug": "how-we-release",
        "url": f"{bodies.URL}/-/wikis/how-we-release",
        "action": action,
        "diff_url": f"{bodies.URL}/-/wikis/how-we-release/diff?version_id=6f3e",
        "version_id": "6f3e",
    }
    return _plain("wiki_page", attributes)


def _plain(kind: str, attributes: Body, **rest: Any) -> Body:
    return {
        "object_kind": kind,
        "user": bodies.person("alice"),
        "project": bodies.project(),
        "object_attributes": attributes,
        **rest,
    }


def _flag() -> Body:
    return _plain("feature_flag", {"id": 6, "name": "search", "description": "", "active": True})


def _milestone() -> Body:
    attributes = {"id": 61, "iid": 3, "title": "Spring", "description": "", "state": "active"}
    dates = {"due_date": "2026-04-30", "start_date": "2026-03-01", "project_id": 15}
    return _plain("milestone", {**attributes, **dates}, event_type="milestone", action="create")


def _emoji() -> Body:
    attributes = {
        "id": 9,
        "name": "thumbsup",
        "awardable_type": "MergeRequest",
        "awardable_id": 4107,
        "action": "award",
        "awarded_on_url": f"{bodies.URL}/-/merge_requests/7",
    }
    return _plain("emoji", attributes, event_type="award", merge_request=bodies.noted_mr())


def _token(kind: str) -> Body:
    attributes = {"id": 25, "name": "release bot", "expires_at": "2026-03-09"}
    body = _plain(kind, attributes, event_name=f"expiring_{kind}")
    return {key: value for key, value in body.items() if key != "user"}


def _vulnerability() -> Body:
    attributes = {
        "url": f"{bodies.URL}/-/security/vulnerabilities/4",
        "title": "Denial of service in a parser",
        "state": "confirmed",
        "project_id": 15,
        "location": {"file": "requirements.txt"},
        "severity": "high",
        "report_type": "dependency_scanning",
    }
    return {"object_kind": "vulnerability", "object_attributes": attributes}


def _system(event_name: str, /, **rest: Any) -> _Make:
    return lambda: {
        "event_name": event_name,
        "created_at": "2026-03-02T10:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        **rest,
    }


_REVIEW: Final = [{**_BOB, "state": "unreviewed", "re_requested": False}]

#: Event header and body by name. A name is an event's, or one of a few that tell more of a story.
_SAMPLES: Final[Mapping[str, tuple[str, _Make]]] = {
    "push": ("Push Hook", bodies.main_push),
    "branch.created": ("Push Hook", lambda: _branch(created=True)),
    "branch.deleted": ("Push Hook", lambda: _branch(created=False)),
    "tag": ("Tag Push Hook", lambda: _tag(created=True)),
    "tag.deleted": ("Tag Push Hook", lambda: _tag(created=False)),
    "mr.opened": ("Merge Request Hook", lambda: bodies.mr("open")),
    "mr.updated": ("Merge Request Hook", lambda: bodies.mr("update")),
    "mr.pushed": (
        "Merge Request Hook",
        lambda: bodies.mr("update", head=1, attributes={"oldrev": bodies.HEAD[0]}),
    ),
    "mr.ready": ("Merge Request Hook", lambda: _mr_draft(draft=False)),
    "mr.drafted": ("Merge Request Hook", lambda: _mr_draft(draft=True)),
    "mr.approved": ("Merge Request Hook", lambda: bodies.mr("approved", "bob", head=1)),
    "mr.unapproved": ("Merge Request Hook", lambda: bodies.mr("unapproved", "bob", head=1)),
    "mr.changes_requested": (
        "Merge Request Hook",
        lambda: _mr_reviewer("requested_changes", _REVIEW),
    ),
    "mr.review_requested": ("Merge Request Hook", lambda: _mr_reviewer("unreviewed", [])),
    "mr.labeled": ("Merge Request Hook", _mr_labeled),
    "mr.assigned": (
        "Merge Request Hook",
        lambda: bodies.mr("update", assignees=[_BOB], diff={"assignees": ([], [_BOB])}),
    ),
    "mr.retargeted": (
        "Merge Request Hook",
        lambda: bodies.mr("update", diff={"target_branch": ("develop", "main")}),
    ),
    "mr.merged": ("Merge Request Hook", lambda: _mr_closed("merge", "merged")),
    "mr.closed": ("Merge Request Hook", lambda: _mr_closed("close", "closed")),
    "mr.reopened": ("Merge Request Hook", lambda: _mr_closed("reopen", "opened")),
    "comment": ("Note Hook", _comment_mr),
    "comment.mr": ("Note Hook", _comment_mr),
    "comment.issue": ("Note Hook", _comment_issue),
    "comment.commit": ("Note Hook", _comment_commit),
    "comment.edited": ("Note Hook", lambda: _comment_mr("update")),
    "issue.opened": ("Issue Hook", lambda: bodies.issue("open")),
    "issue.updated": ("Issue Hook", lambda: bodies.issue("update")),
    "issue.labeled": ("Issue Hook", _issue_labeled),
    "issue.assigned": ("Issue Hook", _issue_assigned),
    "issue.closed": ("Issue Hook", lambda: _issue("close", "closed")),
    "issue.reopened": ("Issue Hook", lambda: _issue("reopen", "opened")),
    "pipeline.started": ("Pipeline Hook", lambda: ci.pipeline(501, "running", None)),
    "pipeline.failed": ("Pipeline Hook", lambda: ci.pipeline(501, "failed", "10:03:10")),
    "pipeline.canceled": ("Pipeline Hook", lambda: ci.pipeline(501, "canceled", "10:01:00")),
    "pipeline.success": ("Pipeline Hook", lambda: ci.pipeline(502, "success", "10:13:10")),
    "pipeline.mr": ("Pipeline Hook", lambda: ci.mr_pipeline(500, "success")),
    "job.started": ("Job Hook", lambda: ci.job("running")),
    "job.failed": ("Job Hook", lambda: ci.job("failed")),
    "job.success": ("Job Hook", lambda: ci.job("success")),
    "deployment.started": ("Deployment Hook", lambda: ci.deployment("running")),
    "deployment.success": ("Deployment Hook", lambda: ci.deployment("success")),
    "deployment.failed": ("Deployment Hook", lambda: ci.deployment("failed")),
    "release": ("Release Hook", lambda: ci.release("create")),
    "release.edited": ("Release Hook", lambda: ci.release("update")),
    "wiki.created": ("Wiki Page Hook", lambda: _wiki("create")),
    "wiki.edited": ("Wiki Page Hook", lambda: _wiki("update")),
    "feature_flag.enabled": ("Feature Flag Hook", _flag),
    "milestone.created": ("Milestone Hook", _milestone),
    "emoji.awarded": ("Emoji Hook", _emoji),
    "access_token.expiring": ("Resource Access Token Hook", lambda: _token("access_token")),
    "deploy_token.expiring": ("Resource Deploy Token Hook", lambda: _token("deploy_token")),
    "vulnerability.confirmed": ("Vulnerability Hook", _vulnerability),
    "member.added": (
        "Member Hook",
        _system(
            "user_add_to_group",
            group_name="shop",
            group_path="shop",
            group_id=4,
            user_username="carol",
            user_name="Carol",
            user_email="[REDACTED]",
            user_id=13,
            group_access="Developer",
        ),
    ),
    "project.created": (
        "Project Hook",
        _system(
            "project_create",
            name="api",
            path="api",
            path_with_namespace="shop/api",
            project_id=15,
            owners=[{"name": "Alice", "email": "[REDACTED]"}],
            project_visibility="private",
        ),
    ),
    "group.created": (
        "Subgroup Hook",
        _system(
            "subgroup_create",
            name="tools",
            path="tools",
            full_path="shop/tools",
            group_id=5,
            parent_group_id=4,
            parent_name="shop",
            parent_path="shop",
            parent_full_path="shop",
        ),
    ),
    "user.created": (
        "System Hook",
        _system("user_create", name="Carol", username="carol", user_id=13),
    ),
    "key.created": (
        "System Hook",
        _system("key_create", username="alice", key="ssh-ed25519 AAAAC3Nz alice@laptop", id=8),
    ),
    "repository.updated": (
        "System Hook",
        _system(
            "repository_update",
            user_id=11,
            user_name="Alice",
            project_id=15,
            project=bodies.project(),
            refs=["refs/heads/main", "refs/tags/v1.4.0"],
        ),
    ),
    "other": ("Sparkle Hook", lambda: _plain("sparkle", {"id": 1})),
}

#: Every sample's name.
NAMES: Final = (*_SAMPLES, *github.SAMPLES)
#: Of those that GitHub sends.
_OF_GITHUB: Final = {**github_bodies.SAMPLES, **github.SAMPLES}
GITHUB_NAMES: Final = tuple(_OF_GITHUB)


def sample(
    name: str, *, overrides: Mapping[str, Any] | None = None, forge: str = "gitlab"
) -> tuple[dict[str, str], bytes]:
    """The event header and the body of a delivery: the forge's, or of what only GitHub tells.
    `overrides`: values of fields (`project`, `branch`, `labels`…, and `at`, when it happened).
    Raises KeyError for a name or field that has no sample; `pr.` is taken for `mr.`."""
    word = f"mr.{name[3:]}" if name.startswith("pr.") else name
    if forge == "github" or word in github.SAMPLES:
        return _of_github(word, overrides or {})
    header, make = _SAMPLES[word]
    # The round trip makes every part of the body its own: samples share labels and people.
    body = json.loads(json.dumps(make()))
    header = override(body, header, overrides or {})
    return {"X-Gitlab-Event": header}, json.dumps(body).encode()


def _of_github(name: str, overrides: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    event, make = _OF_GITHUB[name]
    body = json.loads(json.dumps(make()))
    github.override(body, overrides)
    return {"X-GitHub-Event": event}, json.dumps(body).encode()
