"""People who join, leave or ask to join projects, groups and teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, gitlab, wording
from bot.events.project import of_organization
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
    #: Path of the group or project, or `team Backend`.
    of: str
    expires: datetime | None = None


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


def from_github(source: Source, payload: Payload) -> Event | None:
    action = payload["action"].text_or()
    name = _GITHUB_NAMES.get((source.event, action))
    if name is None:
        return of_organization(source, payload) if source.event == "organization" else None
    project, group = github.project(payload), github.organization(payload)
    member, role = _invited(payload) if name == "member.invited" else _of_github(payload)
    team = payload["team"]
    team_name = team["name"].text_or()
    of = f"team {team_name}" if team_name else project.path if project else group
    return make_event(
        source,
        payload,
        kind="member",
        names=(name,),
        project=project,
        actor=github.actor(payload),
        subject=Membership(member=member, role=role, of=of),
        about=(("member", member.id or member.username or member.name),),
        fields={"member": member, "role": role or None, "name": team_name or None},
        url=team["html_url"].text_or() or (project.url if project else ""),
        group=group,
    )


_GITHUB_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("member", "added"): "member.added",
    ("member", "removed"): "member.removed",
    ("member", "edited"): "member.updated",
    ("membership", "added"): "member.added",
    ("membership", "removed"): "member.removed",
    ("organization", "member_added"): "member.added",
    ("organization", "member_removed"): "member.removed",
    ("organization", "member_invited"): "member.invited",
    ("org_block", "blocked"): "member.blocked",
    ("org_block", "unblocked"): "member.unblocked",
}


def _of_github(payload: Payload) -> tuple[Person, str]:
    membership = payload["membership"]
    places = (payload["member"], membership["user"], payload["blocked_user"])
    found = next((one for one in map(github.person, places) if one), None)
    role = payload["changes"]["permission"]["to"].text_or() or membership["role"].text_or()
    return found or Person(username="", name="Someone"), role


def _invited(payload: Payload) -> tuple[Person, str]:
    """An invitation may go to somebody without an account, whose address is nobody's business."""
    role = payload["invitation"]["role"].text_or().removeprefix("direct_")
    found = github.person(payload["user"]) or github.person(payload["invitation"])
    return found or Person(username="", name="somebody by e-mail"), role


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
    where: Text = text(wording.linked(subject.of, event.url) if subject.of else "a group")
    if subject.of.startswith("team "):
        where = text(*where, *wording.project(event, " of "))
    own = event.actor is None or event.actor.username == subject.member.username
    before, after = (_SAID if own else _DONE)[event.names[0]]
    words = {
        "actor": wording.who(event.actor),
        "member": wording.who(subject.member),
        "role": wording.short(subject.role, 40) or "a member",
    }
    return text(f"👥 {before.format(**words)} ", where, _role_after(subject, after, words))


def _role_after(subject: Membership, after: str, words: Mapping[str, str]) -> str:
    return "" if "(" in after and not subject.role else after.format(**words)


#: Around the place: where nobody tells who did it, or people did it themselves.
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "member.added": ("{member} joined", " as {role}"),
    "member.removed": ("{member} left", ""),
    "member.updated": ("{member} is now {role} of", ""),
    "member.requested": ("{member} asks to join", ""),
    "member.request_withdrawn": ("{member} will not join", ": the request is off"),
    "member.invited": ("{member} is invited to", ""),
    "member.blocked": ("{member} is blocked from", ""),
    "member.unblocked": ("{member} is no longer blocked from", ""),
}
#: Where somebody did it to somebody else.
_DONE: Final[Mapping[str, tuple[str, str]]] = {
    "member.added": ("{actor} added {member} to", " ({role})"),
    "member.removed": ("{actor} removed {member} from", ""),
    "member.updated": ("{actor} changed what {member} may do in", " ({role})"),
    "member.invited": ("{actor} invited {member} to", " ({role})"),
    "member.blocked": ("{actor} blocked {member} from", ""),
    "member.unblocked": ("{actor} unblocked {member} for", ""),
}

SPEC = Spec(
    kind="member",
    doc="members of projects, groups and teams (GitLab: group and system hooks)",
    names=(
        EventName("member.added", "somebody joined"),
        EventName("member.removed", "somebody left or was removed"),
        EventName("member.updated", "a role or its end changed"),
        EventName("member.requested", "somebody asks to join"),
        EventName("member.request_withdrawn", "a request to join was withdrawn or denied"),
        EventName("member.invited", "somebody was invited to an organization (GitHub)"),
        EventName("member.blocked", "somebody was blocked from an organization (GitHub)"),
        EventName("member.unblocked", "somebody is no longer blocked (GitHub)"),
    ),
    fields=declare("member", "role", "expires", "name"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    github=("member", "membership", "organization", "org_block"),
    from_github=from_github,
    line=line,
    reply=reply,
)
