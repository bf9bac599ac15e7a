"""Emoji that people put on merge requests, issues, comments and snippets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    emoji: str
    revoked: bool
    #: What it is on: `mr`, `issue`, `comment`, `snippet`, or the forge's own word.
    on_type: str
    on: Ref
    url: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    action = attributes["action"].text_or() or payload["event_type"].text_or()
    url = attributes["awarded_on_url"].text_or()
    kind, place, mark = _place(payload)
    title = f"{mark}{place['iid'].id()} {place['title'].text_or()}" if mark else kind
    subject = Reaction(
        emoji=attributes["name"].text(),
        revoked=action == "revoke",
        on_type=_TYPES.get(attributes["awardable_type"].text_or(), ""),
        on=Ref(label=wording.short(title), url=url or place["url"].text_or()),
        url=url,
    )
    is_ref = kind in {"mr", "issue"}
    return make_event(
        source,
        payload,
        kind="emoji",
        names=("emoji.revoked" if subject.revoked else "emoji.awarded",),
        project=gitlab.project(payload),
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=((kind, place["iid"].id() if is_ref else place["id"].id()),),
        fields={
            "emoji": subject.emoji,
            "on_type": subject.on_type or None,
            "title": place["title"].text_or() or None,
            "iid": git.number(place["iid"]) if is_ref else None,
            kind: subject.on if is_ref else None,
        },
        url=url,
        confidential=_is_confidential(payload),
    )


_TYPES: Final[Mapping[str, str]] = {
    "MergeRequest": "mr",
    "Issue": "issue",
    "WorkItem": "issue",
    "Note": "comment",
    "Snippet": "snippet",
    "ProjectSnippet": "snippet",
}


def _place(payload: Payload) -> tuple[str, Payload, str]:
    """What it is on; for a comment what that is on: kind, object, mark of its number."""
    for name, kind, mark in (
        ("merge_request", "mr", "!"),
        ("issue", "issue", "#"),
        ("work_item", "issue", "#"),
        ("project_snippet", "snippet", ""),
        ("snippet", "snippet", ""),
        ("commit", "commit", ""),
    ):
        if payload[name]:
            return kind, payload[name], mark
    return "emoji", payload["note"], ""


def _is_confidential(payload: Payload) -> bool:
    return any(
        payload[place][key].bool_or()
        for place in ("issue", "work_item", "note", "merge_request")
        for key in ("confidential", "internal")
    )


def line(event: Event) -> Message:
    return Message(text=text(*reply(event), *wording.project(event)))


def reply(event: Event) -> Text:
    subject: Reaction = event.subject
    done = "took :{}: off" if subject.revoked else "put :{}: on"
    what = "a comment on " if subject.on_type == "comment" else ""
    said = f"{wording.who(event.actor)} {done.format(wording.short(subject.emoji, 60))} {what}"
    return text(said, wording.ref(subject.on))


SPEC = Spec(
    kind="emoji",
    doc="emoji put on merge requests, issues and comments",
    names=(
        EventName("emoji.awarded", "somebody put an emoji on something"),
        EventName("emoji.revoked", "somebody took an emoji away"),
    ),
    fields=declare("emoji", "on_type", "title", "iid", "mr", "issue"),
    gitlab=("emoji",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("emoji_events",),
    line=line,
    reply=reply,
)
