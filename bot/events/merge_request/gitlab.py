"""Reads GitLab's merge requests, in the bodies of their own hook and of comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import edits, git, gitlab, wording
from bot.events.merge_request.change import Change, MergeRequest, changed_fields, fields_of
from bot.events.vocabulary import make_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event, Person
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    attributes.as_(dict)
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    mr = read(payload, attributes, actor, project.url if project else "")
    change = _change(payload, attributes, mr)
    sha = mr.head.sha if mr.head else ""
    return make_event(
        source,
        payload,
        kind="mr",
        names=_names(change),
        project=project,
        actor=actor,
        subject=change,
        about=(("mr", _ident(mr, attributes)), ("commit", sha)),
        fields={**fields_of(mr), **changed_fields(change)},
        url=mr.url,
    )


def read(body: Payload, place: Payload, actor: Person | None, base: str) -> MergeRequest:
    """The merge request at `place` of a body: its own hook's, or a comment's. `base`: address of
    its project."""
    url = place["url"].text_or()
    iid = git.number(place["iid"]) or gitlab.iid_in(url)
    assignees = _assignees(body, place)
    reviewers = gitlab.people(body["reviewers"])
    return MergeRequest(
        iid=iid,
        title=place["title"].text_or(),
        url=url or (f"{base}/-/merge_requests/{iid}" if base and iid else ""),
        description=place["description"].text_or(),
        source=place["source_branch"].text_or(),
        target=place["target_branch"].text_or(),
        state=_state(place),
        draft=_draft(place),
        head=gitlab.commit(place["last_commit"], actor, *assignees),
        author=_author(place, actor, *assignees, *reviewers),
        labels=gitlab.labels_of(body, place),
        assignees=assignees,
        reviewers=reviewers,
        conflicts=_conflicts(place),
        threads_resolved=place["blocking_discussions_resolved"].bool_or(None),
        at=place["updated_at"].time(),
        verdicts=_verdicts(body),
    )


def _verdicts(body: Payload) -> tuple[tuple[str, str], ...]:
    change = gitlab.change(body, "reviewers")
    told = [(one["username"].text_or(), one["state"].text_or()) for one in body["reviewers"]]
    if change is not None:
        told += [(one["username"].text_or(), one["state"].text_or()) for one in change[1]]
    known = {name: _VERDICTS[state] for name, state in told if name and state in _VERDICTS}
    return tuple(known.items())


#: Source: GitLab docs, "GraphQL API resources > MergeRequestReviewState" (read 2026-11).
_VERDICTS: Final[Mapping[str, str]] = {
    "unreviewed": "asked",
    "review_started": "asked",
    "reviewed": "commented",
    "approved": "approved",
    "unapproved": "asked",
    "requested_changes": "changes",
}


def _state(place: Payload) -> str:
    known = place["state"].text_or() or _STATES.get(place["state_id"].int_or(), "")
    return known or _LEADS_TO.get(place["action"].text_or(), "")


_LEADS_TO: Final = {"open": "opened", "reopen": "opened", "close": "closed", "merge": "merged"}
_STATES: Final = {1: "opened", 2: "closed", 3: "merged", 4: "locked"}


def _ident(mr: MergeRequest, attributes: Payload) -> str:
    return f"{mr.iid}" if mr.iid is not None else attributes["id"].id()


def _assignees(body: Payload, place: Payload) -> tuple[Person, ...]:
    if found := gitlab.people(body["assignees"]):
        return found
    # One assignee, inside or outside of the attributes, is how it was before GitLab 12.
    single = gitlab.person(place["assignee"]) or gitlab.person(body["assignee"])
    return (single,) if single else ()


def _author(place: Payload, actor: Person | None, *others: Person) -> Person | None:
    """Bodies hold only the author's number; the actor or a reviewer may be the one."""
    author_id = place["author_id"].id()
    known = [one for one in (actor, *others) if one and one.id and one.id == author_id]
    if known:
        return known[0]
    return actor if not author_id and place["action"].text_or() == "open" else None


def _draft(place: Payload) -> bool:
    for key in ("draft", "work_in_progress"):
        if isinstance(place[key].value, bool):
            return bool(place[key].value)
    return is_draft_title(place["title"].text_or())


def is_draft_title(title: str) -> bool:
    return wording.without_draft(title) != title


