"""Reads GitLab's notes: on merge requests, issues, commits, snippets, designs, pages, epics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.comment.subject import Comment, fields_of, names_of
from bot.events.merge_request import change as merge_request_change
from bot.events.merge_request import gitlab as merge_request_gitlab
from bot.events.vocabulary import make_event
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.merge_request.change import MergeRequest
    from bot.model import Event, Person, Project, Value
    from bot.payload import Payload
    from bot.registry import Source


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    attributes = payload["object_attributes"]
    attributes.as_(dict)
    project = gitlab.project(payload)
    actor = gitlab.person(payload["user"])
    subject = _read(payload, attributes)
    mr = _mr(payload, actor, project) if subject.on_type == "mr" else None
    sha = subject.on_ident if subject.on_type == "commit" else ""
    return make_event(
        source,
        payload,
        kind="comment",
        names=names_of(subject),
        project=project,
        actor=actor,
        subject=subject,
        about=_about(payload, subject),
        fields={
            **(merge_request_change.fields_of(mr) if mr else _issue_fields(payload, subject)),
            **fields_of(subject, sha),
        },
        url=subject.url,
        confidential=_is_confidential(source, payload, attributes),
        sha=sha,
        group=gitlab.group_path(subject.url) if project is None else "",
    )


def _read(payload: Payload, attributes: Payload) -> Comment:
    on_type = _TYPES.get(
        attributes["noteable_type"].text_or(), attributes["noteable_type"].text_or()
    )
    position = attributes["position"]
    on, ident = _on(payload, attributes, on_type)
    return Comment(
        text=attributes["note"].text_or() or attributes["description"].text_or(),
        action=attributes["action"].text_or() or "create",
        system=attributes["system"].bool_or(),
        url=attributes["url"].text_or(),
        file=position["new_path"].text_or() or position["old_path"].text_or(),
        line=git.number(position["new_line"]) or git.number(position["old_line"]),
        on_type=on_type,
        on=on,
        on_ident=ident,
        id=attributes["id"].id(),
        in_thread=on_type == "mr" and attributes["type"].text_or() in _THREADED,
    )


#: Source: GitLab docs, "Notes API > Get single merge request note" (read 2026-11).
_THREADED: Final = frozenset({"DiffNote", "DiscussionNote"})
_TYPES: Final[Mapping[str, str]] = {
    "MergeRequest": "mr",
    "Issue": "issue",
    "WorkItem": "issue",
    "Commit": "commit",
    "Snippet": "snippet",
    "ProjectSnippet": "snippet",
    "PersonalSnippet": "snippet",
    "DesignManagement::Design": "design",
    "WikiPage::Meta": "wiki",
    "Epic": "epic",
    "Vulnerability": "vulnerability",
}
#: Where the body holds what a comment is on, and the mark before its number.
_PLACES: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "mr": (("merge_request",), "!"),
    "issue": (("issue", "work_item"), "#"),
    "epic": (("epic", "work_item", "issue"), "&"),
    "snippet": (("snippet",), "$"),
    "design": (("design",), ""),
    "wiki": (("wiki_page", "wiki_page_meta", "wiki"), ""),
    "vulnerability": (("vulnerability",), ""),
}


def _on(payload: Payload, attributes: Payload, on_type: str) -> tuple[Ref, str]:
    """What the comment is on, and its key; the object itself may be absent."""
    page = attributes["url"].text_or().partition("#")[0]
    if on_type == "commit":
        return _on_commit(payload, attributes)
    places, mark = _PLACES.get(on_type, ((), ""))
    place = next((payload[name] for name in places if payload[name]), payload["(none)"])
    by_id = on_type in {"snippet", "design", "vulnerability"}
    number = place["slug"].text_or() or place["iid"].id() or f"{gitlab.iid_in(page) or ''}"
    number = "" if by_id else number
    ident = number or place["id"].id() or attributes["noteable_id"].id()
    title = place["title"].text_or() or place["filename"].text_or()
    label = f"{mark}{ident} {title}" if mark else title or on_type
    return Ref(label=wording.short(label), url=place["url"].text_or() or page), ident


def _on_commit(payload: Payload, attributes: Payload) -> tuple[Ref, str]:
    commit = gitlab.commit(payload["commit"])
    sha = (commit.sha if commit else "") or attributes["commit_id"].text_or()
    url = (commit.url if commit else "") or attributes["url"].text_or().partition("#")[0]
    title = commit.title if commit else ""
    return Ref(label=wording.short(f"{sha[:8]} {title}"), url=url), sha


def _mr(payload: Payload, actor: Person | None, project: Project | None) -> MergeRequest:
    mr = merge_request_gitlab.read(
        payload, payload["merge_request"], actor, project.url if project else ""
    )
    iid = mr.iid or gitlab.iid_in(payload["object_attributes"]["url"].text_or())
    return replace(mr, iid=iid)


def _about(payload: Payload, subject: Comment) -> tuple[tuple[str, str], ...]:
    # An epic is a work item of its group under the same number: one thread for both.
    kind = {"epic": "issue"}.get(subject.on_type, subject.on_type or "comment")
    issue = payload["issue"]["iid"].id() if subject.on_type == "design" else ""
    return ((kind, subject.on_ident), ("issue", issue))


def _issue_fields(payload: Payload, subject: Comment) -> Mapping[str, Value | None]:
    places, _mark = _PLACES.get(subject.on_type, ((), ""))
    place = next((payload[name] for name in places if payload[name]), payload["(none)"])
    is_issue = subject.on_type in {"issue", "epic"}
    return {
        "issue": subject.on if is_issue else None,
        "iid": git.number(place["iid"]) if is_issue else None,
        "title": place["title"].text_or() or None,
        "state": (place["state"].text_or() or None) if is_issue else None,
        "labels": gitlab.labels_of(payload, place) if is_issue else None,
    }


def _is_confidential(source: Source, payload: Payload, attributes: Payload) -> bool:
    return (
        attributes["internal"].bool_or()
        or attributes["confidential"].bool_or()
        or any(
            payload[place]["confidential"].bool_or()
            for place in ("issue", "work_item", "epic", "merge_request")
        )
        or payload["event_type"].text_or().startswith("confidential")
        or source.event.lower().startswith("confidential")
    )
