"""Releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import before, github, gitlab, wording
from bot.events.release.subject import Release, make, row
from bot.events.vocabulary import declare
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


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    tag = payload["tag"].text()
    actor = gitlab.person(payload["user"])
    one = Release(
        name=payload["name"].text_or() or tag,
        tag=tag,
        notes=payload["description"].text_or(),
        action=payload["action"].text_or() or "create",
        url=payload["url"].text_or(),
        commit=gitlab.commit(payload["commit"]),
        author=gitlab.person(payload["author"]) or actor,
        draft=False,
        prerelease=False,
        assets=_assets(payload["assets"]["links"], "url"),
    )
    return make(source, payload, one, project=gitlab.project(payload), actor=actor)


def from_github(source: Source, payload: Payload) -> Event | None:
    """One release is told three times: created, published, released. The second counts."""
    place = payload["release"]
    tag = place["tag_name"].text()
    actor = github.actor(payload)
    action = payload["action"].text_or()
    one = Release(
        name=place["name"].text_or() or tag,
        tag=tag,
        notes=place["body"].text_or(),
        action=_ACTIONS.get(action, action),
        url=place["html_url"].text_or(),
        commit=None,
        author=github.person(place["author"]) or actor,
        # Published before, and hidden again: of that others may be told.
        draft=place["draft"].bool_or() and action != "unpublished",
        prerelease=place["prerelease"].bool_or(),
        assets=_assets(place["assets"], "browser_download_url"),
    )
    return make(source, payload, one, project=github.project(payload), actor=actor)


def _assets(files: Payload, address: str) -> tuple[Ref, ...]:
    found = (Ref(label=one["name"].text_or(), url=one[address].text_or()) for one in files)
    return tuple(one for one in found if one.label)


_ACTIONS: Final[Mapping[str, str]] = {
    "published": "create",
    "edited": "update",
    "deleted": "delete",
    "unpublished": "unpublish",
    "created": "save",
    "prereleased": "prerelease",
    "released": "release",
}

_SAID: Final[Mapping[str, str]] = {
    "create": "released",
    "update": "release edited",
    "delete": "release deleted",
    "unpublish": "release withdrawn",
    "save": "release created",
    "prerelease": "published as a pre-release",
    "release": "published as a full release",
}


def line(event: Event) -> Message:
    one: Release = event.subject
    made = one.action == "create" and not one.draft
    notes = wording.words_of(one.notes, _NOTES_LIMIT, event=event) if made else ()
    by = event.actor or one.author
    more = row(one.assets, event.fields.get("compare"), one.notes) if made else ()
    return Message(
        text=text(*_head(one), *wording.project(event), f" by {wording.who(by)}" if by else ""),
        body=(notes,) if notes else (),
        context=(more,) if more else (),
        color="good" if made else None,
    )


def reply(event: Event) -> Text:
    return _head(event.subject)


def _head(one: Release) -> Text:
    tag = text(" (", wording.branch(one.tag), ")") if one.tag != one.name else ()
    said = "release drafted" if one.draft else _SAID.get(one.action, one.action)
    if one.action == "create" and one.prerelease and not one.draft:
        said = "pre-released"
    return text("📦 ", wording.linked(one.name, one.url), *tag, f" {said}")


SPEC = Spec(
    kind="release",
    doc="releases",
    names=(
        EventName("release", "a release was published"),
        EventName("release.edited", "a release was edited", bare=False),
        EventName("release.deleted", "a release was deleted", bare=False),
        EventName("release.unpublished", "a release became a draft again (GitHub)", bare=False),
        EventName("release.drafted", "a draft was saved or changed (GitHub)", bare=False),
        EventName("release.created", "a release was saved, before it is published", bare=False),
        EventName("release.prereleased", "a pre-release was published", bare=False),
        EventName("release.released", "a full release, or a pre-release made one", bare=False),
    ),
    fields=declare(
        *("release", "name", "title", "tag", "author", "description", "draft", "prerelease"),
        *("sha", "commit", "compare"),
    ),
    gitlab=("release",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("releases_events",),
    github=("release",),
    from_github=from_github,
    line=line,
    reply=reply,
    derive=before.tagged,
    state_key=before.tags_key,
)
