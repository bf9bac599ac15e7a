"""Access tokens and deploy tokens that are about to expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
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
class Token:
    name: str
    #: `access token` or `deploy token`.
    noun: str
    expires: datetime | None
    #: Where one renews it.
    url: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    is_deploy = payload["object_kind"].text_or() == "deploy_token"
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


def _expires(payload: Payload) -> datetime | None:
    moment = payload.time()
    if moment is not None:
        return moment
    try:
        return datetime.strptime(payload.text_or(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def line(event: Event) -> Message:
    return Message(text=_sentence(event.subject, wording.project(event, " of ")), color="warning")


def reply(event: Event) -> Text:
    return _sentence(event.subject, ())


def _sentence(subject: Token, where: Text) -> Text:
    when = f" on {subject.expires:%Y-%m-%d}" if subject.expires else " soon"
    name = wording.linked(subject.name, subject.url)
    return text(f"🔑 {subject.noun} ", name, *where, f" expires{when}")


SPEC = Spec(
    kind="access_token",
    doc="tokens of projects and groups that expire soon",
    names=(
        EventName("access_token.expiring", "an access token of a project or group"),
        EventName("deploy_token.expiring", "a deploy token of a project or group"),
    ),
    fields=declare("name", "expires"),
    gitlab=("access_token", "deploy_token", "expiring_access_token", "expiring_deploy_token"),
    from_gitlab=from_gitlab,
    gitlab_triggers=("resource_access_token_events", "resource_deploy_token_events"),
    line=line,
    reply=reply,
)
