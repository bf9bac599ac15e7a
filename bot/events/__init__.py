"""Every event family, and the way from a delivery's body to its event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.events import (
    access_token,
    discussion,
    emoji,
    feature_flag,
    fork,
    job,
    key,
    member,
    merge_group,
    milestone,
    other,
    project,
    ref,
    sponsorship,
    star,
    system,
    team,
    user,
    wiki,
)
from bot.events.activity import family as activity
from bot.events.comment import family as comment
from bot.events.deployment import family as deployment
from bot.events.issue import family as issue
from bot.events.merge_request import family as merge_request
from bot.events.pipeline import family as pipeline
from bot.events.push import family as push
from bot.events.release import family as release
from bot.events.tag import family as tag
from bot.events.vulnerability import family as vulnerability
from bot.payload import Payload
from bot.registry import Specs

if TYPE_CHECKING:
    from bot.model import Event, Json
    from bot.registry import Reader, Source, Spec

ALL: Final[tuple[Spec, ...]] = (
    push.SPEC,
    tag.SPEC,
    ref.SPEC,
    merge_request.SPEC,
    merge_group.SPEC,
    issue.SPEC,
    comment.SPEC,
    discussion.SPEC,
    pipeline.SPEC,
    job.SPEC,
    deployment.SPEC,
    release.SPEC,
    wiki.SPEC,
    feature_flag.SPEC,
    milestone.SPEC,
    emoji.SPEC,
    member.SPEC,
    team.SPEC,
    project.SPEC,
    access_token.SPEC,
    vulnerability.SPEC,
    user.SPEC,
    key.SPEC,
    star.SPEC,
    fork.SPEC,
    sponsorship.SPEC,
    activity.SPEC,
    system.SPEC,
    other.SPEC,
)

#: By kind.
SPECS: Final = Specs(ALL)

_GITLAB: Final[Mapping[str, Reader]] = {
    word: spec.from_gitlab for spec in ALL if spec.from_gitlab for word in spec.gitlab
}
_GITHUB: Final[Mapping[str, Reader]] = {
    word: spec.from_github for spec in ALL if spec.from_github for word in spec.github
}
#: For bodies that name no event themselves, which a hook's custom template can bring about.
_GITLAB_HEADERS: Final[Mapping[str, str]] = {
    "push hook": "push",
    "tag push hook": "tag_push",
    "merge request hook": "merge_request",
    "issue hook": "issue",
    "confidential issue hook": "issue",
    "note hook": "note",
    "confidential note hook": "note",
    "pipeline hook": "pipeline",
    "job hook": "build",
    "build hook": "build",
    "deployment hook": "deployment",
    "release hook": "release",
    "wiki page hook": "wiki_page",
    "feature flag hook": "feature_flag",
    "milestone hook": "milestone",
    "emoji hook": "emoji",
    "resource access token hook": "access_token",
    "resource deploy token hook": "deploy_token",
    "vulnerability hook": "vulnerability",
}


def understand(source: Source, body: Mapping[str, Json]) -> Event:
    """The event that a body tells of; `other` when no family knows it. Raises PayloadError when a
    family knows it and it is not what that family's events are like."""
    payload = Payload(body)
    reader = _reader(source, payload)
    event = reader(source, payload) if reader else None
    return event or other.read(source, payload)


def _reader(source: Source, payload: Payload) -> Reader | None:
    if source.forge == "github":
        return _GITHUB.get(source.event)
    # The header comes last: system hooks hide every event behind the same one.
    words = (payload["object_kind"].text_or(), payload["event_name"].text_or())
    for word in words:
        if word in _GITLAB:
            return _GITLAB[word]
    if any(words):
        return None
    return _GITLAB.get(_GITLAB_HEADERS.get(source.event.lower(), ""))


#: Words of `on:` that are no event's name.
ANY: Final = "any"
UNMATCHED: Final = "unmatched"

_NAMES: Final[Mapping[str, str]] = {n.name: n.doc for spec in ALL for n in spec.names}


def names_of(on: str) -> frozenset[str]:
    """The event names that one word of `on:` stands for; empty when it is none.

    A name stands for itself; what comes before its dot, alone, for every name of it that says so;
    with `.*` for really every one. `pr` is `mr`. `any` and `unmatched` stand for themselves.
    """
    on = _own(on)
    if on in {ANY, UNMATCHED}:
        return frozenset({on})
    if on in _NAMES:
        return frozenset({on})
    prefix = on.removesuffix(".*")
    every = on != prefix
    return frozenset(
        name.name
        for spec in ALL
        for name in spec.names
        if name.name.partition(".")[0] == prefix and (every or (name.bare and not name.derived))
    )


def _own(on: str) -> str:
    word, dot, rest = on.partition(".")
    return f"mr{dot}{rest}" if word == "pr" else on


def event_names() -> Mapping[str, str]:
    """Every word that `on:` may hold, with what it means, in the families' order."""
    found = {ANY: "every event"}
    for spec in ALL:
        bare = [name.name.partition(".")[0] for name in spec.names if "." in name.name]
        for name in spec.names:
            prefix = name.name.partition(".")[0]
            if prefix in bare and prefix not in found and prefix not in _NAMES:
                found[prefix] = _bare_doc(prefix)
            found[name.name] = name.doc
    return {**found, UNMATCHED: "an event that no rule above wanted"}


def _bare_doc(prefix: str) -> str:
    named = [f"`{name}`" for name in _NAMES if name in names_of(prefix)]
    return ", ".join(named)


def kind_of(name: str) -> str | None:
    """The family that an event name or bare kind belongs to; None for `any` and the unknown."""
    name = _own(name)
    for spec in ALL:
        if name == spec.kind or any(n.name == name for n in spec.names):
            return spec.kind
    stands_for = names_of(name)
    return next((s.kind for s in ALL if any(n.name in stands_for for n in s.names)), None)
