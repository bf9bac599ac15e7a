"""Issues, incidents and work items: tasks, epics, objectives and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import wording
from bot.events.issue.github import from_github
from bot.events.issue.gitlab import from_gitlab
from bot.events.vocabulary import declare, fetched
from bot.message import Message, join, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.issue.subject import Issue
    from bot.message import Text
    from bot.model import Event


def line(event: Event) -> Message:
    subject: Issue = event.subject
    first, *others = _said(event)
    what = text(f"{subject.type} ", wording.linked(subject.label, subject.url))
    head = text(f"{_glyph(event)} {wording.who(event.actor)} {first.before} ", what)
    rest = [text(" · ", *_alone(phrase)) for phrase in others]
    opened = "issue.opened" in event.names
    body = wording.excerpt(subject.description, 300, event=event) if opened else ()
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
        "issue.opened": _Phrase("opened", last=subject.details),
        "issue.closed": _Phrase("closed", last=subject.details),
        "issue.reopened": _Phrase("reopened"),
        "issue.labeled": _Phrase("labeled", last=text(": ", *wording.codes(subject.added_labels))),
        "issue.assigned": _Phrase("assigned", f" to {wording.names(subject.added_assignees)}"),
        "issue.deleted": _Phrase("deleted"),
    }
    updated = _Phrase(subject.done, last=subject.details)
    return tuple(phrases.get(name, updated) for name in event.names)


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
        EventName("issue.deleted", "deleted (GitHub)"),
        EventName(
            "issue.echoed",
            "a link between two issues of a project, told for the other one too (GitHub)",
            bare=False,
        ),
    ),
    fields=fetched(
        declare(
            *("issue", "iid", "type", "title", "description", "state", "author", "labels"),
            *("added_labels", "removed_labels", "assignees", "added_assignees", "severity"),
            *("milestone", "actor_role"),
        ),
        sometimes=("author", "milestone"),
    ),
    gitlab=("issue", "work_item"),
    from_gitlab=from_gitlab,
    gitlab_triggers=("issues_events",),
    github=("issues", "issue_dependencies", "sub_issues"),
    from_github=from_github,
    line=line,
    reply=reply,
)
