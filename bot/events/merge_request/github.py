"""Reads GitHub's pull requests, their reviews and the threads below them.

Source: GitHub's "Webhook events and payloads" page, and its OpenAPI description (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.events import edits, git, github, wording
from bot.events.merge_request.change import (
    HASH,
    Change,
    MergeRequest,
    Review,
    changed_fields,
    fields_of,
)
from bot.events.vocabulary import make_event
from bot.model import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


def from_github(source: Source, payload: Payload) -> Event | None:
    place = payload["pull_request"]
    place.as_(dict)
    project = github.project(payload)
    mr = read(place, payload["number"])
    names, change = _READERS[source.event](payload, mr)
    ident = f"{mr.iid}" if mr.iid is not None else place["id"].id()
    return make_event(
        source,
        payload,
        kind="mr",
        names=names,
        project=project,
        actor=github.actor(payload),
        subject=change,
        about=(("mr", ident), ("commit", mr.head.sha if mr.head else "")),
        fields={**fields_of(mr), **changed_fields(change)},
        url=(change.review.url if change.review else "") or mr.url,
    )


def read(place: Payload, number: Payload | None = None) -> MergeRequest:
    """The pull request at `place` of a body: its own, a review's, or the `issue` that a comment
    in its conversation is on, which has no branches. `number`: told beside it."""
    iid = git.number(place["number"])
    if iid is None and number is not None:
        iid = git.number(number)
    url = place["html_url"].text_or()
    asked = (*github.people(place["requested_reviewers"]), *_teams(place["requested_teams"]))
    return MergeRequest(
        iid=iid,
        title=place["title"].text_or(),
        url=url,
        description=place["body"].text_or(),
        source=place["head"]["ref"].text_or(),
        target=place["base"]["ref"].text_or(),
        state=_state(place),
        draft=place["draft"].bool_or(),
        head=_head(place, url),
        author=github.person(place["user"]),
        labels=github.labels(place["labels"]),
        assignees=github.people(place["assignees"]),
        reviewers=asked,
        conflicts=_conflicts(place),
        threads_resolved=None,
        at=place["updated_at"].time(),
        mark=HASH,
        milestone=place["milestone"]["title"].text_or(),
        additions=git.number(place["additions"]),
        deletions=git.number(place["deletions"]),
        changed_files=git.number(place["changed_files"]),
        commit_count=git.number(place["commits"]),
        association=place["author_association"].text_or().lower(),
        verdicts=tuple((one.username, "asked") for one in asked),
    )


def _teams(payload: Payload) -> tuple[Person, ...]:
    return tuple(team for team in map(_team, payload) if team)


def _team(payload: Payload) -> Person | None:
    """A team as somebody who can be asked. By its address it is `@org/slug` to GitHub, so that it
    is never taken for the account of the same name."""
    slug = payload["slug"].text_or()
    if not slug:
        return None
    where = payload["html_url"].text_or().partition("/orgs/")[2].partition("/")[0]
    name = payload["name"].text_or()
    return Person(username=f"{where}/{slug}", name=name or slug, id=payload["id"].id())


def _state(place: Payload) -> str:
    if place["merged"].bool_or() or _merged_at(place):
        return "merged"
    return {"open": "opened"}.get(place["state"].text_or(), place["state"].text_or())


def _merged_at(place: Payload) -> str:
    # Reviews do not say `merged`; issues keep the moment with the addresses of the pull request.
    return place["merged_at"].text_or() or place["pull_request"]["merged_at"].text_or()


def _head(place: Payload, url: str) -> git.Commit | None:
    sha = place["head"]["sha"].text_or()
    if not sha:
        return None
    page = f"{url}/commits/{sha}" if url else ""
    return git.Commit(sha=sha, title="", url=page, author=None)


def _conflicts(place: Payload) -> bool | None:
    # Null until a background job has looked; of a closed one it says nothing.
    if place["state"].text_or() != "open":
        return None
    if place["mergeable_state"].text_or() == "dirty":
        return True
    return {True: False, False: True}.get(place["mergeable"].bool_or(None))


# -- what happened -------------------------------------------------------------------------------

_Reading: TypeAlias = "tuple[tuple[str, ...], Change]"
_Says: TypeAlias = "Callable[[Payload], tuple[str, str]]"


def _changed(body: Payload, mr: MergeRequest) -> _Reading:
    action = body["action"].text_or()
    before, after = _UPDATES.get(action, _nothing)(body)
    base = body["changes"]["base"]["ref"]["from"].text_or()
    label = body["label"]["name"].text_or()
    asked = github.person(body["requested_reviewer"]) or _team(body["requested_team"])
    assignee = github.person(body["assignee"])
    change = Change(
        mr=mr,
        action=action,
        pushed=action == "synchronize",
        drafted={"converted_to_draft": True, "ready_for_review": False}.get(action),
        retargeted_from=base,
        added_labels=(label,) if label and action == "labeled" else (),
        removed_labels=(label,) if label and action == "unlabeled" else (),
        added_reviewers=(asked,) if asked and action == "review_requested" else (),
        added_assignees=(assignee,) if assignee and action == "assigned" else (),
        before=before,
        after=after,
        edits=_edits(body, action),
    )
    return (_name(action, mr, base),), change


def _name(action: str, mr: MergeRequest, base: str) -> str:
    if action == "closed":
        return "mr.merged" if mr.state == "merged" else "mr.closed"
    if action == "edited":
        return "mr.retargeted" if base else "mr.updated"
    return _NAMES.get(action, "mr.updated")


#: What else is there at the opening (reviewers, labels, people) comes in deliveries of its own.
_NAMES: Final[Mapping[str, str]] = {
    "opened": "mr.opened",
    "reopened": "mr.reopened",
    "synchronize": "mr.pushed",
    "ready_for_review": "mr.ready",
    "converted_to_draft": "mr.drafted",
    "labeled": "mr.labeled",
    "assigned": "mr.assigned",
    "review_requested": "mr.review_requested",
}


def _nothing(_body: Payload) -> tuple[str, str]:
    return "", ""


def _said(before: str, after: str = "") -> _Says:
    return lambda _body: (before, after)


def _unassigned(body: Payload) -> tuple[str, str]:
    return f"unassigned {wording.who(github.person(body['assignee']))} from", ""


def _not_asked(body: Payload) -> tuple[str, str]:
    who = github.person(body["requested_reviewer"]) or _team(body["requested_team"])
    return f"no longer asks {wording.who(who)} to review", ""


def _milestone(before: str, after: str) -> _Says:
    def says(body: Payload) -> tuple[str, str]:
        place = body["milestone"] or body["pull_request"]["milestone"]
        title = wording.short(place["title"].text_or(), 60)
        return before, f" {after} milestone {title}".rstrip()

    return says


def _dequeued(body: Payload) -> tuple[str, str]:
    reason = wording.short(body["reason"].text_or().lower().replace("_", " "), 60)
    return "took", f" out of the merge queue ({reason})" if reason else " out of the merge queue"


def _locked(body: Payload) -> tuple[str, str]:
    reason = body["pull_request"]["active_lock_reason"].text_or()
    return "locked", f" as {wording.short(reason, 60)}" if reason else ""


def _edits(body: Payload, action: str) -> tuple[Text, ...]:
    label = body["label"]["name"].text_or()
    if action == "unlabeled" and label:
        return (edits.labels("removed", (label,)),)
    return edits.of_github(body) if action == "edited" else ()


_UPDATES: Final[Mapping[str, _Says]] = {
    "auto_merge_enabled": _said("turned on auto-merge for"),
    "auto_merge_disabled": _said("turned off auto-merge for"),
    "enqueued": _said("put", " in the merge queue"),
    "dequeued": _dequeued,
    "milestoned": _milestone("put", "into"),
    "demilestoned": _milestone("took", "out of"),
    "locked": _locked,
    "unlocked": _said("unlocked"),
    "unassigned": _unassigned,
    "review_request_removed": _not_asked,
}


def _reviewed(body: Payload, mr: MergeRequest) -> _Reading:
    """A verdict; a review that has words and no verdict is a comment, and its own family's."""
    place = body["review"]
    review = Review(
        id=place["id"].id(),
        author=github.person(place["user"]),
        text=place["body"].text_or(),
        url=place["html_url"].text_or(),
    )
    action, state = body["action"].text_or(), place["state"].text_or().lower()
    if action == "dismissed":
        name = "mr.unapproved"
    else:
        name = _STATES.get(state, "mr.reviewed") if action == "submitted" else "mr.updated"
    objects = name == "mr.changes_requested" and review.author is not None
    change = Change(
        mr=mr,
        action=action,
        objectors=(review.author,) if objects and review.author else (),
        review=review,
    )
    return (name,), change


_STATES: Final[Mapping[str, str]] = {
    "approved": "mr.approved",
    "changes_requested": "mr.changes_requested",
}


def _threaded(body: Payload, mr: MergeRequest) -> _Reading:
    action = body["action"].text_or()
    first = next((one["id"].id() for one in body["thread"]["comments"]), "")
    name = "mr.thread_reopened" if action == "unresolved" else "mr.thread_resolved"
    return (name,), Change(mr=mr, action=action, thread=first)


_READERS: Final[Mapping[str, Callable[[Payload, MergeRequest], _Reading]]] = {
    "pull_request": _changed,
    "pull_request_review": _reviewed,
    "pull_request_review_thread": _threaded,
}
