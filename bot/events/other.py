"""Events that no family knows: kept, matched by `on: other` and `payload.*`, shown plainly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.events import gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person, Project
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    #: The forge's word for it: `object_kind`, `event_name`, else the header.
    word: str
    url: str


def read(source: Source, payload: Payload) -> Event:
    """Total: every JSON object is at least this."""
    github = source.forge == "github"
    # GitHub only tries whether the hook can be reached.
    silent = github and source.event == "ping"
    project = _github_project(payload) if github else gitlab.project(payload)
    actor = _github_actor(payload) if github else gitlab.person(payload["user"])
    subject = Other(
        word=payload["object_kind"].text_or() or payload["event_name"].text_or() or source.event,
        url=payload["object_attributes"]["url"].text_or(),
    )
    event = make_event(
        source,
        payload,
        kind="other",
        names=() if silent else ("other",),
        project=project,
        actor=actor,
        subject=subject,
        about=(("project", project.id if project else ""),),
        fields={"event": subject.word or None},
        url=subject.url or (project.url if project else ""),
        # What nobody understands may be confidential in ways nobody knows either.
        confidential=_confidential(source, payload),
    )
    return replace(event, silent=silent)


def _confidential(source: Source, payload: Payload) -> bool:
    attributes = payload["object_attributes"]
    return (
        source.event.lower().startswith("confidential")
        or payload["event_type"].text_or().startswith("confidential")
        or attributes["confidential"].bool_or()
        or attributes["internal"].bool_or()
    )


def _github_project(payload: Payload) -> Project | None:
    repository = payload["repository"]
    number, path = repository["id"].id(), repository["full_name"].text_or()
    if not number and not path:
        return None
    private = repository["private"].bool_or(None)
    known = {True: "private", False: "public"}.get(private, "")
    return Project(
        id=number or path,
        path=path,
        url=repository["html_url"].text_or(),
        default_branch=repository["default_branch"].text_or(),
        visibility=repository["visibility"].text_or() or known,
    )


def _github_actor(payload: Payload) -> Person | None:
    sender = payload["sender"]
    login = sender["login"].text_or()
    if not login:
        return None
    bot = sender["type"].text_or() == "Bot"
    return Person(username=login, id=sender["id"].id(), bot=bot)


def line(event: Event) -> Message:
    subject: Other = event.subject
    what = wording.short(subject.word.replace("_", " ")) or "an event without a name"
    return Message(
        text=text(wording.linked(what, subject.url), *wording.project(event), *_by(event))
    )


def _by(event: Event) -> Text:
    return text(f" by {wording.who(event.actor)}") if event.actor else ()


SPEC = Spec(
    kind="other",
    doc="events that no family knows yet; `payload.*` reads their bodies",
    names=(EventName("other", "an event that no family knows yet"),),
    fields=declare("event"),
    line=line,
)
