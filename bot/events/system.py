"""What else a whole instance tells (system hooks): changed repositories, seats asked for."""

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
class Notice:
    #: Branches and tags, without `refs/heads/` and `refs/tags/`.
    refs: tuple[str, ...]


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    word = payload["event_name"].text_or() or payload["object_kind"].text_or()
    name = _NAMES.get(word)
    if name is None:
        return None
    refs = [one.text_or() for one in payload["refs"]]
    subject = Notice(
        refs=tuple(r.removeprefix("refs/heads/").removeprefix("refs/tags/") for r in refs if r)
    )
    project = gitlab.project(payload)
    return make_event(
        source,
        payload,
        kind="system",
        names=(name,),
        project=project,
        actor=gitlab.pusher(payload) or gitlab.person(payload["user"]),
        subject=subject,
        about=(("project", project.id if project else ""),),
        fields={"refs": subject.refs, "event": word},
        url=project.url if project else "",
    )


_NAMES: Final[Mapping[str, str]] = {
    "repository_update": "repository.updated",
    "gitlab_subscription_member_approval": "seat.requested",
    "gitlab_subscription_member_approvals": "seat.decided",
}


def line(event: Event) -> Message:
    return Message(text=text(*reply(event), *wording.project(event)))


def reply(event: Event) -> Text:
    subject: Notice = event.subject
    if event.names != ("repository.updated",):
        return text("💺 ", _SEATS[event.names[0]])
    many = len(subject.refs)
    what = text(wording.codes(subject.refs)) if subject.refs else text("the repository")
    return text(f"{wording.who(event.actor)} changed ", *what, " at once" if many > 1 else "")


_SEATS: Final[Mapping[str, str]] = {
    "seat.requested": "a member waits for a seat to be approved",
    "seat.decided": "requests for seats were decided",
}

SPEC = Spec(
    kind="system",
    doc="what else an instance tells (system hooks)",
    names=(
        EventName("repository.updated", "a push with tags or several branches"),
        EventName("seat.requested", "a member waits for a paid seat"),
        EventName("seat.decided", "requests for paid seats were decided"),
    ),
    fields=declare("refs", "event"),
    gitlab=tuple(_NAMES),
    from_gitlab=from_gitlab,
    line=line,
    reply=reply,
)
