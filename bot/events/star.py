"""Stars that people give projects and take back (GitHub)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, github, wording
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
class Star:
    given: bool
    #: How many the project has by now; None when the body does not tell.
    count: int | None


def from_github(source: Source, payload: Payload) -> Event | None:
    name = _NAMES.get((source.event, payload["action"].text_or()))
    if name is None:
        return None
    project = github.project(payload)
    count = git.number(payload["repository"]["stargazers_count"])
    return make_event(
        source,
        payload,
        kind="star",
        names=(name,),
        project=project,
        actor=github.actor(payload),
        subject=Star(given=name != "star.removed", count=count),
        about=(("project", project.id if project else ""),),
        fields={"stars": count},
        url=project.url if project else "",
    )


#: `watch` is what a star was called before there were subscriptions; GitHub sends both.
_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("star", "created"): "star.added",
    ("star", "deleted"): "star.removed",
    ("watch", "started"): "star.echoed",
}


def line(event: Event) -> Message:
    return Message(text=text(*_act(event, wording.project(event, " "))))


def reply(event: Event) -> Text:
    return _act(event, text(" it"))


def _act(event: Event, what: Text) -> Text:
    subject: Star = event.subject
    verb = "starred" if subject.given else "took back the star of"
    stars = "" if subject.count is None else f" ({wording.count(subject.count, 'star')})"
    return text(f"⭐ {wording.who(event.actor)} {verb}", *what, stars)


SPEC = Spec(
    kind="star",
    doc="stars (GitHub)",
    names=(
        EventName("star.added", "somebody starred a project"),
        EventName("star.removed", "… and took it back"),
        EventName("star.echoed", "`star.added` told again, by GitHub's `watch`", bare=False),
    ),
    fields=declare("stars"),
    github=("star", "watch"),
    from_github=from_github,
    line=line,
    reply=reply,
)