def _conflicts(place: Payload) -> bool | None:
    # `unchecked` and `checking` tell nothing; `detailed_merge_status` has many other reasons why
    # it cannot be merged, so only its own word for conflicts counts.
    if "conflict" in (place["detailed_merge_status"].text_or(), place["merge_status"].text_or()):
        return True
    return {"cannot_be_merged": True, "can_be_merged": False}.get(place["merge_status"].text_or())


def _change(body: Payload, attributes: Payload, mr: MergeRequest) -> Change:
    action = attributes["action"].text_or()
    opened = action == "open"
    reviewers = mr.reviewers if opened else _added_reviewers(body)
    target = gitlab.change(body, "target_branch")
    return Change(
        mr=mr,
        action=action,
        system=attributes["system"].bool_or(),
        system_action=attributes["system_action"].text_or(),
        pushed=bool(attributes["oldrev"].text_or()),
        drafted=_drafted(body),
        retargeted_from=target[0].text_or() if target else "",
        added_labels=(mr.labels or ()) if opened else edits.label_changes(body)[0],
        removed_labels=() if opened else edits.label_changes(body)[1],
        added_reviewers=reviewers,
        added_assignees=mr.assignees if opened else edits.people_changes(body, "assignees")[0],
        edits=() if opened else _edits(body),
        objectors=_objectors(body),
    )


def _edits(body: Payload) -> tuple[Text, ...]:
    """What no name tells."""
    removed, unassigned = edits.label_changes(body)[1], edits.people_changes(body, "assignees")[1]
    unasked = edits.people_changes(body, "reviewers")[1]
    found = (
        edits.labels("removed", removed) if removed else (),
        edits.people("unassigned", unassigned) if unassigned else (),
        edits.people("no longer asks", unasked) if unasked else (),
        *edits.plain(body),
    )
    return tuple(clause for clause in found if clause)


def _drafted(body: Payload) -> bool | None:
    for key in ("draft", "work_in_progress"):
        if change := gitlab.change(body, key):
            return None if change[1].value is None else change[1].bool_or()
    if change := gitlab.change(body, "title"):
        before, after = (is_draft_title(side.text_or()) for side in change)
        return after if before != after else None
    return None


def _added_reviewers(body: Payload) -> tuple[Person, ...]:
    change = gitlab.change(body, "reviewers")
    if change is None:
        return ()
    before, after = change
    fresh = {one.username for one in gitlab.added(gitlab.people(before), gitlab.people(after))}
    # Since GitLab 18 somebody asked once more is marked so; the list itself stays the same.
    fresh |= {one["username"].text_or() for one in after if one["re_requested"].bool_or()}
    return tuple(one for one in gitlab.people(after) if one.username in fresh)


def _objectors(body: Payload) -> tuple[Person, ...]:
    change = gitlab.change(body, "reviewers")
    if change is None:
        return ()
    before = {one["username"].text_or() for one in change[0] if _objects(one)}
    now = [gitlab.person(one) for one in change[1] if _objects(one)]
    return tuple(one for one in now if one and one.username not in before)


def _objects(reviewer: Payload) -> bool:
    return reviewer["state"].text_or() == "requested_changes"


_ACTIONS: Final[Mapping[str, str]] = {
    "open": "mr.opened",
    "reopen": "mr.reopened",
    "close": "mr.closed",
    "merge": "mr.merged",
    # The last approval that is required, or a single one.
    "approved": "mr.approved",
    "approval": "mr.approved",
    "unapproved": "mr.unapproved",
    "unapproval": "mr.unapproved",
}


def _names(change: Change) -> tuple[str, ...]:
    if change.system:
        return ()
    found = [_ACTIONS[change.action]] if change.action in _ACTIONS else []
    if change.action == "open":
        # A reviewer named from the start is asked too, and hears of it by no other delivery.
        return (*found, "mr.review_requested") if change.added_reviewers else tuple(found)
    found += [name for name, holds in _details(change) if holds]
    return tuple(found) or ("mr.updated",)


def _details(change: Change) -> tuple[tuple[str, bool], ...]:
    return (
        ("mr.pushed", change.pushed),
        ("mr.ready", change.drafted is False),
        ("mr.drafted", change.drafted is True),
        ("mr.changes_requested", bool(change.objectors)),
        ("mr.review_requested", bool(change.added_reviewers)),
        ("mr.assigned", bool(change.added_assignees)),
        ("mr.labeled", bool(change.added_labels)),
        ("mr.retargeted", bool(change.retargeted_from)),
    )
