"""Issues, incidents and work items: tasks, epics, objectives and their like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.events import edits, wording
from bot.events.issue.github import from_github
from bot.events.issue.gitlab import from_gitlab
from bot.events.vocabulary import declare, fetched
from bot.message import Message, join, text
from bot.registry import EventName, Remark, Spec

if TYPE_CHECKING:
    from bot.events.issue.subject import Issue
    from bot.message import Text
    from bot.model import Event


def line(event: Event) -> Message:
    subject: Issue = event.subject
    what = text(f"{subject.type} ", wording.linked(subject.label, subject.url))
    head = text(f"{_glyph(event)} {wording.who(event.actor)} {_done(event)} ", what)
    opened = "issue.opened" in event.names
    body = wording.excerpt(subject.description, 300, event=event) if opened else ()
    return Message(
        text=text(*head, *wording.project(event), *subject.details, *edits.said(subject.edits)),
        body=(body,) if body else (),
    )


def reply(event: Event) -> Text:
    """Where everybody knows which issue it is, an edit says what it changed and no more."""
    subject: Issue = event.subject
    lead = f"{_glyph(event)} {wording.who(event.actor)} "
    if subject.edits and _done(event) == "updated":
        return text(lead, *join(", ", subject.edits))
    return text(lead, f"{_done(event)} it", *subject.details, *edits.said(subject.edits))


def remark(event: Event) -> Remark | None:
    """Of an edit: GitHub tells of each label and each person by a delivery of its own."""
    subject: Issue = event.subject
    if not subject.edits or _done(event) != "updated":
        return None
    said = join(", ", subject.edits)
    # What it does: done twice at once it is told once.
    does = "".join(getattr(span, "value", "") or getattr(span, "label", "") for span in said)
    return Remark(
        id=f"edit:{subject.iid}:{does}",
        author=event.actor,
        glyph=_glyph(event),
        said=said,
        row=said,
    )


def _done(event: Event) -> str:
    subject: Issue = event.subject
    return next((_DONE[name] for name in event.names if name in _DONE), subject.done)


_DONE: Final[Mapping[str, str]] = {
    "issue.opened": "opened",
    "issue.closed": "closed",
    "issue.reopened": "reopened",
    "issue.deleted": "deleted",
}


def _glyph(event: Event) -> str:
    subject: Issue = event.subject
    if "issue.closed" in event.names:
        return "☑️"
    return "🚨" if subject.type == "incident" else "🗒️"


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
    remark=remark,
)
