"""SSH keys: of accounts (GitLab's system hooks), and deploy keys of projects (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    #: None for deploy keys, which are a project's.
    owner: Person | None
    #: `ssh-ed25519`, …
    algorithm: str
    title: str = ""
    #: A deploy key that may push.
    writes: bool = False


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["event_name"].text_or())
    if name is None:
        return None
    username = payload["username"].text_or()
    subject = Key(
        owner=Person(username=username, bot=gitlab.is_bot(username)),
        algorithm=payload["key"].text_or().partition(" ")[0],
    )
    return make_event(
        source,
        payload,
        kind="key",
        names=(name,),
        project=None,
        actor=None,
        subject=subject,
        about=(("key", payload["id"].id()),),
        fields={"user": subject.owner, "type": subject.algorithm or None},
    )


def from_github(source: Source, payload: Payload) -> Event | None:
    name = _GITHUB_NAMES.get(payload["action"].text_or())
    if name is None:
        return None
    key, project = payload["key"], github.project(payload)
    subject = Key(
        owner=None,
        algorithm=key["key"].text_or().partition(" ")[0],
        title=key["title"].text_or(),
        writes=key["read_only"].bool_or(None) is False,
    )
    return make_event(
        source,
        payload,
        kind="key",
        names=(name,),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=(("key", key["id"].id()),),
        fields={"name": subject.title or None, "type": subject.algorithm or None},
        url=f"{project.url}/settings/keys" if project and project.url else "",
    )


_GITHUB_NAMES: Final[Mapping[str, str]] = {
    "created": "deploy_key.created",
    "deleted": "deploy_key.deleted",
}
_NAMES: Final[Mapping[str, str]] = {"key_create": "key.created", "key_destroy": "key.deleted"}


def line(event: Event) -> Message:
    subject: Key = event.subject
    where = wording.project(event, " to " if _added(event) else " of ")
    return Message(text=reply(event) if subject.owner else text(*reply(event), *where))


def reply(event: Event) -> Text:
    subject: Key = event.subject
    said = "added" if _added(event) else "deleted"
    notes = [wording.short(subject.algorithm, 40), "may push" if subject.writes else ""]
    kind = f" ({', '.join(filter(None, notes))})" if any(notes) else ""
    if subject.owner:
        return text(f"🔑 SSH key of {wording.who(subject.owner)}{kind} {said}")
    key = wording.linked(subject.title or "without a title", event.url)
    return text(f"🔑 {wording.who(event.actor)} {said} deploy key ", key, kind)


def _added(event: Event) -> bool:
    return event.names[0].endswith(".created")


SPEC = Spec(
    kind="key",
    doc="SSH keys of accounts (GitLab: system hooks), deploy keys of projects (GitHub)",
    names=(
        EventName("key.created", "somebody added a key"),
        EventName("key.deleted", "a key was deleted"),
        EventName("deploy_key.created", "a deploy key was added to a project (GitHub)"),
        EventName("deploy_key.deleted", "a deploy key was deleted (GitHub)"),
    ),
    fields=declare("user", "type", "name"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    github=("deploy_key",),
    from_github=from_github,
    line=line,
    reply=reply,
)
