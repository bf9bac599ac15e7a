"""Feature flags switched on and off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFlag:
    name: str
    description: str
    active: bool


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    subject = FeatureFlag(
        name=attributes["name"].text(),
        description=attributes["description"].text_or(),
        active=attributes["active"].bool_or(),
    )
    project = gitlab.project(payload)
    url = f"{project.url}/-/feature_flags" if project and project.url else ""
    return make_event(
        source,
        payload,
        kind="feature_flag",
        # The body tells neither what was done nor whether it changed: only how it is now.
        names=("feature_flag.enabled" if subject.active else "feature_flag.disabled",),
        project=project,
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=(("feature_flag", subject.name),),
        fields={
            "name": subject.name,
            "title": subject.name,
            "description": subject.description,
            "active": subject.active,
        },
        url=url,
    )


def line(event: Event) -> Message:
    words = wording.short(event.subject.description)
    return Message(
        text=text(*reply(event), *wording.project(event)), context=(text(words),) if words else ()
    )


def reply(event: Event) -> Text:
    subject: FeatureFlag = event.subject
    state = "on" if subject.active else "off"
    name = wording.branch(subject.name)
    return text(f"🚩 {wording.who(event.actor)} switched feature flag ", name, f" {state}")


SPEC = Spec(
    kind="feature_flag",
    doc="feature flags",
    names=(
        EventName("feature_flag.enabled", "made or changed, and on now"),
        EventName("feature_flag.disabled", "made or changed, and off now"),
    ),
    fields=declare("name", "title", "description", "active"),
    gitlab=("feature_flag",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("feature_flag_events",),
    line=line,
    reply=reply,
)
