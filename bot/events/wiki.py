"""Wiki pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.errors import PayloadError
from bot.events import github, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Span, Text
    from bot.model import Event, Person, Project
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
    diff_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    #: At least one; GitHub tells of a whole push to the wiki at once.
    pages: tuple[WikiPage, ...]


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    page = WikiPage(
        title=attributes["title"].text(),
        slug=attributes["slug"].text_or(),
        message=attributes["message"].text_or(),
        action=attributes["action"].text_or(),
        url=attributes["url"].text_or(),
        diff_url=attributes["diff_url"].text_or(),
    )
    project = gitlab.project(payload) if payload["project"] else None
    group = gitlab.group_path(page.url) if project is None else ""
    return _made(source, payload, (page,), project, gitlab.person(payload["user"]), group)


def from_github(source: Source, payload: Payload) -> Event | None:
    pages = tuple(
        WikiPage(
            title=page["title"].text_or() or page["page_name"].text(),
            slug=page["page_name"].text_or(),
            message=page["summary"].text_or(),
            action=page["action"].text_or(),
            url=page["html_url"].text_or(),
        )
        for page in payload["pages"]
    )
    if not pages:
        raise PayloadError("$.pages: expected at least one page")
    return _made(source, payload, pages, github.project(payload), github.actor(payload), "")


def _made(
    source: Source,
    payload: Payload,
    pages: tuple[WikiPage, ...],
    project: Project | None,
    actor: Person | None,
    group: str,
) -> Event:
    first = pages[0]
    names = [_NAMES[page.action] for page in pages if page.action in _NAMES]
    return make_event(
        source,
        payload,
        kind="wiki",
        names=tuple(dict.fromkeys(names)),
        project=project,
        actor=actor,
        subject=Changed(pages=pages),
        about=tuple(("wiki", page.slug or page.title) for page in pages),
        fields={
            "page": Ref(label=first.title, url=first.url),
            "pages": tuple(Ref(label=page.title, url=page.url) for page in pages),
            "title": first.title,
            "message": first.message or None,
        },
        url=first.url,
        group=group,
    )


_NAMES: Final[Mapping[str, str]] = {
    "create": "wiki.created",
    "update": "wiki.edited",
    "delete": "wiki.deleted",
    "created": "wiki.created",
    "edited": "wiki.edited",
    "deleted": "wiki.deleted",
}


def line(event: Event) -> Message:
    subject: Changed = event.subject
    page, *more = subject.pages
    who = f"📄 {wording.who(event.actor)} "
    if more:
        rows = [text(f"{_said(one)} ", _linked(one)) for one in subject.pages]
        head = text(f"{who}changed {len(rows)} wiki pages", *wording.project(event))
        return Message(text=head, body=(wording.rows(rows, _ROWS),))
    head = text(f"{who}{_said(page)} wiki page ", _linked(page))
    diff = text(" (", wording.linked("changes", page.diff_url), ")") if page.diff_url else ()
    words = "" if page.message in _OWN_WORDS else wording.short(page.message)
    return Message(
        text=text(*head, *wording.project(event), *diff), context=(text(words),) if words else ()
    )


def _linked(page: WikiPage) -> Span:
    return wording.linked(page.title, "" if page.action.startswith("delete") else page.url)


#: Pages shown of one push.
_ROWS: Final = 10
#: Written by GitLab when the author writes nothing: it says less than the line does.
_OWN_WORDS: Final = frozenset({"", "Create page", "Update page"})


def reply(event: Event) -> Text:
    subject: Changed = event.subject
    return text(f"📄 {wording.who(event.actor)} {_said(subject.pages[0])} the page")


def _said(page: WikiPage) -> str:
    return _NAMES.get(page.action, "wiki.changed").partition(".")[2]


SPEC = Spec(
    kind="wiki",
    doc="wiki pages",
    names=(
        EventName("wiki.created", "a page was created"),
        EventName("wiki.edited", "a page was edited"),
        EventName("wiki.deleted", "a page was deleted"),
    ),
    fields=declare("page", "pages", "title", "message"),
    gitlab=("wiki_page",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("wiki_page_events",),
    github=("gollum",),
    from_github=from_github,
    line=line,
    reply=reply,
)
