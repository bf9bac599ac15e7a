"""Discussions, and the answers that are chosen in them (GitHub)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import edits, git, github, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event, Person, Value
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    number: str
    title: str
    url: str
    description: str
    category: str
    author: Person | None
    #: `answered`, `pinned`, …: what was done, and what follows it: ` (spam)`.
    done: str
    details: Text
    #: The answer that was chosen; empty when the event is about none.
    answer: str

    @property
    def label(self) -> str:
        return label(self.number, self.title)


def label(number: str, title: str) -> str:
    return wording.short(f"#{number} {title}")


def fields_of(place: Payload) -> Mapping[str, Value | None]:
    """Of a `discussion` object; comments on it have them too."""
    state = place["state"].text_or()
    number, title = place["number"].id(), place["title"].text_or()
    return {
        "discussion": Ref(label=label(number, title), url=place["html_url"].text_or()),
        "iid": git.number(place["number"]),
        "title": title or None,
        "description": place["body"].text_or(),
        "state": {"open": "opened"}.get(state, state) or None,
        "author": github.person(place["user"]),
        "labels": github.labels(place["labels"]),
        "category": place["category"]["name"].text_or() or None,
    }


def from_github(source: Source, payload: Payload) -> Event | None:
    place, action = payload["discussion"], payload["action"].text_or()
    place.as_(dict)
    done, details = _done(payload, action)
    subject = Discussion(
        number=place["number"].id(),
        title=place["title"].text_or(),
        url=place["html_url"].text_or(),
        description=place["body"].text_or(),
        category=place["category"]["name"].text_or(),
        author=github.person(place["user"]),
        done=done,
        details=details,
        answer=payload["answer"]["body"].text_or() if action == "answered" else "",
    )
    label = payload["label"]["name"].text_or()
    labels = (label,) if label else ()
    return make_event(
        source,
        payload,
        kind="discussion",
        names=(_NAMES.get(action, "discussion.updated"),),
        project=github.project(payload),
        actor=github.actor(payload),
        subject=subject,
        about=(("discussion", subject.number),),
        fields={
            **fields_of(place),
            "added_labels": labels if action == "labeled" else (),
            "removed_labels": labels if action == "unlabeled" else (),
        },
        url=payload["answer"]["html_url"].text_or() if subject.answer else subject.url,
        private=github.names_private(payload, payload["changes"]["new_repository"]),
    )


_NAMES: Final[Mapping[str, str]] = {
    "created": "discussion.created",
    "answered": "discussion.answered",
    "unanswered": "discussion.unanswered",
    "closed": "discussion.closed",
    "reopened": "discussion.reopened",
    "labeled": "discussion.labeled",
    "deleted": "discussion.deleted",
}


def _done(payload: Payload, action: str) -> tuple[str, Text]:
    if action in _DETAILS:
        verb, details = _DETAILS[action]
        return verb, details(payload)
    return action if action in _VERBS else "updated", ()


_VERBS: Final = frozenset({*_NAMES, "pinned", "unpinned", "unlocked"})


def _edited(payload: Payload) -> Text:
    return edits.said(edits.of_github(payload))


def _category(payload: Payload) -> Text:
    name = payload["discussion"]["category"]["name"].text_or()
    return text(f": category {wording.short(name, 60)}" if name else " (category)")


def _closed(payload: Payload) -> Text:
    reason = payload["discussion"]["state_reason"].text_or().replace("_", " ")
    return text(f" as {wording.short(reason, 40)}" if reason else "")


def _locked(payload: Payload) -> Text:
    reason = payload["discussion"]["active_lock_reason"].text_or()
    return text(f" ({wording.short(reason, 40)})" if reason else "")


def _moved(payload: Payload) -> Text:
    changes = payload["changes"]
    place, other = changes["new_repository"], changes["new_discussion"]
    where = f"{place['full_name'].text_or()}#{other['number'].id()}"
    return text(" to ", wording.linked(where, other["html_url"].text_or()))


def _labels(payload: Payload) -> Text:
    return wording.codes((payload["label"]["name"].text_or(),))


def _by(payload: Payload) -> Text:
    author = github.person(payload["answer"]["user"])
    return text(f" with what {wording.who(author)} says" if author else "")


_DETAILS: Final[Mapping[str, tuple[str, Callable[[Payload], Text]]]] = {
    "answered": ("answered", _by),
    "unanswered": ("took back the answer to", lambda _payload: ()),
    "created": ("began", lambda _payload: ()),
    "edited": ("updated", _edited),
    "category_changed": ("updated", _category),
    "closed": ("closed", _closed),
    "locked": ("locked", _locked),
    "transferred": ("moved", _moved),
    "labeled": ("labeled", lambda payload: text(": ", *_labels(payload))),
    "unlabeled": ("updated", lambda payload: text(": removed label ", *_labels(payload))),
}


def line(event: Event) -> Message:
    subject: Discussion = event.subject
    head = f"🗨️ {wording.who(event.actor)} {subject.done} discussion "
    what = wording.linked(subject.label, event.url)
    words = subject.answer
    if "discussion.created" in event.names:
        words = subject.description
    body = wording.excerpt(words, 300, event=event)
    return Message(
        text=text(head, what, *wording.project(event), *subject.details),
        body=(body,) if body else (),
        context=_category_line(event, subject),
    )


def _category_line(event: Event, subject: Discussion) -> tuple[Text, ...]:
    is_new = "discussion.created" in event.names and subject.category
    return (text(wording.short(subject.category, 60)),) if is_new else ()


def reply(event: Event) -> Text:
    subject: Discussion = event.subject
    head = text(f"🗨️ {wording.who(event.actor)} {subject.done} it", *subject.details)
    words = wording.excerpt(subject.answer, event=event)
    return text(*head, ": ", *words) if words else head


SPEC = Spec(
    kind="discussion",
    doc="discussions (GitHub); what is said in them is `comment.discussion`",
    names=(
        EventName("discussion.created", "a discussion was begun"),
        EventName("discussion.answered", "an answer was chosen"),
        EventName("discussion.unanswered", "… and taken back"),
        EventName("discussion.updated", "changed in a way that no other name tells"),
        EventName("discussion.labeled", "a label was added"),
        EventName("discussion.closed", "closed"),
        EventName("discussion.reopened", "reopened"),
        EventName("discussion.deleted", "deleted"),
    ),
    fields=declare(
        *("discussion", "iid", "title", "description", "state", "author", "labels", "category"),
        *("added_labels", "removed_labels"),
    ),
    github=("discussion",),
    from_github=from_github,
    line=line,
    reply=reply,
)
