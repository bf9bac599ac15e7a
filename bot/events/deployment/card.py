"""The live message of a deployment: from its beginning to its end, approvals included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.events import wording
from bot.message import Message, join, text
from bot.model import Ref
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from bot.events.deployment.subject import Deployment
    from bot.message import Part, Text
    from bot.model import Event, Json

#: JSON, as it is kept between events.
Facts = dict[str, Any]

#: Glyph, what became of it, colour.
SAID: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "created": ("🚀", "is about to be deployed", None),
    "pending": ("🚀", "waits to be deployed", None),
    "running": ("🚀", "is being deployed", None),
    "success": ("🚀", "was deployed", "good"),
    "failed": ("❌", "could not be deployed", "danger"),
    "canceled": ("⏹️", "was not deployed: canceled", None),
    "skipped": ("⏹️", "was not deployed: skipped", None),
    "blocked": ("✋", "waits for approval", "warning"),
    "approved": ("👍", "was approved", None),
    "rejected": ("👎", "was rejected", "danger"),
    "inactive": ("💤", "was replaced", None),
}
#: What cannot come before what, where the bodies' times do not tell.
_ORDER: Final = (
    *("created", "pending", "blocked", "approved", "rejected", "running"),
    *("success", "failed", "canceled", "skipped", "inactive"),
)
_ENDS: Final = frozenset({"success", "failed", "canceled", "skipped", "inactive", "rejected"})


#: Of these it is said who is behind them.
DONE_BY: Final = frozenset(
    {"created", "running", "success", "failed", "canceled", "skipped", "approved", "rejected"}
)


def said_of(status: str) -> tuple[str, str, str | None]:
    return SAID.get(status, ("🚀", f"is {wording.short(status, 40)}", None))


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    """Only a deployment's own events tell of it."""
    if event.kind != "deployment":
        return facts
    one: Deployment = event.subject
    known: Facts = dict(facts or {})
    known.update({k: v for k, v in _told(one, event).items() if v and not known.get(k)})
    if one.site:
        known["site"] = one.site
    compare = event.fields.get("compare")
    if isinstance(compare, Ref):
        known["compare"] = [compare.label, compare.url]
    if one.status in {"approved", "rejected"}:
        known["reviews"] = _reviews(known.get("reviews", []), event)
    at = one.at.isoformat() if one.at else ""
    if at and (not known.get("began") or _before(at, known["began"])):
        known["began"] = at
    if not _is_late(one, at, known):
        known.update(status=one.status, at=at or known.get("at", ""))
        if one.comment and one.status not in {"approved", "rejected"}:
            known["comment"] = one.comment
    return known


def _told(one: Deployment, event: Event) -> Facts:
    actor = wording.who(event.actor) if event.actor and one.status not in _REVIEWED else ""
    project = event.project
    return {
        "environment": one.environment,
        "ref": one.ref if one.ref != one.sha else "",
        "sha": one.sha,
        "title": one.commit_title,
        "commit_url": one.commit_url,
        "by": actor,
        "asked": list(one.asked),
        "job": [one.job.label, one.job.url] if one.job else None,
        "project": [project.path, project.url] if project and project.path else None,
    }


#: Events of others than the one who deploys.
_REVIEWED: Final = frozenset({"approved", "rejected", "blocked"})


def _reviews(known: list[Any], event: Event) -> list[Any]:
    one: Deployment = event.subject
    who = wording.who(one.approver or event.actor)
    return [*(review for review in known if review[0] != who), [who, one.status]][-10:]


def _is_late(one: Deployment, at: str, known: Facts) -> bool:
    """Deliveries are not ordered. What ended is over, unless somebody says so at a later time."""
    before = known.get("status")
    if before is None or one.status not in _ORDER or before not in _ORDER:
        return False
    if at and known.get("at") and parse_time(at) != parse_time(known["at"]):
        return _before(at, known["at"])
    return _ORDER.index(one.status) < _ORDER.index(before)


def _before(one: str, other: str) -> bool:
    first, second = parse_time(one), parse_time(other)
    return first is not None and second is not None and first < second


def card(facts: Mapping[str, Json]) -> Message:
    """One message for the deployment, whatever becomes of it."""
    status = str(facts.get("status", "created"))
    glyph, said, color = said_of(status)
    site = wording.linked(facts.get("environment") or "an environment", facts.get("site") or "")
    project, job = facts.get("project"), facts.get("job")
    what: Part = wording.branch(facts["ref"]) if facts.get("ref") else facts.get("sha", "")[:8]
    by = f" by {facts['by']}" if facts.get("by") and status in DONE_BY - _REVIEWED else ""
    if status == "blocked":
        by = waits_for(facts.get("asked", []))
    took = _took(facts) if status in {"success", "failed"} else None
    head = text(
        f"{glyph} ",
        site,
        *((" of ", wording.linked(*project)) if project else ()),
        text(": ", what or "something", f" {said}{by}"),
        f" {'in' if status == 'success' else 'after'} {wording.span_of_time(took)}" if took else "",
    )
    comment = wording.unformatted(facts.get("comment") or "")
    rows = (
        commit_row(facts.get("sha") or "", facts.get("commit_url") or "", facts.get("title") or ""),
        text(wording.linked(*facts["compare"])) if facts.get("compare") else (),
        text("Log: ", wording.linked(*job)) if job and job[1] else (),
        _reviewed(facts),
    )
    return Message(
        text=head,
        body=(comment,) if comment else (),
        context=tuple(x for x in (join(" · ", [row for row in rows if row]),) if x),
        color=color,
    )


def commit_row(sha: str, url: str, title: str) -> Text:
    return text(wording.linked(sha[:8], url), f" {wording.short(title)}".rstrip()) if sha else ()


def waits_for(asked: Sequence[str]) -> str:
    """` by leads, carol or dave`."""
    names = [wording.short(name, 60) for name in asked[:6]]
    if not names:
        return ""
    *most, last = names
    return f" by {', '.join(most)} or {last}" if most else f" by {last}"


def _took(facts: Mapping[str, Json]) -> timedelta | None:
    began, ended = parse_time(facts.get("began")), parse_time(facts.get("at"))
    return ended - began if began and ended and ended > began else None


def _reviewed(facts: Mapping[str, Json]) -> Text:
    words = {"approved": "👍", "rejected": "👎"}
    return text(", ".join(f"{words[said]} {who}" for who, said in facts.get("reviews", [])))
