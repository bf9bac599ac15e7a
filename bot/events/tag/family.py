"""Tags that came and went; GitHub tells of them by its pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.events import before, git, gitlab, wording
from bot.events.git import in_url
from bot.events.tag.card import card, fold
from bot.events.tag.subject import Tag, make
from bot.events.vocabulary import declare
from bot.message import Message, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event, Project
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    subject = _read(payload, project)
    return make(source, payload, subject, project=project, actor=gitlab.pusher(payload))


def _read(payload: Payload, project: Project | None) -> Tag:
    name = payload["ref"].text().removeprefix("refs/tags/")
    before, after = payload["before"].text_or(), payload["after"].text_or()
    deleted = git.is_zero(after)
    sha = "" if deleted else payload["checkout_sha"].text_or() or after
    base = project.url if project else ""
    return Tag(
        name=name,
        sha=sha,
        message="" if deleted else payload["message"].text_or(),
        deleted=deleted,
        moved=bool(before) and not git.is_zero(before) and not deleted,
        url=f"{base}/-/tags{'' if deleted else '/' + in_url(name)}" if base else "",
        commit_url=f"{base}/-/commit/{sha}" if base and sha else "",
    )


def line(event: Event) -> Message:
    compare = event.fields.get("compare")
    changes = text(" (", wording.ref(compare), ")") if isinstance(compare, Ref) else ()
    return Message(text=text(*_sentence(event), *changes), body=_annotation(event.subject))


def reply(event: Event) -> Text:
    return text(wording.who(event.actor), " ", *_what(event.subject))


def _sentence(event: Event) -> Text:
    where = wording.project(event, " of " if event.subject.deleted else " in ")
    return text(wording.who(event.actor), " ", *_what(event.subject), *where)


def _what(subject: Tag) -> Text:
    name = wording.branch(subject.name)
    if subject.deleted:
        return text("deleted tag ", name)
    where = " to " if subject.moved else " at "
    at = text(where, wording.linked(subject.sha[:8], subject.commit_url)) if subject.sha else ()
    return text("moved tag " if subject.moved else "created tag ", name, *at)


def _annotation(subject: Tag) -> tuple[Text, ...]:
    words = wording.unformatted(subject.message)
    return (words,) if words else ()


SPEC = Spec(
    kind="tag",
    doc="tags created and deleted",
    names=(
        EventName("tag", "a tag was created or moved"),
        EventName("tag.deleted", "a tag was deleted", bare=False),
    ),
    fields=declare("tag", "sha", "commit", "message", "forced", "compare"),
    gitlab=("tag_push",),
    from_gitlab=from_gitlab,
    github_also=("push",),
    gitlab_triggers=("tag_push_events",),
    line=line,
    reply=reply,
    derive=before.tagged,
    state_key=before.tags_key,
    fold=fold,
    card=card,
    # A release has no card of its own: it is its tag's.
    opens=("tag", "release"),
)
