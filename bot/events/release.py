"""Releases."""

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

_NOTES_LIMIT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    name: str
    tag: str
    notes: str
    #: `create`, `update` or `delete`.
    action: str
    url: str
    commit: git.Commit | None


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    subject = _read(payload)
    commit = subject.commit
    return make_event(
        source,
        payload,
        kind="release",
        names=_NAMES.get(subject.action, ()),
        project=gitlab.project(payload),
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=(
            ("release", subject.tag),
            ("tag", subject.tag),
            ("commit", commit.sha if commit else ""),
        ),
        fields={
            "release": Ref(label=subject.name, url=subject.url),
            "name": subject.name,
            "title": subject.name,
            "tag": subject.tag,
            "description": subject.notes,
            "sha": commit.sha if commit else None,
            "commit": git.commit_ref(commit.sha, commit.url) if commit else None,
        },
        url=subject.url,
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "create": ("release",),
    "update": ("release.edited",),
    "delete": ("release.deleted",),
}


def _read(payload: Payload) -> Release:
    tag = payload["tag"].text()
    return Release(
        name=payload["name"].text_or() or tag,
        tag=tag,
        notes=payload["description"].text_or(),
        action=payload["action"].text_or() or "create",
        url=payload["url"].text_or(),
        commit=gitlab.commit(payload["commit"]),
    )


_SAID: Final[Mapping[str, str]] = {
    "create": "released",
    "update": "release edited",
    "delete": "release deleted",
}


def line(event: Event) -> Message:
    subject: Release = event.subject
    made = subject.action == "create"
    notes = wording.words_of(subject.notes, _NOTES_LIMIT, event=event) if made else ()
    return Message(
        text=text(*_head(subject), *wording.project(event)),
        body=(notes,) if notes else (),
        color="good" if made else None,
    )


def reply(event: Event) -> Text:
    return _head(event.subject)


def _head(subject: Release) -> Text:
    tag = text(" (", wording.branch(subject.tag), ")") if subject.tag != subject.name else ()
    said = _SAID.get(subject.action, subject.action)
    return text("📦 ", wording.linked(subject.name, subject.url), *tag, f" {said}")


SPEC = Spec(
    kind="release",
    doc="releases",
    names=(
        EventName("release", "a release was published"),
        EventName("release.edited", "a release was edited", bare=False),
        EventName("release.deleted", "a release was deleted", bare=False),
    ),
    fields=declare("release", "name", "title", "tag", "description", "sha", "commit"),
    gitlab=("release",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("releases_events",),
    line=line,
    reply=reply,
)
