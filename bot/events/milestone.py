"""Milestones of projects and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, github, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    title: str
    description: str
    state: str
    action: str
    #: A day, `2026-04-30`; empty when there is none.
    due: str
    url: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    project = gitlab.project(payload)
    iid = git.number(attributes["iid"])
    base = project.url if project else ""
    subject = Milestone(
        title=attributes["title"].text(),
        description=attributes["description"].text_or(),
        state=attributes["state"].text_or(),
        action=payload["action"].text_or() or attributes["action"].text_or(),
        due=attributes["due_date"].text_or(),
        url=attributes["url"].text_or() or (f"{base}/-/milestones/{iid}" if base and iid else ""),
    )
    return make_event(
        source,
        payload,
        kind="milestone",
        names=_NAMES.get(subject.action, ()),
        project=project,
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=(("milestone", attributes["id"].id()),),
        fields={
            "title": subject.title,
            "milestone": subject.title,
            "description": subject.description,
            "state": subject.state or None,
            "iid": iid,
        },
        url=subject.url,
        group=payload["group"]["full_path"].text_or() or payload["group"]["group_path"].text_or(),
    )


def from_github(source: Source, payload: Payload) -> Event | None:
    place = payload["milestone"]
    state = place["state"].text_or()
    subject = Milestone(
        title=place["title"].text(),
        description=place["description"].text_or(),
        state={"open": "opened"}.get(state, state),
        action=payload["action"].text_or(),
        due=place["due_on"].text_or().partition("T")[0],
        url=place["html_url"].text_or(),
    )
    return make_event(
        source,
        payload,
        kind="milestone",
        names=_NAMES.get(subject.action, ()),
        project=github.project(payload),
        actor=github.actor(payload),
        subject=subject,
        about=(("milestone", place["number"].id()),),
        fields={
            "title": subject.title,
            "milestone": subject.title,
            "description": subject.description,
            "state": subject.state or None,
            "iid": git.number(place["number"]),
        },
        url=subject.url,
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("milestone.created",),
    "close": ("milestone.closed",),
    "reopen": ("milestone.reopened",),
    "activate": ("milestone.reopened",),
    "update": ("milestone.edited",),
    "delete": ("milestone.deleted",),
    "created": ("milestone.created",),
    "closed": ("milestone.closed",),
    "opened": ("milestone.reopened",),
    "edited": ("milestone.edited",),
    "deleted": ("milestone.deleted",),
}


def line(event: Event) -> Message:
    subject: Milestone = event.subject
    due = f", due {wording.short(subject.due, 20)}" if subject.due else ""
    return Message(text=text(*reply(event), *wording.project(event), due))


def reply(event: Event) -> Text:
    subject: Milestone = event.subject
    said = event.names[0].partition(".")[2] if event.names else "changed"
    by = f" by {wording.who(event.actor)}" if event.actor else ""
    return text("🏁 milestone ", wording.linked(subject.title, subject.url), f" {said}{by}")


SPEC = Spec(
    kind="milestone",
    doc="milestones",
    names=(
        EventName("milestone.created", "created"),
        EventName("milestone.closed", "closed"),
        EventName("milestone.reopened", "reopened"),
        EventName("milestone.edited", "its title, dates or description were changed"),
        EventName("milestone.deleted", "deleted"),
    ),
    fields=declare("title", "milestone", "description", "state", "iid"),
    gitlab=("milestone",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("milestone_events",),
    github=("milestone",),
    from_github=from_github,
    line=line,
    reply=reply,
)
