"""What is said about a merge request, on its own and in its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import wording
from bot.message import Message, Text, join, text

if TYPE_CHECKING:
    from bot.events.merge_request import Change
    from bot.message import Part
    from bot.model import Event

GLYPHS: Final = {
    "draft": "📝",
    "opened": "👀",
    "approved": "✅",
    "merged": "🔀",
    "closed": "🚫",
}


def _nothing(_change: Change) -> Text:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """`alice <before> !7 Title<after> in shop/api<last>`."""

    glyph: str
    before: Callable[[Change], str]
    after: Callable[[Change], Text] = _nothing
    last: Callable[[Change], Text] = _nothing
    #: Said without the merge request; empty = all of the above in a row.
    alone: str = ""


def _said(words: str) -> Callable[[Change], str]:
    return lambda _change: words


def _opened(change: Change) -> str:
    return "opened draft" if change.mr.draft else "opened"


def _branches(change: Change) -> Text:
    mr = change.mr
    if not mr.source or not mr.target:
        return ()
    return text(": ", wording.branch(mr.source), " → ", wording.branch(mr.target))


def _into(change: Change) -> Text:
    return text(" into ", wording.branch(change.mr.target)) if change.mr.target else ()


def _retargeted(change: Change) -> Text:
    return text(" to ", wording.branch(change.mr.target))


def _assigned(change: Change) -> Text:
    return text(" to ", wording.names(change.added_assignees))


def _labeled(change: Change) -> Text:
    return text(": ", *wording.codes(change.added_labels))


def _updated(change: Change) -> Text:
    if change.removed_labels:
        return text(": removed label ", *wording.codes(change.removed_labels))
    return text(" (new title)") if change.retitled else ()


_PHRASES: Final[Mapping[str, Phrase]] = {
    "mr.opened": Phrase(glyph="👀", before=_opened, last=_branches),
    "mr.reopened": Phrase(glyph="👀", before=_said("reopened")),
    "mr.merged": Phrase(glyph="🔀", before=_said("merged"), after=_into),
    "mr.closed": Phrase(
        glyph="🚫", before=_said("closed"), after=lambda _: text(" without merging")
    ),
    "mr.approved": Phrase(glyph="👍", before=_said("approved")),
    "mr.unapproved": Phrase(
        glyph="↩️", before=_said("took back the approval of"), alone="took back the approval"
    ),
    "mr.pushed": Phrase(glyph="⬆️", before=_said("pushed to"), alone="pushed new commits"),
    "mr.ready": Phrase(glyph="👀", before=_said("marked"), after=lambda _: text(" as ready")),
    "mr.drafted": Phrase(glyph="📝", before=_said("marked"), after=lambda _: text(" as draft")),
    "mr.changes_requested": Phrase(
        glyph="🔴", before=_said("requested changes on"), alone="requested changes"
    ),
    "mr.review_requested": Phrase(
        glyph="👀", before=lambda change: _asked(change) + " to review", alone="asked"
    ),
    "mr.assigned": Phrase(glyph="👤", before=_said("assigned"), after=_assigned),
    "mr.labeled": Phrase(glyph="🏷️", before=_said("labeled"), last=_labeled),
    "mr.retargeted": Phrase(glyph="🎯", before=_said("retargeted"), after=_retargeted),
    "mr.updated": Phrase(glyph="✏️", before=_said("updated"), last=_updated),
}


def _asked(change: Change) -> str:
    return f"asked {wording.names(change.added_reviewers)}"


def line(event: Event) -> Message:
    change: Change = event.subject
    if not event.names:
        mr = wording.linked(change.mr.label, change.mr.url)
        return Message(text=text("↩️ approvals of ", mr, *wording.project(event), " were reset"))
    first, *others = _phrases(event)
    parts: list[Part] = [
        f"{_glyph(first, change)} {wording.who(event.actor)} {first.before(change)} ",
        wording.linked(change.mr.label, change.mr.url),
        first.after(change),
        wording.project(event),
        first.last(change),
    ]
    parts += [text(" · ", *_alone(phrase, change)) for phrase in others]
    return Message(text=text(*parts))


def reply(event: Event) -> Text:
    change: Change = event.subject
    if not event.names:
        return text("↩️ approvals were reset")
    phrases = _phrases(event)
    said = join(", ", [_alone(phrase, change) for phrase in phrases])
    return text(f"{_glyph(phrases[0], change)} {wording.who(event.actor)} ", said)


def _phrases(event: Event) -> tuple[Phrase, ...]:
    return tuple(_PHRASES[name] for name in event.names)


def _glyph(phrase: Phrase, change: Change) -> str:
    draft = change.mr.draft and phrase is _PHRASES["mr.opened"]
    return GLYPHS["draft"] if draft else phrase.glyph


def _alone(phrase: Phrase, change: Change) -> Text:
    if phrase is _PHRASES["mr.review_requested"]:
        return text(f"{_asked(change)} for a review")
    if phrase.alone:
        return text(phrase.alone)
    return text(phrase.before(change), phrase.after(change), phrase.last(change))
