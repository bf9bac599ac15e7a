"""What is said about a merge request, on its own and in its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import edits, wording
from bot.events.merge_request.change import VERDICTS
from bot.message import Message, Text, join, text
from bot.registry import Remark

if TYPE_CHECKING:
    from bot.events.merge_request.change import Change
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
    #: Said without the merge request; None = all of the above in a row, of `it`.
    alone: Callable[[Change], Part] | None = None


def _said(words: str) -> Callable[[Change], str]:
    return lambda _change: words


def _opened(change: Change) -> str:
    return "opened draft" if change.mr.draft else "opened"


def _opened_it(change: Change) -> Text:
    return text("opened it as a draft" if change.mr.draft else "opened it", *_branches(change))


def _branches(change: Change) -> Text:
    mr = change.mr
    if not mr.source or not mr.target:
        return ()
    return text(": ", wording.branch(mr.source), " → ", wording.branch(mr.target))


def _into(change: Change) -> Text:
    return text(" into ", wording.branch(change.mr.target)) if change.mr.target else ()


def _took_back(change: Change) -> str:
    return f"{_taken_back(change)} of"


def _taken_back(change: Change) -> str:
    if change.action != "dismissed" or change.review is None:
        return "took back the approval"
    whose = f"{wording.who(change.review.author)}’s review" if change.review.author else "a review"
    return f"dismissed {whose}"


def _retargeted(change: Change) -> Text:
    return text(" to ", wording.branch(change.mr.target))


def _assigned(change: Change) -> Text:
    return text(" to ", wording.names(change.added_assignees))


def _labeled(change: Change) -> Text:
    return text(": ", *wording.codes(change.added_labels))


def _update(change: Change) -> str:
    return change.before or "updated"


def _updated(change: Change) -> Text:
    return edits.said(change.edits)


def _asked(change: Change) -> str:
    return f"asked {wording.names(change.added_reviewers)}"


_PHRASES: Final[Mapping[str, Phrase]] = {
    "mr.opened": Phrase(glyph="👀", before=_opened, last=_branches, alone=_opened_it),
    "mr.reopened": Phrase(glyph="👀", before=_said("reopened")),
    "mr.merged": Phrase(glyph="🔀", before=_said("merged"), after=_into),
    "mr.closed": Phrase(
        glyph="🚫", before=_said("closed"), after=lambda _: text(" without merging")
    ),
    "mr.approved": Phrase(glyph="👍", before=_said("approved"), alone=_said("approved")),
    "mr.unapproved": Phrase(glyph="↩️", before=_took_back, alone=_taken_back),
    "mr.pushed": Phrase(glyph="⬆️", before=_said("pushed to"), alone=_said("pushed new commits")),
    "mr.ready": Phrase(glyph="👀", before=_said("marked"), after=lambda _: text(" as ready")),
    "mr.drafted": Phrase(glyph="📝", before=_said("marked"), after=lambda _: text(" as draft")),
    "mr.changes_requested": Phrase(
        glyph="🔴", before=_said("requested changes on"), alone=_said("requested changes")
    ),
    "mr.review_requested": Phrase(
        glyph="👀",
        before=lambda change: f"{_asked(change)} to review",
        alone=lambda change: f"{_asked(change)} for a review",
    ),
    "mr.assigned": Phrase(
        glyph="👤",
        before=_said("assigned"),
        after=_assigned,
        alone=lambda change: f"assigned {wording.names(change.added_assignees)}",
    ),
    "mr.labeled": Phrase(
        glyph="🏷️",
        before=_said("labeled"),
        last=_labeled,
        alone=lambda change: edits.labels("added", change.added_labels),
    ),
    "mr.retargeted": Phrase(glyph="🎯", before=_said("retargeted"), after=_retargeted),
    "mr.updated": Phrase(
        glyph="✏️", before=_update, after=lambda change: text(change.after), last=_updated
    ),
    "mr.reviewed": Phrase(glyph="💬", before=_said("reviewed"), alone=_said("reviewed")),
    "mr.thread_resolved": Phrase(
        glyph="🧵", before=_said("resolved a thread of"), alone=_said("resolved a thread")
    ),
    "mr.thread_reopened": Phrase(
        glyph="🧵",
        before=_said("opened a thread of"),
        after=lambda _: text(" again"),
        alone=_said("opened a thread again"),
    ),
    "mr.threads_resolved": Phrase(
        glyph="🧵",
        before=_said("resolved the last open thread of"),
        alone=_said("resolved the last open thread"),
    ),
}
#: Names that say less than another one that is there.
_SAID_BETTER: Final[Mapping[str, frozenset[str]]] = {
    "mr.threads_resolved": frozenset({"mr.thread_resolved", "mr.updated"}),
}


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
    if "mr.updated" not in event.names:
        parts += [text(" · ", *clause) for clause in change.edits]
    words = _words(event)
    return Message(text=text(*parts), body=(words,) if words else ())


def reply(event: Event) -> Text:
    glyph, said = _said_of(event)
    return text(f"{glyph} {wording.who(event.actor)} ", *said)


def idle(event: Event) -> bool:
    """An update that does not tell what was updated: a rebase, a thread that was resolved."""
    change: Change = event.subject
    said = change.edits or change.before or change.after
    return event.names == ("mr.updated",) and not said


def remark(event: Event) -> Remark | None:
    """Of a verdict, a request for one, and of commits: what a review is made of beside comments."""
    change: Change = event.subject
    name = next((name for name in event.names if name in VERDICTS), None)
    if name is None:
        return _aside(event)
    glyph, said = _said_of(event)
    by = event.actor.username if event.actor else ""
    review, dismissed = change.review, change.action == "dismissed"
    return Remark(
        id=f"r{review.id}{':dismissed' if dismissed else ''}" if review else f"{name}:{by}",
        author=event.actor,
        glyph=glyph,
        said=said,
        row=text(f"{glyph} ", *said),
        # What is about somebody else's review takes back nothing of the actor’s own.
        leads=not dismissed or bool(review and review.author and review.author.username == by),
    )


def _aside(event: Event) -> Remark | None:
    name = next((name for name in event.names if name in _ASIDES), "")
    if event.names and not name:
        return None
    change: Change = event.subject
    glyph, said = _said_of(event)
    head = change.mr.head.sha if change.mr.head else ""
    asked = " ".join(one.username for one in change.added_reviewers)
    return Remark(
        id=f"{name}:{head}:{asked}",
        author=event.actor,
        glyph=glyph,
        said=said,
        row=text(f"{glyph} ", *said),
    )


_ASIDES: Final = frozenset({"mr.pushed", "mr.review_requested"})


def _said_of(event: Event) -> tuple[str, Text]:
    change: Change = event.subject
    if not event.names:
        return _RESET
    phrases = _phrases(event)
    clauses = change.edits if "mr.updated" not in event.names else ()
    said = join(", ", [*(_alone(phrase, change) for phrase in phrases), *clauses])
    said = text(*said, _of_wanted(event))
    words = _words(event)
    return _glyph(phrases[0], change), text(*said, ": ", *words) if words else said


def _of_wanted(event: Event) -> str:
    """` (1 of 2)` after an approval came or went, as far as the forge was asked."""
    given, wanted = event.fields.get("approvals"), event.fields.get("approvals_required")
    counted = isinstance(given, int) and isinstance(wanted, int) and wanted > 0
    if not counted or not {"mr.approved", "mr.unapproved"} & set(event.names):
        return ""
    return f" ({given} of {wanted})"


#: GitLab did it by itself, because of what the actor pushed.
_RESET: Final = "↩️", text("reset the approvals with new commits")


def _words(event: Event) -> Text:
    """What was written with the verdict; that of a dismissed one is no news."""
    change: Change = event.subject
    if change.review is None or change.action == "dismissed":
        return ()
    return wording.excerpt(change.review.text, event=event)


def _phrases(event: Event) -> tuple[Phrase, ...]:
    better = {less for name in event.names for less in _SAID_BETTER.get(name, ())}
    return tuple(_PHRASES[name] for name in event.names if name not in better)


def _glyph(phrase: Phrase, change: Change) -> str:
    draft = change.mr.draft and phrase is _PHRASES["mr.opened"]
    return GLYPHS["draft"] if draft else phrase.glyph


def _alone(phrase: Phrase, change: Change) -> Text:
    if phrase is _PHRASES["mr.updated"] and change.edits:
        return join(", ", change.edits)
    if phrase.alone is not None:
        return text(phrase.alone(change))
    return text(f"{phrase.before(change)} it", phrase.after(change), phrase.last(change))
