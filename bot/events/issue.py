"""Issues, incidents and work items: tasks, epics, objectives and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.merge_request import added_assignees, label_changes
from bot.events.vocabulary import declare, fetched, make_event
from bot.message import Message, join, text
from bot.model import Person, Ref, Value
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """As it is after the event, and what the event did to it."""

    iid: int | None
    #: `issue`, `incident`, `task`, `epic`, `key result`, …
    type: str
    title: str
    url: str
    description: str
    state: str
    author: Person | None
    labels: tuple[str, ...] | None
    assignees: tuple[Person, ...]
    severity: str
    action: str
    added_labels: tuple[str, ...]
    removed_labels: tuple[str, ...]
    added_assignees: tuple[Person, ...]
    retitled: bool

    @property
    def label(self) -> str:
        mark = "&" if self.type == "epic" else "#"
        number = f"{mark}{self.iid}" if self.iid is not None else ""
        return wording.short(f"{number} {self.title}")


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
        names=_names(subject),
        project=project,
        actor=actor,
        subject=subject,
        about=(("issue", attributes["id"].id() if subject.iid is None else f"{subject.iid}"),),
        fields=_fields(subject),
        url=subject.url,
        confidential=_is_confidential(source, payload, attributes),
        group=gitlab.group_path(subject.url) if project is None else "",
    )


def _is_confidential(source: Source, payload: Payload, attributes: Payload) -> bool:
    return (
        attributes["confidential"].bool_or()
        or payload["event_type"].text_or().startswith("confidential")
        or source.event.lower().startswith("confidential")
    )


def _read(payload: Payload, attributes: Payload, actor: Person | None) -> Issue:
    url = attributes["url"].text_or()
    opened = attributes["action"].text_or() == "open"
    labels = gitlab.labels_of(payload, attributes)
    assignees = gitlab.people(payload["assignees"])
    added, removed = label_changes(payload)
    retitled = gitlab.change(payload, "title") is not None
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
        action=attributes["action"].text_or(),
        added_labels=(labels or ()) if opened else added,
        removed_labels=() if opened else removed,
        added_assignees=assignees if opened else added_assignees(payload),
        retitled=retitled and not opened,
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


def _names(subject: Issue) -> tuple[str, ...]:
    if subject.action in _ACTIONS:
        return (_ACTIONS[subject.action],)
    found = []
    if subject.added_labels:
        found.append("issue.labeled")
    if subject.added_assignees:
        found.append("issue.assigned")
    return tuple(found) or ("issue.updated",)


def _fields(subject: Issue) -> Mapping[str, Value | None]:
    return {
        "issue": Ref(label=subject.label, url=subject.url),
        "iid": subject.iid,
        "type": subject.type,
        "title": subject.title or None,
        "description": subject.description,
        "state": subject.state or None,
        "author": subject.author,
        "labels": subject.labels,
        "added_labels": subject.added_labels,
        "removed_labels": subject.removed_labels,
        "assignees": subject.assignees,
        "added_assignees": subject.added_assignees,
        "severity": subject.severity or None,
    }


def line(event: Event) -> Message:
    subject: Issue = event.subject
    first, *others = _said(event)
    what = text(f"{subject.type} ", wording.linked(subject.label, subject.url))
    head = text(f"{_glyph(event)} {wording.who(event.actor)} {first.before} ", what)
    rest = [text(" · ", *_alone(phrase)) for phrase in others]
    body = wording.excerpt(subject.description, 300) if "issue.opened" in event.names else ()
    return Message(
        text=text(*head, first.after, *wording.project(event), *first.last, *rest),
        body=(body,) if body else (),
    )


def reply(event: Event) -> Text:
    said = join(", ", [_alone(phrase) for phrase in _said(event)])
    return text(f"{_glyph(event)} {wording.who(event.actor)} ", said)


def _alone(phrase: _Phrase) -> Text:
    return text(phrase.before, phrase.after, *phrase.last)


def _glyph(event: Event) -> str:
    subject: Issue = event.subject
    if "issue.closed" in event.names:
        return "☑️"
    return "🚨" if subject.type == "incident" else "🗒️"


@dataclass(frozen=True, slots=True)
class _Phrase:
    """`bob <before> issue #5 Title<after> in shop/api<last>`."""

    before: str
    after: str = ""
    last: Text = ()


def _said(event: Event) -> tuple[_Phrase, ...]:
    subject: Issue = event.subject
    phrases: Mapping[str, _Phrase] = {
        "issue.opened": _Phrase("opened"),
        "issue.closed": _Phrase("closed"),
        "issue.reopened": _Phrase("reopened"),
        "issue.labeled": _Phrase("labeled", last=text(": ", *wording.codes(subject.added_labels))),
        "issue.assigned": _Phrase("assigned", f" to {wording.names(subject.added_assignees)}"),
        "issue.updated": _Phrase("updated", last=_updated(subject)),
    }
    return tuple(phrases[name] for name in event.names)


def _updated(subject: Issue) -> Text:
    if subject.removed_labels:
        return text(": removed label ", *wording.codes(subject.removed_labels))
    return text(" (new title)") if subject.retitled else ()


SPEC = Spec(
    kind="issue",
    doc="issues, incidents, tasks, epics and other work items",
    names=(
        EventName("issue.opened", "opened"),
        EventName("issue.updated", "changed in a way that no other name tells"),
        EventName("issue.labeled", "labels were added"),
        EventName("issue.assigned", "somebody was assigned"),
        EventName("issue.closed", "closed"),
        EventName("issue.reopened", "reopened"),
    ),
    fields=fetched(
        declare(
            *("issue", "iid", "type", "title", "description", "state", "author", "labels"),
            *("added_labels", "removed_labels", "assignees", "added_assignees", "severity"),
            *("milestone", "actor_role"),
        ),
        "milestone",
        sometimes=("author",),
    ),
    gitlab=("issue", "work_item"),
    from_gitlab=from_gitlab,
    gitlab_triggers=("issues_events",),
    line=line,
    reply=reply,
)
