"""Accounts of an instance (system hooks)."""

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
class Account:
    user: Person
    old_username: str
    state: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get(payload["event_name"].text_or())
    if name is None:
        return None
    username = payload["username"].text_or()
    user = Person(
        username=username,
        name=payload["name"].text_or(),
        id=payload["user_id"].id(),
        bot=gitlab.is_bot(username),
    )
    subject = Account(
        user=user,
        old_username=payload["old_username"].text_or(),
        state=payload["state"].text_or(),
    )
    return make_event(
        source,
        payload,
        kind="user",
        names=(name,),
        project=None,
        actor=None,
        subject=subject,
        about=(("user", user.id or user.username),),
        fields={
            "user": user,
            "name": subject.old_username or None,
            "state": subject.state or None,
        },
    )


_NAMES: Final[Mapping[str, str]] = {
    "user_create": "user.created",
    "user_destroy": "user.deleted",
    "user_rename": "user.renamed",
    "user_failed_login": "user.login_failed",
}


def line(event: Event) -> Message:
    return Message(text=reply(event))


def reply(event: Event) -> Text:
    subject: Account = event.subject
    user = subject.user
    who = text(wording.who(user), " (", wording.branch(user.username), ")")
    if event.names == ("user.login_failed",):
        state = f" ({wording.short(subject.state, 40)})" if subject.state else ""
        return text("👤 failed login of ", who, state)
    if event.names == ("user.renamed",):
        return text("👤 account ", wording.branch(subject.old_username), " is now ", who)
    return text("👤 account ", who, f" was {event.names[0].partition('.')[2]}")


SPEC = Spec(
    kind="user",
    doc="accounts (system hooks)",
    names=(
        EventName("user.created", "an account was created"),
        EventName("user.deleted", "an account was deleted"),
        EventName("user.renamed", "an account got another user name; `name` is the old one"),
        EventName("user.login_failed", "a blocked account tried to log in"),
    ),
    fields=declare("user", "name", "state"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    line=line,
    reply=reply,
)
