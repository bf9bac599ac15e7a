"""SSH keys of accounts (system hooks)."""

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

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    owner: Person
    #: `ssh-ed25519`, …
    algorithm: str


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


_NAMES: Final[Mapping[str, str]] = {"key_create": "key.created", "key_destroy": "key.deleted"}


def line(event: Event) -> Message:
    return Message(text=reply(event))


def reply(event: Event) -> Text:
    subject: Key = event.subject
    said = "added" if event.names == ("key.created",) else "deleted"
    kind = f" ({wording.short(subject.algorithm, 40)})" if subject.algorithm else ""
    return text(f"🔑 SSH key of {wording.who(subject.owner)}{kind} {said}")


SPEC = Spec(
    kind="key",
    doc="SSH keys (system hooks)",
    names=(
        EventName("key.created", "somebody added a key"),
        EventName("key.deleted", "a key was deleted"),
    ),
    fields=declare("user", "type"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    line=line,
    reply=reply,
)
