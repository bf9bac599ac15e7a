"""What is known of a merge request: the facts its card shows, and how events change them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.events import ci, wording
from bot.events.merge_request import news
from bot.events.merge_request import threads as review_threads
from bot.events.merge_request.change import HASH, VERDICTS
from bot.model import Person
from bot.payload import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.events.comment.subject import Comment
    from bot.events.merge_request.change import Change, MergeRequest
    from bot.events.pipeline.subject import Pipeline
    from bot.model import Event, Json

#: JSON, as it is kept between events.
Facts = dict[str, Any]

#: Of a description: a card shows less of it, once what no reader sees is gone.
_WORDS_KEPT: Final = 1_000


def fold(facts: Mapping[str, Json] | None, event: Event) -> Mapping[str, Json] | None:
    """Only a merge request's own events begin facts; others add to those that are there."""
    if facts is not None:
        facts = {key: value for key, value in facts.items() if key != "news"}
    if event.kind == "mr":
        return _after_change(dict(facts or {}), event)
    if facts is None:
        return None
    if event.kind == "pipeline":
        return _after_pipeline(dict(facts), event.subject)
    if event.kind == "comment" and not event.confidential:
        # An internal note must not show, not even as a number.
        return _after_comment(dict(facts), event)
    return facts


# -- its own events ------------------------------------------------------------------------------


def _after_change(facts: Facts, event: Event) -> Facts:
    change: Change = event.subject
    mr = change.mr
    if mr.at and _is_older(mr, facts.get("at")):
        return _after_late(facts, event)
    old_head, approved = facts.get("sha"), bool(facts.get("approved_by"))
    facts = review_threads.counted(facts, event)
    facts.update(_told(mr))
    if event.project and event.project.path:
        facts.update(project=event.project.path, project_url=event.project.url)
    if mr.head and mr.head.sha != old_head:
        _new_head(facts, mr)
    if mr.mark == HASH:
        facts["threads"] = review_threads.after(facts.get("threads", ()), event)
    facts["verdicts"] = _verdicts(dict(facts.get("verdicts", {})), event)
    facts["approved_by"] = _approvers(facts.get("approved_by", []), event)
    facts = _counted(facts, event)
    facts["approved"] = _is_approved(facts, change)
    facts["spoke"] = _spoke(facts, event)
    return news.after_change(facts, event, approved=approved)


def _is_older(mr: MergeRequest, moment: str | None) -> bool:
    known = parse_time(moment)
    return known is not None and mr.at is not None and mr.at < known


def _after_late(facts: Facts, event: Event) -> Facts:
    """Of one that comes late, what it says of the merge request is known better already. That
    somebody approved or objected is news, unless they have spoken since."""
    change: Change = event.subject
    if change.mr.mark == HASH:
        facts["threads"] = review_threads.after(facts.get("threads", ()), event)
    author = _reviewer(event)
    spoke = facts.get("spoke", {}).get(author.username) if author else None
    if change.system or author is None or _is_older(change.mr, spoke):
        return facts
    told = replace(event, subject=replace(change, mr=replace(change.mr, verdicts=())))
    facts["verdicts"] = _verdicts(dict(facts.get("verdicts", {})), told)
    facts["approved_by"] = _approvers(facts.get("approved_by", []), event)
    facts["approved"] = _is_approved(facts, replace(change, action=""))
    facts["spoke"] = _spoke(facts, event)
    return facts


def _spoke(facts: Facts, event: Event) -> dict[str, str]:
    """When each reviewer gave or took back their last verdict, by user name."""
    known: dict[str, str] = facts.get("spoke", {})
    author, at = _reviewer(event), event.subject.mr.at
    if author is None or at is None or not VERDICTS & set(event.names):
        return known
    return {**known, author.username: at.isoformat()}


def _told(mr: MergeRequest) -> Facts:
    """What the event tells; what it does not tell stays as it was."""
    told: Facts = {
        "iid": mr.iid,
        "at": mr.at.isoformat() if mr.at else None,
        "mark": mr.mark if mr.mark == HASH else None,
        "title": mr.title or None,
        "url": mr.url or None,
        "description": mr.description[:_WORDS_KEPT],
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
        "additions": mr.additions,
        "deletions": mr.deletions,
        "changed_files": mr.changed_files,
    }
    return {key: value for key, value in told.items() if value is not None}


def _person(person: Person) -> Facts:
    return {"username": person.username, "name": wording.who(person)}


def _new_head(facts: Facts, mr: MergeRequest) -> None:
    # A pipeline of the old head may still end; what began before it says nothing any more.
    old = {series: run["id"] for series, run in facts.pop("runs", {}).items()}
    facts["outdated"] = {**facts.get("outdated", {}), **old}
    if mr.conflicts is None:
        facts.pop("conflicts", None)
    for key in _SIZE:
        if getattr(mr, key) is None:
            facts.pop(key, None)


_SIZE: Final = ("additions", "deletions", "changed_files")


