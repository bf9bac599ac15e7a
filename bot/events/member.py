"""People who join, leave or ask to join projects and groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.message import Text
    from bot.model import Event, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    member: Person
    #: `developer`, `maintainer`, …; empty when not told.
    role: str
    #: Path of the group or project.
    of: str
    expires: datetime | None


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["event_name"].text_or())
    if name is None:
        return None
    project = _project(payload)
    group = payload["group_path"].text_or() if project is None else ""
    member = _member(payload)
    subject = Membership(
        member=member,
        role=_role(payload),
        of=project.path if project else group,
        expires=payload["expires_at"].time(),
    )
    return make_event(
        source,
        payload,
        kind="member",
        names=(name,),
        project=project,
        # The body names the member only, never who let them in.
        actor=None,
        subject=subject,
        about=(("member", member.id or member.username),),
        fields={"member": member, "role": subject.role or None, "expires": subject.expires},
        url=project.url if project else "",
        group=group,
    )


_NAMES: Final[Mapping[str, str]] = {
    f"{event}_{scope}": name
    for event, name in (
        ("user_add_to", "member.added"),
        ("user_remove_from", "member.removed"),
        ("user_update_for", "member.updated"),
        ("user_access_request_to", "member.requested"),
        ("user_access_request_revoked_for", "member.request_withdrawn"),
        # GitLab's documentation says `denied` where its code says `revoked`.
        ("user_access_request_denied_for", "member.request_withdrawn"),
    )
    for scope in ("group", "team", "project")
}


def _project(payload: Payload) -> Project | None:
    return gitlab.project(payload) if payload["project_id"].id() else None


def _member(payload: Payload) -> Person:
    username = payload["user_username"].text_or()
    return Person(
        username=username,
        name=payload["user_name"].text_or(),
        id=payload["user_id"].id(),
        bot=gitlab.is_bot(username),
    )


def _role(payload: Payload) -> str:
    for key in ("group_access", "project_access", "access_level"):
        if role := payload[key].text_or():
            return role.lower()
    return ""


def line(event: Event) -> Message:
    return Message(text=reply(event))


def reply(event: Event) -> Text:
    subject: Membership = event.subject
    before, after = _SAID[event.names[0]]
    role = wording.short(subject.role, 40) or "a member"
    where = wording.linked(subject.of, event.url) if subject.of else "a group"
    head = f"👥 {wording.who(subject.member)} {before.replace('{role}', role)} "
    return text(head, where, after.replace("{role}", role))


_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "member.added": ("joined", " as {role}"),
    "member.removed": ("left", ""),
    "member.updated": ("is now {role} of", ""),
    "member.requested": ("asks to join", ""),
    "member.request_withdrawn": ("will not join", ": the request is off"),
}

SPEC = Spec(
    kind="member",
    doc="members of projects and groups (group and system hooks)",
    names=(
        EventName("member.added", "somebody joined"),
        EventName("member.removed", "somebody left or was removed"),
        EventName("member.updated", "a role or its end changed"),
        EventName("member.requested", "somebody asks to join"),
        EventName("member.request_withdrawn", "a request to join was withdrawn or denied"),
    ),
    fields=declare("member", "role", "expires"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    line=line,
    reply=reply,
)
