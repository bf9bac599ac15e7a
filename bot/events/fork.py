"""Forks of projects (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import github, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    #: The new project: its path and address.
    to: Ref


def from_github(source: Source, payload: Payload) -> Event | None:
    made, project = github.repository(payload["forkee"]), github.project(payload)
    to = Ref(label=made.path if made else "", url=made.url if made else "")
    return make_event(
        source,
        payload,
        kind="fork",
        names=("fork",),
        project=project,
        actor=github.actor(payload),
        subject=Fork(to=to),
        about=(("project", project.id if project else ""),),
        fields={"fork": to if to.label else None, "name": to.label or None},
        url=to.url,
    )


def line(event: Event) -> Message:
    return Message(text=_act(event, wording.project(event, " ")))


def reply(event: Event) -> Text:
    return _act(event, text(" it"))


def _act(event: Event, what: Text) -> Text:
    subject: Fork = event.subject
    to = text(" to ", wording.ref(subject.to)) if subject.to.label else ()
    return text(f"🍴 {wording.who(event.actor)} forked", *what, *to)


SPEC = Spec(
    kind="fork",
    doc="forks (GitHub)",
    names=(EventName("fork", "somebody forked a project"),),
    fields=declare("fork", "name"),
    github=("fork",),
    from_github=from_github,
    line=line,
    reply=reply,
)
