"""The live message of a merge request: the facts it shows, and how events change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.events import wording
from bot.events.merge_request_texts import GLYPHS
from bot.message import Message, Text, join, strike, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.events.comment import Comment
    from bot.events.merge_request import Change, MergeRequest
    from bot.events.pipeline import Pipeline
    from bot.message import Part
    from bot.model import Event, Json, Person

#: JSON, as it is kept between events.
Facts = dict[str, Any]


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    """Only a merge request's own events begin facts; others add to those that are there."""
    if event.kind == "mr":
        return _after_change(dict(facts or {}), event)
    if facts is None:
        return None
    if event.kind == "pipeline":
        return _after_pipeline(dict(facts), event.subject)
    if event.kind == "comment":
        return _after_comment(dict(facts), event.subject)
    return facts


def _after_change(facts: Facts, event: Event) -> Facts:
    change: Change = event.subject
    mr = change.mr
    old_head = facts.get("sha")
    facts.update(_told(mr))
    if event.project and event.project.path:
        facts.update(project=event.project.path, project_url=event.project.url)
    if mr.head and mr.head.sha != old_head:
        # A pipeline of the old head may still end; what began before it says nothing any more.
        facts["outdated"] = facts.pop("pipeline", {}).get("id", facts.get("outdated", 0))
    facts["approved_by"] = _approvers(facts.get("approved_by", []), event)
    if change.action in _QUORUM:
        facts["approved"] = _QUORUM[change.action]
    elif not facts["approved_by"]:
        facts["approved"] = False
    return facts


#: Actions after which it is known whether every approval that is required is there.
_QUORUM: Final = {"approved": True, "unapproved": False}


def _told(mr: MergeRequest) -> Facts:
    """What the event tells; what it does not tell stays as it was."""
    told: Facts = {
        "iid": mr.iid,
        "title": mr.title or None,
        "url": mr.url or None,
        "state": mr.state or None,
        "draft": mr.draft,
        "source": mr.source or None,
        "target": mr.target or None,
        "sha": mr.head.sha if mr.head else None,
        "author": _person(mr.author) if mr.author else None,
        "labels": list(mr.labels) if mr.labels is not None else None,
        "reviewers": [_person(one) for one in mr.reviewers],
        "assignees": [_person(one) for one in mr.assignees],
        "conflicts": mr.conflicts,
        "threads_resolved": mr.threads_resolved,
    }
    return {key: value for key, value in told.items() if value is not None}


def _person(person: Person) -> Facts:
    return {"username": person.username, "name": wording.who(person)}


def _approvers(known: Sequence[Facts], event: Event) -> list[Facts]:
    change: Change = event.subject
    if change.system_action == "approvals_reset_on_push":
        return []
    actor = event.actor
    if change.system or actor is None:
        return list(known)
    others = [one for one in known if one["username"] != actor.username]
    if "mr.approved" in event.names:
        return [*others, _person(actor)]
    return others if "mr.unapproved" in event.names else list(known)


def _after_pipeline(facts: Facts, run: Pipeline) -> Facts:
    other_head = facts.get("sha") not in {run.sha, None} and run.mr_iid is None
    if other_head or run.id <= facts.get("outdated", 0):
        return facts
    known = facts.get("pipeline")
    if known and (known["id"] > run.id or (known["id"] == run.id and _late(known, run))):
        return facts
    facts["pipeline"] = {"id": run.id, "status": run.status, "url": run.url}
    return facts


def _late(known: Facts, run: Pipeline) -> bool:
    # Deliveries are not ordered: `running` may come after the end it leads to. A retry, which
    # does run again, is told by its end.
    return known["status"] in _ENDS and run.status not in _ENDS


_ENDS: Final = frozenset({"success", "failed", "canceled", "skipped"})


def _after_comment(facts: Facts, note: Comment) -> Facts:
    if note.is_new:
        facts["comments"] = facts.get("comments", 0) + 1
    return facts


def card(facts: Mapping[str, Json]) -> Message:
    """The whole merge request on four lines at most."""
    state = _state(facts)
    title: Part = wording.linked(_label(facts), facts.get("url") or "")
    if state in {"merged", "closed"}:
        title = strike(title)
    return Message(
        text=text(f"{GLYPHS[state]} {_WORDS[state]} · ", title),
        context=tuple(row for row in (_origin(facts), _people(facts), _checks(facts)) if row),
        color=_COLORS.get(state),
    )


_WORDS: Final = {
    "draft": "Draft",
    "opened": "Open",
    "approved": "Approved",
    "merged": "Merged",
    "closed": "Closed",
}
_COLORS: Final = {"opened": "#1f75cb", "approved": "good", "merged": "#6e49cb"}


def _state(facts: Mapping[str, Json]) -> str:
    if facts.get("state") in {"merged", "closed"}:
        return str(facts["state"])
    if facts.get("draft"):
        return "draft"
    return "approved" if facts.get("approved") and facts.get("approved_by") else "opened"


def _label(facts: Mapping[str, Json]) -> str:
    number = f"!{facts['iid']}" if "iid" in facts else "merge request"
    return f"{number} {wording.without_draft(facts.get('title', ''))}"


def _origin(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    if "author" in facts:
        parts.append(_names([facts["author"]]))
    if "source" in facts and "target" in facts:
        arrow = (wording.branch(facts["source"]), " → ", wording.branch(facts["target"]))
        parts.append(text(*arrow))
    if "project" in facts:
        parts.append(wording.linked(facts["project"], facts.get("project_url") or ""))
    return join(" · ", parts)


def _people(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    if reviewers := facts.get("reviewers"):
        parts.append(f"Reviewers: {_names(reviewers)}")
    if assignees := facts.get("assignees"):
        parts.append(f"Assigned to {_names(assignees)}")
    if approvers := facts.get("approved_by"):
        parts.append(f"👍 Approved by {_names(approvers)}")
    return join(" · ", parts)


def _names(everyone: Sequence[Mapping[str, Json]]) -> str:
    shown = [one["name"] for one in everyone[:6]]
    return ", ".join(shown) + (f" and {len(everyone) - 6} more" if len(everyone) > 6 else "")


_PIPELINE: Final = {
    "success": "✅ pipeline passed",
    "failed": "❌ pipeline failed",
    "running": "🏃 pipeline running",
    "canceled": "⏹️ pipeline canceled",
    "skipped": "⏭️ pipeline skipped",
    "manual": "✋ pipeline waits for a person",
}


def _checks(facts: Mapping[str, Json]) -> Text:
    parts: list[Part] = []
    live = facts.get("state") not in {"merged", "closed"}
    if pipeline := facts.get("pipeline"):
        words = _PIPELINE.get(pipeline["status"], "⏳ pipeline waiting")
        parts.append(wording.linked(words, pipeline["url"] or ""))
    if live and facts.get("conflicts"):
        parts.append("⚠️ conflicts")
    if live and facts.get("threads_resolved") is False:
        parts.append("🧵 open threads")
    if comments := facts.get("comments"):
        parts.append(f"💬 {comments}")
    if labels := facts.get("labels"):
        parts.append(wording.codes(labels))
    return join(" · ", parts)
