"""Teams of an organization, and what they may reach (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, wording
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
class Team:
    name: str
    url: str
    #: What it may do in the project: `push`, `admin`, …
    permission: str
    old_name: str


def from_github(source: Source, payload: Payload) -> Event | None:
    action = payload["action"].text_or()
    name = "team.echoed" if source.event == "team_add" else _NAMES.get(action)
    if name is None:
        return None
    team, project = payload["team"], github.project(payload)
    subject = Team(
        name=team["name"].text(),
        url=team["html_url"].text_or(),
        permission=team["permission"].text_or(),
        old_name=payload["changes"]["name"]["from"].text_or(),
    )
    return make_event(
        source,
        payload,
        kind="team",
        names=(name,),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=(("team", team["id"].id()),),
        fields={"name": subject.name, "role": subject.permission or None},
        url=subject.url,
        group=github.organization(payload),
    )


_NAMES: Final[Mapping[str, str]] = {
    "created": "team.created",
    "deleted": "team.deleted",
    "edited": "team.edited",
    "added_to_repository": "team.added",
    "removed_from_repository": "team.removed",
}


def line(event: Event) -> Message:
    subject: Team = event.subject
    verb, preposition = _SAID[event.names[0]]
    role = ""
    if event.names[0] in {"team.added", "team.echoed"} and subject.permission:
        role = f" ({wording.short(subject.permission, 40)})"
    return Message(text=text(*_head(event, verb), *wording.project(event, preposition), role))


def reply(event: Event) -> Text:
    return _head(event, _SAID[event.names[0]][0])


def _head(event: Event, verb: str) -> Text:
    subject: Team = event.subject
    was = text(" (it was ", wording.branch(subject.old_name), ")") if subject.old_name else ()
    name = wording.linked(subject.name, subject.url)
    return text(f"👥 {wording.who(event.actor)} {verb} team ", name, *was)


#: The verb, and what stands between the team and its project or organization.
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "team.created": ("created", " in "),
    "team.deleted": ("deleted", " of "),
    "team.edited": ("changed", " of "),
    "team.added": ("added", " to "),
    "team.removed": ("removed", " from "),
    "team.echoed": ("added", " to "),
}

SPEC = Spec(
    kind="team",
    doc="teams of an organization and the projects they may reach (GitHub)",
    names=(
        EventName("team.created", "a team was made"),
        EventName("team.deleted", "a team was deleted"),
        EventName("team.edited", "its name, description or rights changed"),
        EventName("team.added", "a team may reach a project now"),
        EventName("team.removed", "a team may no longer reach a project"),
        EventName("team.echoed", "`team.added` told again, by GitHub's `team_add`", bare=False),
    ),
    fields=declare("name", "role"),
    github=("team", "team_add"),
    from_github=from_github,
    line=line,
    reply=reply,
)
