"""What else GitHub tells: rules for branches, packages, boards, apps, labels, settings.

One sentence serves them all, made of the table in `activity_table.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import github, wording
from bot.events.activity.table import ROWS, Row
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    row: Row
    verb: str
    #: What it is about, `v1-release`, and where that is; either may be empty.
    name: str
    url: str
    #: What else it touches: repositories, properties, changed settings.
    details: str


def from_github(source: Source, payload: Payload) -> Event | None:
    row = ROWS[source.event]
    action = payload["action"].text_or()
    act = row.acts.get(action) or row.acts.get("*")
    if act is None:
        return None
    name, url = row.what(payload)
    project = github.project(payload)
    page = project.url if project else ""
    subject = Activity(
        row=row, verb=act.verb, name=name, url=url, details=row.more(payload) if row.more else ""
    )
    return make_event(
        source,
        payload,
        kind="activity",
        names=(act.name,),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=((act.name.partition(".")[0], name),),
        fields={"name": name or None, "type": row.noun or None, "event": source.event},
        url=url or page,
        group=github.organization(payload),
    )


def line(event: Event) -> Message:
    subject: Activity = event.subject
    where = wording.project(event, subject.row.before_project)
    return Message(
        text=text(*_sentence(event), *where, _details(subject)),
        color="danger" if event.names == ("hook.deleted",) else None,
    )


def reply(event: Event) -> Text:
    return text(*_sentence(event), _details(event.subject))


def _sentence(event: Event) -> Text:
    subject: Activity = event.subject
    row = subject.row
    head = f"{row.glyph} {wording.who(event.actor)} {subject.verb} "
    if not subject.name:
        return text(head, f"{row.article} {row.noun}".lstrip())
    return text(head, f"{row.noun} ", wording.linked(subject.name, subject.url))


def _details(subject: Activity) -> str:
    return f" ({wording.short(subject.details)})" if subject.details else ""


def _names() -> tuple[EventName, ...]:
    found: dict[str, EventName] = {}
    for row in ROWS.values():
        for act in row.acts.values():
            doc = act.doc or f"somebody {act.verb} {row.article} {row.noun}"
            bare = not act.name.endswith(".echoed")
            found.setdefault(act.name, EventName(act.name, doc, bare=bare))
    return tuple(found.values())


def _bring() -> dict[str, tuple[str, ...]]:
    """The events that bring each name."""
    found: dict[str, tuple[str, ...]] = {}
    for event, row in ROWS.items():
        for name in dict.fromkeys(act.name for act in row.acts.values()):
            found[name] = (*found.get(name, ()), event)
    return found


SPEC: Final = Spec(
    kind="activity",
    doc="what else GitHub tells; one sentence serves all of it, `payload.*` has the rest",
    names=_names(),
    fields=declare("name", "type", "event"),
    github=tuple(ROWS),
    github_by_name=_bring(),
    from_github=from_github,
    line=line,
    reply=reply,
)