def _verdicts(known: dict[str, Facts], event: Event) -> dict[str, Facts]:
    """By user name: `changes` or `commented`; who approved is known elsewhere, and who is asked
    once more has said nothing yet."""
    change: Change = event.subject
    names = {one.username: wording.who(one) for one in change.mr.reviewers}
    for username, state in change.mr.verdicts:
        if state in {"changes", "commented"}:
            known[username] = {"name": names.get(username, username), "state": state}
        elif state == "asked":
            known.pop(username, None)
    for one in change.objectors:
        known[one.username] = {"name": wording.who(one), "state": "changes"}
    author = _reviewer(event)
    if author and {"mr.approved", "mr.unapproved"} & set(event.names):
        known.pop(author.username, None)
    elif "mr.reviewed" in event.names:
        _commented(known, author, change.mr.author.username if change.mr.author else "")
    return known


def _commented(known: dict[str, Facts], author: Person | None, owner: str) -> None:
    """A verdict stays when more is said; the owner's answers are none."""
    if author and author.username not in {owner, *known}:
        known[author.username] = {"name": wording.who(author), "state": "commented"}


def _reviewer(event: Event) -> Person | None:
    """Whose verdict it is: of a dismissed review not the actor's."""
    review = event.subject.review
    return review.author if review else event.actor


def _approvers(known: Sequence[Facts], event: Event) -> list[Facts]:
    change: Change = event.subject
    if change.system_action == "approvals_reset_on_push":
        return []
    author = _reviewer(event)
    if change.system or author is None:
        return list(known)
    others = [one for one in known if one["username"] != author.username]
    if "mr.approved" in event.names:
        return [*others, _person(author)]
    gone = {"mr.unapproved", "mr.changes_requested"} & set(event.names)
    return others if gone else list(known)


#: Actions of GitLab after which it is known whether every approval that is required is there.
_QUORUM: Final = {"approved": True, "unapproved": False}


def _is_approved(facts: Facts, change: Change) -> bool:
    if not facts["approved_by"]:
        return False
    if change.mr.mark == HASH:
        # One that asks for changes is in the way; how many are wanted, only its API may tell.
        wanted = facts.get("approvals_required") or 0
        return _given(facts) >= wanted and all(
            one["state"] != "changes" for one in facts["verdicts"].values()
        )
    known: bool = facts.get("approved", False)
    return _QUORUM.get(change.action, known)


def _given(facts: Facts) -> int:
    return len(facts["approved_by"]) + int(facts.get("uncounted", 0))


def _counted(facts: Facts, event: Event) -> Facts:
    """With what the forge was asked for: numbers of approvals, the size, the author."""
    if event.subject.system_action == "approvals_reset_on_push":
        facts.pop("uncounted", None)
    given, wanted = event.fields.get("approvals"), event.fields.get("approvals_required")
    if isinstance(given, int):
        # Those from before the bot knew of it.
        facts["uncounted"] = max(0, given - len(facts["approved_by"]))
    if isinstance(wanted, int):
        facts["approvals_required"] = wanted
    size = {key: event.fields.get(key) for key in _SIZE}
    facts.update({key: value for key, value in size.items() if isinstance(value, int)})
    author = event.fields.get("author")
    if isinstance(author, Person):
        facts.setdefault("author", _person(author))
    return facts


# -- its pipelines -------------------------------------------------------------------------------


def _after_pipeline(facts: Facts, run: Pipeline) -> Facts:
    if not ci.tells_of_commit(run) or not _is_of_head(facts, run):
        return facts
    return dict(ci.with_run(facts, run))


def _is_of_head(facts: Facts, run: Pipeline) -> bool:
    """A merged result's commit is nobody's head: only its number tells which head it began for."""
    if facts.get("sha") in {run.sha, None}:
        return True
    return run.merged and run.id > facts.get("outdated", {}).get(run.series, 0)


# -- what is said of it --------------------------------------------------------------------------


def _after_comment(facts: Facts, event: Event) -> Facts:
    note: Comment = event.subject
    if note.is_new:
        facts["comments"] = facts.get("comments", 0) + 1
        facts["verdicts"] = _after_words(facts, event)
        facts = news.after_words(facts, event.actor)
    elif note.action == "delete":
        facts["comments"] = max(0, facts.get("comments", 0) - 1)
    if note.in_thread:
        facts = review_threads.counted(facts, event)
    if note.starts_thread:
        facts["threads"] = review_threads.after(facts.get("threads", ()), event)
    return facts


def _after_words(facts: Facts, event: Event) -> dict[str, Facts]:
    """Whoever was asked, or speaks of lines, has begun to review."""
    known: dict[str, Facts] = dict(facts.get("verdicts", {}))
    actor, note = event.actor, event.subject
    asked = {one["username"] for one in facts.get("reviewers", ())}
    approved = {one["username"] for one in facts.get("approved_by", ())}
    if actor and actor.username not in approved and (note.file or actor.username in asked):
        _commented(known, actor, facts.get("author", {}).get("username", ""))
    return known
