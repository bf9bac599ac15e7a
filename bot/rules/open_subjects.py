"""What is open, as far as its events told: what time rules go through with `list` and `each`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.actions.plan import kind_of
from bot.message import one_line
from bot.model import Event, Person, Project, Ref
from bot.rules.catalogue import LISTS
from bot.waiting import Touched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.model import Json, SubjectKey, Value
    from bot.waiting import OpenSubject

_KINDS: Final = frozenset(LISTS.values())
_OVER: Final = frozenset({"merged", "closed"})
#: A nightly pipeline is no sign of life.
_ACTIVITY: Final = frozenset({"mr", "issue", "comment"})
_NONE: Final = timedelta()


def touched(
    event: Event,
    subjects: Sequence[SubjectKey],
    facts: Mapping[SubjectKey, Mapping[str, Json]],
) -> tuple[Touched, ...]:
    """What the event means for each subject that is listed."""
    if event.project is None:
        return ()
    return tuple(
        Touched(
            subject=subject,
            kind=kind_of(subject),
            project=event.project.path,
            open=facts[subject].get("state") not in _OVER,
            active=event.kind in _ACTIVITY,
            asked=_asked(event),
        )
        for subject in subjects
        if subject in facts and kind_of(subject) in _KINDS
    )


def _asked(event: Event) -> bool | None:
    if "mr.review_requested" in event.names:
        return True
    return False if "mr.changes_requested" in event.names else None


def event_of(item: OpenSubject, *, now: datetime) -> Event:
    """The subject as if it were an event, for conditions and texts."""
    instance, project_id, *_ = item.subject.split(":", 3)
    facts = item.facts
    url = str(facts.get("url") or "")
    project = Project(id=project_id, path=item.project, url=str(facts.get("project_url") or ""))
    return Event(
        forge="",
        instance=instance,
        kind=item.kind,
        names=(),
        project=project,
        actor=None,
        subject=None,
        subjects=(item.subject,),
        fields={k: v for k, v in _fields(item, project, now).items() if v is not None},
        url=url,
    )


def _fields(item: OpenSubject, project: Project, now: datetime) -> dict[str, Value | None]:
    facts: Mapping[str, Any] = item.facts
    approvers = {one["username"] for one in facts.get("approved_by", ())}
    reviewers = _people(facts.get("reviewers"))
    # Who approved is not waited for any more.
    waits = not reviewers or any(one.username not in approvers for one in reviewers)
    author = _people([facts["author"]])[0] if facts.get("author") else None
    return {
        "project": item.project,
        "group": project.group or None,
        "instance": item.subject.partition(":")[0],
        "bot": False,
        "confidential": False,
        "url": facts.get("url"),
        "mr": Ref(label=label(facts), url=str(facts.get("url") or "")),
        "iid": facts.get("iid"),
        "title": facts.get("title"),
        "branch": facts.get("target"),
        "target": facts.get("target"),
        "source": facts.get("source"),
        "state": facts.get("state"),
        "draft": bool(facts.get("draft")),
        "sha": facts.get("sha"),
        "author": author,
        "labels": tuple(facts.get("labels") or ()),
        "reviewers": reviewers,
        "assignees": _people(facts.get("assignees")),
        "conflicts": facts.get("conflicts"),
        "approvals": len(approvers),
        "approved": bool(facts.get("approved")),
        "idle": max(now - item.active_at, _NONE),
        "waiting": max(now - item.asked_at, _NONE) if item.asked_at and waits else None,
    }


def label(facts: Mapping[str, Json]) -> str:
    number = f"{facts.get('mark', '!')}{facts['iid']} " if facts.get("iid") is not None else ""
    return one_line(f"{number}{facts.get('title') or ''}")


def _people(known: Sequence[Mapping[str, str]] | None) -> tuple[Person, ...]:
    return tuple(Person(username=one["username"], name=one.get("name", "")) for one in known or ())
