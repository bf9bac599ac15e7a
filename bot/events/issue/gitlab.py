"""Issues, incidents and work items as GitLab tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import edits, git, gitlab
from bot.events.issue.subject import Issue, fields_of
from bot.events.vocabulary import make_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.model import Event, Person
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    attributes.as_(dict)
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    subject = _read(payload, attributes, actor)
    return make_event(
        source,
        payload,
        kind="issue",
        names=_names(subject, attributes["action"].text_or()),
        project=project,
        actor=actor,
        subject=subject,
        about=(("issue", attributes["id"].id() if subject.iid is None else f"{subject.iid}"),),
        fields=fields_of(subject),
        url=subject.url,
        confidential=_is_confidential(source, payload, attributes),
        group=gitlab.group_path(subject.url) if project is None else "",
    )


def _is_confidential(source: Source, payload: Payload, attributes: Payload) -> bool:
    before = gitlab.change(payload, "confidential")
    return (
        attributes["confidential"].bool_or()
        # What was confidential until now says in its changes what it was.
        or (before is not None and before[0].bool_or())
        or payload["event_type"].text_or().startswith("confidential")
        or source.event.lower().startswith("confidential")
    )


def _read(payload: Payload, attributes: Payload, actor: Person | None) -> Issue:
    url = attributes["url"].text_or()
    opened = attributes["action"].text_or() == "open"
    labels = gitlab.labels_of(payload, attributes)
    assignees = gitlab.people(payload["assignees"])
    added, removed = edits.label_changes(payload)
    return Issue(
        iid=git.number(attributes["iid"]) or gitlab.iid_in(url),
        type=(attributes["type"].text_or() or "issue").lower(),
        title=attributes["title"].text_or(),
        url=url,
        description=attributes["description"].text_or(),
        state=attributes["state"].text_or(),
        author=_author(attributes, actor, *assignees),
        labels=labels,
        assignees=assignees,
        severity=attributes["severity"].text_or(),
        milestone=payload["milestone"]["title"].text_or(),
        added_labels=(labels or ()) if opened else added,
        removed_labels=() if opened else removed,
        added_assignees=assignees if opened else edits.people_changes(payload, "assignees")[0],
        edits=() if opened else edits.of_gitlab(payload),
    )


def _author(attributes: Payload, *known: Person | None) -> Person | None:
    """Bodies hold only the author's number; the actor or an assignee may be the one."""
    number = attributes["author_id"].id()
    return next((one for one in known if one and one.id and one.id == number), None)


_ACTIONS: Final[Mapping[str, str]] = {
    "open": "issue.opened",
    "close": "issue.closed",
    "reopen": "issue.reopened",
}


def _names(subject: Issue, action: str) -> tuple[str, ...]:
    if action in _ACTIONS:
        return (_ACTIONS[action],)
    found = []
    if subject.added_labels:
        found.append("issue.labeled")
    if subject.added_assignees:
        found.append("issue.assigned")
    return tuple(found) or ("issue.updated",)
