"""Comments on merge requests, issues, commits, snippets, designs, wiki pages and epics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.events import wording
from bot.events.comment.github import WORDS, from_github
from bot.events.comment.gitlab import from_gitlab
from bot.events.merge_request import threads as review_threads
from bot.events.merge_request import wishes as review_wishes
from bot.events.vocabulary import declare, fetched
from bot.message import Message, text
from bot.registry import EventName, Remark, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.comment.subject import Comment
    from bot.message import Span, Text
    from bot.model import Event


_SAID: Final[Mapping[str, str]] = {
    "update": "edited a comment",
    "delete": "deleted a comment",
}


def line(event: Event) -> Message:
    subject: Comment = event.subject
    kind = "" if subject.on_type in {"mr", "commit"} else f"{subject.on_type} "
    head = text(
        f"💬 {wording.who(event.actor)} ",
        _verb(subject),
        f" on {kind}",
        wording.ref(subject.on),
        wording.project(event),
        *_at(subject),
    )
    words = _words(event)
    return Message(text=head, body=(words,) if words else ())


def _verb(subject: Comment) -> Span:
    return wording.linked(_SAID.get(subject.action, "commented"), subject.url)


def _at(subject: Comment) -> Text:
    if not subject.file:
        return ()
    place = f"{subject.file}:{subject.line}" if subject.line else subject.file
    return text(" at ", wording.branch(place))


def reply(event: Event) -> Text:
    subject: Comment = event.subject
    verb = _SAID.get(subject.action, "commented")
    return text(f"💬 {wording.who(event.actor)} ", *_said(event, verb))


def _said(event: Event, verb: str) -> Text:
    """`commented at a.py:3`, and what."""
    subject: Comment = event.subject
    head = text(wording.linked(verb, subject.url), *_at(subject))
    words = _words(event)
    return text(*head, ": ", *words) if words else head


def _words(event: Event) -> Text:
    subject: Comment = event.subject
    return () if subject.action == "delete" else wording.excerpt(subject.text, event=event)


def remark(event: Event) -> Remark | None:
    subject: Comment = event.subject
    if not subject.id or not event.names:
        return None
    return Remark(
        id=subject.id,
        author=subject.author or event.actor,
        glyph="💬",
        said=_said(event, "commented"),
        row=_said(event, "comment"),
        change=subject.action,
    )


SPEC = Spec(
    kind="comment",
    doc="comments on merge requests, issues, commits and other things",
    names=(
        EventName("comment", "somebody commented on anything"),
        EventName("comment.mr", "… on a merge request"),
        EventName("comment.issue", "… on an issue or work item"),
        EventName("comment.commit", "… on a commit"),
        EventName("comment.snippet", "… on a snippet"),
        EventName("comment.design", "… on a design"),
        EventName("comment.wiki", "… on a wiki page"),
        EventName("comment.epic", "… on an epic"),
        EventName("comment.discussion", "… on a discussion (GitHub)"),
        EventName("comment.edited", "a comment was edited", bare=False),
        EventName("comment.deleted", "a comment was deleted", bare=False),
    ),
    fields=fetched(
        declare(
            *("comment.text", "comment.file", "on_type", "mr", "issue", "commit", "sha", "iid"),
            *("title", "description", "branch", "source", "target", "state", "draft", "author"),
            *("labels", "assignees", "reviewers", "conflicts", "actor_role"),
            *("milestone", "author_association", "discussion", "category", "open_threads"),
            only=dict.fromkeys(
                ("mr", "open_threads"), ("comment.mr", "comment.edited", "comment.deleted")
            ),
        ),
        sometimes=("author",),
    ),
    gitlab=("note",),
    from_gitlab=from_gitlab,
    github=WORDS,
    from_github=from_github,
    gitlab_triggers=("note_events",),
    line=line,
    reply=reply,
    remark=remark,
    wishes=review_wishes.of_comment,
    derive=review_threads.derive,
    state_key=review_threads.state_key,
)
