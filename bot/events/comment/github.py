"""Reads GitHub's comments: in the conversation of an issue or pull request, on lines of a diff, on
commits, and what a review says without a verdict.

Source: GitHub's "Webhook events and payloads" page, and its OpenAPI description (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.events import git, github, wording
from bot.events.comment.subject import Comment, fields_of, names_of
from bot.events.discussion import fields_of as fields_of_discussion
from bot.events.merge_request import github as merge_request_github
from bot.events.merge_request.change import fields_of as fields_of_mr
from bot.events.vocabulary import make_event
from bot.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.merge_request.change import MergeRequest
    from bot.model import Event, Value
    from bot.payload import Payload
    from bot.registry import Source

#: What is on it, and the fields it brings.
Found: TypeAlias = "tuple[Comment, Mapping[str, Value | None]]"


def from_github(source: Source, payload: Payload) -> Event | None:
    if source.event == "pull_request_review" and not _only_says(payload):
        return merge_request_github.from_github(source, payload)
    subject, fields = _READERS[source.event](payload)
    sha = subject.on_ident if subject.on_type == "commit" else ""
    return make_event(
        source,
        payload,
        kind="comment",
        names=names_of(subject),
        project=github.project(payload),
        actor=github.actor(payload),
        subject=subject,
        about=((subject.on_type, subject.on_ident),),
        fields={**fields, **fields_of(subject, sha)},
        url=subject.url,
        sha=sha,
    )


def _only_says(payload: Payload) -> bool:
    """A review that is edited, or has words and no verdict."""
    review = payload["review"]
    if payload["action"].text_or() == "edited":
        return True
    comments = review["state"].text_or().lower() == "commented"
    return comments and bool(review["body"].text_or().strip())


def comment(
    body: Payload, place: Payload, *, kind: str, on_type: str, on: Ref, ident: str
) -> Comment:
    """The comment at `place`. `kind`: sets its id apart from those of other sorts of comments."""
    number = place["id"].id()
    return Comment(
        text=place["body"].text_or(),
        action=_ACTIONS.get(body["action"].text_or(), "create"),
        system=False,
        url=place["html_url"].text_or(),
        file=place["path"].text_or(),
        line=git.number(place["line"]) or git.number(place["original_line"]),
        on_type=on_type,
        on=on,
        on_ident=ident,
        id=f"{kind}{number}" if number else "",
        author=github.person(place["user"]),
        starts_thread=kind == LINE and not place["in_reply_to_id"],
    )


_ACTIONS: Final[Mapping[str, str]] = {"edited": "update", "deleted": "delete"}
#: Of comments on lines of a diff: threads are known by the bare number of their first one.
LINE: Final = ""


def _in_conversation(body: Payload) -> Found:
    place = body["issue"]
    place.as_(dict)
    if place["pull_request"]:
        mr = merge_request_github.read(place)
        return _on_mr(body, body["comment"], mr, kind="i")
    iid = git.number(place["number"])
    on = Ref(
        label=wording.short(f"#{place['number'].id()} {place['title'].text_or()}"),
        url=place["html_url"].text_or(),
    )
    ident = place["number"].id() or place["id"].id()
    found = comment(body, body["comment"], kind="i", on_type="issue", on=on, ident=ident)
    return found, {
        "issue": on,
        "iid": iid,
        "title": place["title"].text_or() or None,
        "description": place["body"].text_or(),
        "state": _STATES.get(place["state"].text_or(), place["state"].text_or()) or None,
        "author": github.person(place["user"]),
        "labels": github.labels(place["labels"]),
        "assignees": github.people(place["assignees"]),
        "milestone": place["milestone"]["title"].text_or() or None,
        "author_association": place["author_association"].text_or().lower() or None,
    }


_STATES: Final[Mapping[str, str]] = {"open": "opened"}


def _on_line(body: Payload) -> Found:
    body["pull_request"].as_(dict)
    mr = merge_request_github.read(body["pull_request"])
    return _on_mr(body, body["comment"], mr, kind=LINE)


def _as_review(body: Payload) -> Found:
    body["pull_request"].as_(dict)
    mr = merge_request_github.read(body["pull_request"])
    return _on_mr(body, body["review"], mr, kind="r")


def _on_mr(body: Payload, place: Payload, mr: MergeRequest, *, kind: str) -> Found:
    on = Ref(label=mr.label, url=mr.url)
    ident = "" if mr.iid is None else f"{mr.iid}"
    found = comment(body, place, kind=kind, on_type="mr", on=on, ident=ident)
    told = fields_of_mr(mr)
    return found, {name: value for name, value in told.items() if name not in _NOT_TOLD}


#: Fields of pull requests that no comment's body holds.
_NOT_TOLD: Final = frozenset({"additions", "deletions", "changed_files", "commit_count"})


def _on_commit(body: Payload) -> Found:
    place = body["comment"]
    sha = place["commit_id"].text_or()
    base = body["repository"]["html_url"].text_or()
    url = f"{base}/commit/{sha}" if base and sha else ""
    on = Ref(label=sha[:8], url=url)
    return comment(body, place, kind="c", on_type="commit", on=on, ident=sha), {}


def _on_discussion(body: Payload) -> Found:
    place = body["discussion"]
    place.as_(dict)
    number = place["number"].id()
    label = wording.short(f"#{number} {place['title'].text_or()}")
    on = Ref(label=label, url=place["html_url"].text_or())
    found = comment(body, body["comment"], kind="d", on_type="discussion", on=on, ident=number)
    return found, fields_of_discussion(place)


_READERS: Final[Mapping[str, Callable[[Payload], Found]]] = {
    "issue_comment": _in_conversation,
    "pull_request_review_comment": _on_line,
    "pull_request_review": _as_review,
    "commit_comment": _on_commit,
    "discussion_comment": _on_discussion,
}

WORDS: Final = tuple(_READERS)
