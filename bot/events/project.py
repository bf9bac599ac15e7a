"""The life of projects and groups: made, renamed, moved, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import gitlab, wording
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
class Place:
    """A project or a group."""

    is_group: bool
    path: str
    old_path: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["event_name"].text_or())
    if name is None:
        return None
    is_group = name.startswith("group.")
    project = None if is_group else gitlab.project(payload)
    group = payload["full_path"].text_or() or payload["path"].text_or() if is_group else ""
    old = "old_full_path" if is_group else "old_path_with_namespace"
    subject = Place(
        is_group=is_group,
        path=group if is_group else (project.path if project else ""),
        old_path=payload[old].text_or() or (payload["old_path"].text_or() if is_group else ""),
    )
    number = payload["group_id"].id() if is_group else payload["project_id"].id()
    return make_event(
        source,
        payload,
        kind="project",
        names=(name,),
        project=project,
        # The body names the owners only, never who did it.
        actor=None,
        subject=subject,
        about=(("group" if is_group else "project", number),),
        fields={"name": payload["name"].text_or() or None, "old_path": subject.old_path or None},
        group=group,
    )


_NAMES: Final[Mapping[str, str]] = {
    "project_create": "project.created",
    "project_destroy": "project.deleted",
    "project_rename": "project.renamed",
    "project_transfer": "project.transferred",
    "project_update": "project.updated",
    "group_create": "group.created",
    "group_destroy": "group.deleted",
    "group_rename": "group.renamed",
    "subgroup_create": "group.created",
    "subgroup_destroy": "group.deleted",
}


def line(event: Event) -> Message:
    return Message(text=reply(event))


def reply(event: Event) -> Text:
    subject: Place = event.subject
    noun, _dot, said = event.names[0].partition(".")
    before = text("; it was ", wording.branch(subject.old_path)) if subject.old_path else ()
    return text(f"📁 {noun} ", wording.branch(subject.path), f" was {said}", *before)


SPEC = Spec(
    kind="project",
    doc="projects and groups themselves (group and system hooks)",
    names=(
        EventName("project.created", "a project was created"),
        EventName("project.deleted", "a project was deleted"),
        EventName("project.renamed", "a project was renamed"),
        EventName("project.transferred", "a project was moved to another group"),
        EventName("project.updated", "a project's settings changed"),
        EventName("group.created", "a group or subgroup was created"),
        EventName("group.deleted", "a group or subgroup was deleted"),
        EventName("group.renamed", "a group or subgroup was renamed"),
    ),
    fields=declare("name", "old_path"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    line=line,
    reply=reply,
)
