"""Issues as GitHub tells of them, their parents and what blocks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.events import edits, git, github, wording
from bot.events.issue.subject import Issue, fields_of
from bot.events.vocabulary import make_event
from bot.message import text

if TYPE_CHECKING:
    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


def from_github(source: Source, payload: Payload) -> Event | None:
    action = payload["action"].text_or()
    if source.event != "issues":
        return _linked(source, payload, action)
    name = _NAMES.get(action, "issue.updated")
    subject = _read(payload, payload["issue"], action)
    moved = payload["changes"]
    return _made(source, payload, subject, name, moved["old_repository"], moved["new_repository"])


_NAMES: Final[Mapping[str, str]] = {
    "opened": "issue.opened",
    "closed": "issue.closed",
    "reopened": "issue.reopened",
    "labeled": "issue.labeled",
    "assigned": "issue.assigned",
    "deleted": "issue.deleted",
}


def _made(source: Source, payload: Payload, subject: Issue, name: str, *others: Payload) -> Event:
    """`others`: repositories whose issues it names."""
    # The oldest deliveries tell of pull requests too, which GitHub numbers among the issues.
    kind = "mr" if subject.type == "pull request" else "issue"
    return make_event(
        source,
        payload,
        kind="issue",
        names=(name,),
        project=github.project(payload),
        actor=github.actor(payload),
        subject=subject,
        about=((kind, f"{subject.iid}"),),
        fields=fields_of(subject),
        url=subject.url,
        group=github.organization(payload),
        private=github.names_private(payload, *others),
    )


def _read(payload: Payload, issue: Payload, action: str) -> Issue:
    issue.as_(dict)
    opened = action == "opened"
    labels = github.labels(issue["labels"])
    name = payload["label"]["name"].text_or()
    label = (name,) if name else ()
    assignees = github.people(issue["assignees"])
    assignee = github.person(payload["assignee"]) if action == "assigned" else None
    assigned = (assignee,) if assignee else ()
    done, details = _done(payload, action)
    edit = _EDITS.get(action)
    return Issue(
        iid=git.number(issue["number"]),
        type=_type(issue),
        title=issue["title"].text_or(),
        url=issue["html_url"].text_or(),
        description=issue["body"].text_or(),
        state={"open": "opened"}.get(issue["state"].text_or(), issue["state"].text_or()),
        author=github.person(issue["user"]),
        labels=labels,
        assignees=assignees,
        milestone=issue["milestone"]["title"].text_or(),
        added_labels=(labels or ()) if opened else label if action == "labeled" else (),
        removed_labels=label if action == "unlabeled" else (),
        added_assignees=assignees if opened else assigned,
        done=done,
        details=details,
        edits=edit(payload) if edit else (),
    )


def _type(issue: Payload) -> str:
    if issue["pull_request"]:
        return "pull request"
    return (issue["type"]["name"].text_or() or "issue").lower()


def _done(payload: Payload, action: str) -> tuple[str, Text]:
    """The verb and what follows the issue: `closed`, ` as not planned`."""
    issue = payload["issue"]
    if action == "closed":
        reason = issue["state_reason"].text_or().replace("_", " ")
        return "closed", text(f" as {wording.short(reason, 40)}" if reason in _UNUSUAL else "")
    if action == "locked":
        reason = issue["active_lock_reason"].text_or()
        return "locked", text(f" ({wording.short(reason, 40)})" if reason else "")
    if action == "transferred":
        changes = payload["changes"]
        return "moved", text(" to ", *_place(changes["new_repository"], changes["new_issue"]))
    if action == "opened" and payload["changes"]["old_issue"]:
        changes = payload["changes"]
        return "opened", text(" from ", *_place(changes["old_repository"], changes["old_issue"]))
    return (action if action in _VERBS else "updated"), ()


_UNUSUAL: Final = frozenset({"not planned", "duplicate"})
_VERBS: Final = frozenset({"pinned", "unpinned", "unlocked"})


def _place(repository: Payload, issue: Payload) -> Text:
    """`shop/web#9`, linked."""
    label = f"{repository['full_name'].text_or()}#{issue['number'].id()}"
    return text(wording.linked(label, issue["html_url"].text_or()))


_Edit: TypeAlias = "tuple[Text, ...]"


def _milestone(payload: Payload) -> _Edit:
    milestone = payload["issue"]["milestone"] or payload["milestone"]
    title, url = milestone["title"].text_or(), milestone["html_url"].text_or()
    known = text("set the milestone to ", wording.linked(title, url))
    return (known if title else text("set a milestone"),)


def _no_milestone(payload: Payload) -> _Edit:
    title = wording.short(payload["milestone"]["title"].text_or(), 60)
    return (text(f"removed the milestone {title}".rstrip()),)


def _typed(payload: Payload) -> _Edit:
    kind = payload["type"]["name"].text_or() or payload["issue"]["type"]["name"].text_or()
    return (text(f"set the type to {wording.short(kind, 40)}" if kind else "set a type"),)


def _untyped(payload: Payload) -> _Edit:
    kind = wording.short(payload["type"]["name"].text_or(), 40)
    return (text(f"removed the type {kind}".rstrip()),)


def _labels(verb: str) -> Callable[[Payload], _Edit]:
    def says(payload: Payload) -> _Edit:
        name = payload["label"]["name"].text_or()
        return (edits.labels(verb, (name,)) if name else text(f"{verb} a label"),)

    return says


def _people(verb: str) -> Callable[[Payload], _Edit]:
    def says(payload: Payload) -> _Edit:
        one = github.person(payload["assignee"])
        return (edits.people(verb, (one,)) if one else text(f"{verb} somebody"),)

    return says


_EDITS: Final[Mapping[str, Callable[[Payload], _Edit]]] = {
    "edited": edits.of_github,
    "labeled": _labels("added"),
    "unlabeled": _labels("removed"),
    "assigned": _people("assigned"),
    "unassigned": _people("unassigned"),
    "milestoned": _milestone,
    "demilestoned": _no_milestone,
    "typed": _typed,
    "untyped": _untyped,
}

# -- links between issues ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tie:
    """One side of a link: which object the event is about, which it names, and what it says."""

    about: str
    other: str
    said: str
    #: The other issue's event tells it as well, if that issue is in this repository.
    mirrored: bool = False


_TIES: Final[Mapping[str, _Tie]] = {
    "sub_issue_added": _Tie(about="parent_issue", other="sub_issue", said="added the sub-issue"),
    "sub_issue_removed": _Tie(
        about="parent_issue", other="sub_issue", said="removed the sub-issue"
    ),
    "parent_issue_added": _Tie(
        about="sub_issue", other="parent_issue", said="made it part of", mirrored=True
    ),
    "parent_issue_removed": _Tie(
        about="sub_issue", other="parent_issue", said="took it out of", mirrored=True
    ),
    "blocked_by_added": _Tie(
        about="blocked_issue", other="blocking_issue", said="marked it as blocked by"
    ),
    "blocked_by_removed": _Tie(
        about="blocked_issue", other="blocking_issue", said="marked it as no longer blocked by"
    ),
    "blocking_added": _Tie(
        about="blocking_issue", other="blocked_issue", said="marked it as blocking", mirrored=True
    ),
    "blocking_removed": _Tie(
        about="blocking_issue",
        other="blocked_issue",
        said="marked it as no longer blocking",
        mirrored=True,
    ),
}


def _linked(source: Source, payload: Payload, action: str) -> Event | None:
    tie = _TIES.get(action)
    if tie is None:
        return None
    other, elsewhere = payload[tie.other], payload[f"{tie.other}_repo"]
    number = f"#{other['number'].id()} {other['title'].text_or()}"
    home = payload["repository"]["id"].id()
    is_elsewhere = bool(elsewhere["id"].id()) and elsewhere["id"].id() != home
    label = f"{elsewhere['full_name'].text_or()}{number}" if is_elsewhere else number
    link = wording.linked(label, other["html_url"].text_or())
    clause = text(f"{tie.said} ", link)
    subject = replace(_read(payload, payload[tie.about], action), edits=(clause,))
    echo = tie.mirrored and not is_elsewhere
    name = "issue.echoed" if echo else "issue.updated"
    return _made(source, payload, subject, name, elsewhere)
