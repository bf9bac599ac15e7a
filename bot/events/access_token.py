"""Tokens that are about to expire (GitLab), or that people ask an organization for (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.events import github, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event, Person
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    name: str
    #: `access token` or `deploy token`.
    noun: str
    expires: datetime | None
    #: Where one renews it, or decides on it.
    url: str
    #: Whose it is; None for those of projects and groups.
    owner: Person | None = None


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    word = payload["object_kind"].text_or() or payload["event_name"].text_or()
    is_deploy = word.endswith("deploy_token")
    kind = "deploy_token" if is_deploy else "access_token"
    project = gitlab.project(payload)
    page = "/-/settings/repository" if is_deploy else "/-/settings/access_tokens"
    subject = Token(
        name=attributes["name"].text(),
        noun=kind.replace("_", " "),
        expires=_expires(attributes["expires_at"]),
        url=f"{project.url}{page}" if project and project.url else "",
    )
    group = payload["group"]
    return make_event(
        source,
        payload,
        kind="access_token",
        names=(f"{kind}.expiring",),
        project=project,
        actor=None,
        subject=subject,
        about=((kind, attributes["id"].id()),),
        fields={"name": subject.name, "expires": subject.expires},
        url=subject.url,
        group=group["full_path"].text_or() or group["group_path"].text_or(),
    )


def from_github(source: Source, payload: Payload) -> Event | None:
    name = _REQUESTS.get(payload["action"].text_or())
    if name is None:
        return None
    request, group = payload["personal_access_token_request"], github.organization(payload)
    owner = github.person(request["owner"])
    subject = Token(
        name=request["token_name"].text_or() or "without a name",
        noun="access token",
        expires=_expires(request["token_expires_at"]),
        url=f"https://github.com/organizations/{group}/settings/personal-access-token-requests"
        if group and name == "access_token.requested"
        else "",
        owner=owner,
    )
    return make_event(
        source,
        payload,
        kind="access_token",
        names=(name,),
        project=None,
        actor=github.actor(payload),
        subject=subject,
        about=(("token_request", request["id"].id()),),
        fields={"name": subject.name, "expires": subject.expires, "user": owner},
        url=subject.url,
        group=group,
    )


_REQUESTS: Final[Mapping[str, str]] = {
    "created": "access_token.requested",
    "approved": "access_token.approved",
    "denied": "access_token.denied",
    "cancelled": "access_token.request_withdrawn",
}


def _expires(payload: Payload) -> datetime | None:
    moment = payload.time()
    if moment is not None:
        return moment
    try:
        return datetime.strptime(payload.text_or(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def line(event: Event) -> Message:
    where = wording.project(event, " of ")
    if event.names[0] in _ASKED:
        return Message(text=_request(event, wording.project(event, " for ")))
    return Message(text=_sentence(event.subject, where), color="warning")


def reply(event: Event) -> Text:
    return _request(event, ()) if event.names[0] in _ASKED else _sentence(event.subject, ())


def _sentence(subject: Token, where: Text) -> Text:
    when = f" on {subject.expires:%Y-%m-%d}" if subject.expires else " soon"
    name = wording.linked(subject.name, subject.url)
    return text(f"🔑 {subject.noun} ", name, *where, f" expires{when}")


def _request(event: Event, where: Text) -> Text:
    subject: Token = event.subject
    owner = wording.who(subject.owner)
    others = event.actor != subject.owner and event.names[0] != "access_token.requested"
    whose = f" of {owner}" if others else ""
    name = wording.linked(subject.name, subject.url)
    head = f"🔑 {wording.who(event.actor)} {_ASKED[event.names[0]]} access token "
    return text(head, name, whose, *where)


_ASKED: Final[Mapping[str, str]] = {
    "access_token.requested": "asks to approve",
    "access_token.approved": "approved",
    "access_token.denied": "denied",
    "access_token.request_withdrawn": "no longer asks for",
}

SPEC = Spec(
    kind="access_token",
    doc="tokens of projects and groups that expire soon, and those people ask for",
    names=(
        EventName("access_token.expiring", "an access token of a project or group"),
        EventName("deploy_token.expiring", "a deploy token of a project or group"),
        EventName("access_token.requested", "somebody wants one for an organization (GitHub)"),
        EventName("access_token.approved", "… and got it"),
        EventName("access_token.denied", "… and did not get it"),
        EventName("access_token.request_withdrawn", "… and does not want it any more"),
    ),
    fields=declare("name", "expires", "user"),
    gitlab=("access_token", "deploy_token", "expiring_access_token", "expiring_deploy_token"),
    from_gitlab=from_gitlab,
    github=("personal_access_token_request",),
    from_github=from_github,
    gitlab_triggers=("resource_access_token_events", "resource_deploy_token_events"),
    line=line,
    reply=reply,
)
