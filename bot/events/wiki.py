"""Wiki pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import gitlab, wording
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
class WikiPage:
    title: str
    slug: str
    #: Of the change, as its author put it.
    message: str
    action: str
    url: str
    diff_url: str


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    slug = attributes["slug"].text_or()
    subject = WikiPage(
        title=attributes["title"].text(),
        slug=slug,
        message=attributes["message"].text_or(),
        action=attributes["action"].text_or(),
        url=attributes["url"].text_or(),
        diff_url=attributes["diff_url"].text_or(),
    )
    project = gitlab.project(payload) if payload["project"] else None
    return make_event(
        source,
        payload,
        kind="wiki",
        names=_NAMES.get(subject.action, ()),
        project=project,
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=(("wiki", slug or subject.title),),
        fields={
            "page": Ref(label=subject.title, url=subject.url),
            "title": subject.title,
            "message": subject.message or None,
        },
        url=subject.url,
        group=gitlab.group_path(subject.url) if project is None else "",
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("wiki.created",),
    "update": ("wiki.edited",),
    "delete": ("wiki.deleted",),
}
_SAID: Final[Mapping[str, str]] = {"create": "created", "update": "edited", "delete": "deleted"}


def line(event: Event) -> Message:
    subject: WikiPage = event.subject
    page = wording.linked(subject.title, "" if subject.action == "delete" else subject.url)
    head = text(f"📄 {wording.who(event.actor)} {_said(subject)} wiki page ", page)
    diff = text(" (", wording.linked("changes", subject.diff_url), ")") if subject.diff_url else ()
    words = "" if subject.message in _OWN_WORDS else wording.short(subject.message)
    return Message(
        text=text(*head, *wording.project(event), *diff), context=(text(words),) if words else ()
    )


#: Written by GitLab when the author writes nothing: it says less than the line does.
_OWN_WORDS: Final = frozenset({"", "Create page", "Update page"})


def reply(event: Event) -> Text:
    return text(f"📄 {wording.who(event.actor)} {_said(event.subject)} the page")


def _said(subject: WikiPage) -> str:
    return _SAID.get(subject.action, "changed")


SPEC = Spec(
    kind="wiki",
    doc="wiki pages",
    names=(
        EventName("wiki.created", "a page was created"),
        EventName("wiki.edited", "a page was edited"),
        EventName("wiki.deleted", "a page was deleted"),
    ),
    fields=declare("page", "title", "message"),
    gitlab=("wiki_page",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("wiki_page_events",),
    line=line,
    reply=reply,
)
