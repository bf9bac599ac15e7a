"""What those who follow a merge request hear although no name of theirs tells it: that its author
answered a review with commits, that approvals were reset, that somebody is asked later, and that
the merge queue gave it up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.events.merge_request.change import Change
    from bot.model import Event, Json, Person

#: Who is asked when it is opened comes in deliveries of their own (GitHub), and is on the card.
_OPENING: Final = timedelta(minutes=2)
#: Why it left the queue. Source: GitHub's OpenAPI description of `pull_request` (read 2026-11).
_MERGED: Final = frozenset({"MERGE", "ALREADY_MERGED"})
_SPOKEN: Final = frozenset({"mr.approved", "mr.changes_requested", "mr.reviewed"})


def after_change(facts: Mapping[str, Json], event: Event, *, approved: bool) -> dict[str, Any]:
    """The facts with `news`, the topic of `follow` that wants to hear of the event, if one does;
    `approved`: somebody had, before it."""
    change: Change = event.subject
    known: dict[str, Any] = dict(facts)
    if "mr.opened" in event.names and change.mr.at:
        known["began"] = change.mr.at.isoformat()
    if _is_news(known, event, approved=approved):
        known["news"] = "reviews"
    reason = event.payload.get("reason") if change.action == "dequeued" else None
    if isinstance(reason, str) and reason.upper() not in _MERGED:
        known["news"] = "state"
    if change.pushed:
        known.pop("owed", None)
    return after_words(known, event.actor) if _SPOKEN & set(event.names) else known


def after_words(facts: Mapping[str, Json], actor: Person | None) -> dict[str, Any]:
    """Somebody else than its author spoke: the next push is an answer."""
    owner = facts.get("author", {}).get("username", "")
    spoke = actor is not None and not actor.bot and actor.username != owner
    return {**facts, "owed": True} if spoke else dict(facts)


def _is_news(facts: Mapping[str, Json], event: Event, *, approved: bool) -> bool:
    change: Change = event.subject
    if change.system:
        return approved and change.system_action == "approvals_reset_on_push"
    if "mr.review_requested" in event.names:
        return not _opening(facts, change.mr.at)
    # One is enough: until somebody speaks again, the others are on the card.
    return change.pushed and bool(facts.get("owed"))


def _opening(facts: Mapping[str, Json], at: datetime | None) -> bool:
    began = parse_time(facts.get("began"))
    return began is not None and at is not None and at - began < _OPENING
