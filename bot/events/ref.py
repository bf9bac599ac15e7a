"""GitHub's `create` and `delete`: that a branch or tag came or went, as its push tells too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import github, wording
from bot.events.git import in_url
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RefChange:
    name: str
    #: `branch` or `tag`.
    kind: str
    deleted: bool


def from_github(source: Source, payload: Payload) -> Event | None:
    project = github.project(payload)
    subject = RefChange(
        name=payload["ref"].text(),
        kind=payload["ref_type"].text_or("branch"),
        deleted=source.event == "delete",
    )
    base = project.url if project else ""
    url = f"{base}/tree/{in_url(subject.name)}" if base and not subject.deleted else base
    return make_event(
        source,
        payload,
        kind="ref",
        names=("ref.deleted",) if subject.deleted else ("ref.created",),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=((subject.kind, subject.name),),
        fields={
            "branch": subject.name if subject.kind == "branch" else None,
            "tag": subject.name if subject.kind == "tag" else None,
        },
        url=url,
    )


def line(event: Event) -> Message:
    where = wording.project(event, " of " if event.subject.deleted else " in ")
    return Message(text=text(*reply(event), *where))


def reply(event: Event) -> Text:
    subject: RefChange = event.subject
    verb = "deleted" if subject.deleted else "created"
    name = wording.branch(subject.name)
    return text(f"{wording.who(event.actor)} {verb} {wording.short(subject.kind, 20)} ", name)


SPEC = Spec(
    kind="ref",
    doc="GitHub's own word for branches and tags that come and go, beside the push that tells more",
    names=(
        EventName(
            "ref.created", "told beside `branch.created` or `tag`, which know the commit", echo=True
        ),
        EventName("ref.deleted", "told beside `branch.deleted` or `tag.deleted`", echo=True),
    ),
    fields=declare("branch", "tag"),
    github=("create", "delete"),
    from_github=from_github,
    line=line,
    reply=reply,
)
