"""Issues as GitHub tells of them, their parents and what blocks them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.events import git, github, wording
from bot.events.issue.subject import Issue, fields_of
from bot.events.vocabulary import make_event
from bot.message import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    )


def _type(issue: Payload) -> str:
    if issue["pull_request"]:
        return "pull request"
    return (issue["type"]["name"].text_or() or "issue").lower()


def _done(payload: Payload, action: str) -> tuple[str, Text]:
    """The verb and what follows the issue: `updated`, `: type Bug`."""
    issue = payload["issue"]
    if action in _DETAILS:
        return "updated", _DETAILS[action](payload)
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


def _edited(payload: Payload) -> Text:
    changes = payload["changes"]
    if changes["title"]:
        return text(" (new title)")
    return text(" (new description)") if changes["body"] else ()


def _milestone(payload: Payload) -> Text:
    milestone = payload["issue"]["milestone"] or payload["milestone"]
    title, url = milestone["title"].text_or(), milestone["html_url"].text_or()
    return text(": milestone ", wording.linked(title, url)) if title else text(" (milestone)")


def _no_milestone(payload: Payload) -> Text:
    title = payload["milestone"]["title"].text_or()
    return text(f": no longer in milestone {wording.short(title, 60)}" if title else " (milestone)")


def _typed(payload: Payload) -> Text:
    kind = payload["type"]["name"].text_or() or payload["issue"]["type"]["name"].text_or()
    return text(f": type {wording.short(kind, 40)}" if kind else " (type)")


def _unassigned(payload: Payload) -> Text:
    return text(f": no longer assigned to {wording.who(github.person(payload['assignee']))}")


def _unlabeled(payload: Payload) -> Text:
    return text(": removed label ", *wording.codes((payload["label"]["name"].text_or(),)))


_DETAILS: Final[Mapping[str, Callable[[Payload], Text]]] = {
    "edited": _edited,
    "milestoned": _milestone,
    "demilestoned": _no_milestone,
    "typed": _typed,
    "untyped": lambda _payload: text(": no type any more"),
    "unassigned": _unassigned,
    "unlabeled": _unlabeled,
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
    "sub_issue_added": _Tie(about="parent_issue", other="sub_issue", said="sub-issue"),
    "sub_issue_removed": _Tie(
        about="parent_issue", other="sub_issue", said="no longer has the sub-issue"
    ),
    "parent_issue_added": _Tie(
        about="sub_issue", other="parent_issue", said="part of", mirrored=True
    ),
    "parent_issue_removed": _Tie(
        about="sub_issue", other="parent_issue", said="no longer part of", mirrored=True
    ),
    "blocked_by_added": _Tie(about="blocked_issue", other="blocking_issue", said="blocked by"),
    "blocked_by_removed": _Tie(
        about="blocked_issue", other="blocking_issue", said="no longer blocked by"
    ),
    "blocking_added": _Tie(
        about="blocking_issue", other="blocked_issue", said="blocks", mirrored=True
    ),
    "blocking_removed": _Tie(
        about="blocking_issue", other="blocked_issue", said="no longer blocks", mirrored=True
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
    subject = replace(
        _read(payload, payload[tie.about], action), details=text(f": {tie.said} ", link)
    )
    echo = tie.mirrored and not is_elsewhere
    name = "issue.echoed" if echo else "issue.updated"
    return _made(source, payload, subject, name, elsewhere)
