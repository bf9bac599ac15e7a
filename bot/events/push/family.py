"""Pushes to branches, and branches that came and went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.events import wording
from bot.events.push import words as push_words
from bot.events.push.github import from_github
from bot.events.push.gitlab import from_gitlab
from bot.events.push.subject import head_of
from bot.events.vocabulary import declare, fetched
from bot.message import Link, Message, text
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from bot.events.push.subject import Push
    from bot.message import Text
    from bot.model import Event


def line(event: Event) -> Message:
    subject: Push = event.subject
    if few := push_words.brief(event):
        return few
    where = wording.project(event, " of " if subject.deleted else " in ")
    return Message(
        text=text(wording.who(event.actor), " ", _what(subject), where, _compare(subject)),
        body=wording.commit_rows(subject.newest, subject.total, event.actor),
    )


def reply(event: Event) -> Text:
    subject: Push = event.subject
    few = push_words.said(event)
    return few or text(wording.who(event.actor), " ", *_what(subject), *_compare(subject))


def _what(subject: Push) -> Text:
    branch = wording.branch(subject.branch)
    if subject.deleted:
        return text("deleted branch ", branch)
    commits = wording.count(subject.total, "commit")
    if subject.created:
        return text("created branch ", branch, f" with {commits}" if subject.total else "")
    if subject.forced and not subject.total:
        return text("force-pushed ", branch, " back to ", *_short(subject))
    return text("force-pushed " if subject.forced else "pushed ", commits, " to ", branch)


def _short(subject: Push) -> Text:
    head = head_of(subject)
    return text(wording.ref(head)) if head else ()


def _compare(subject: Push) -> Text:
    url = subject.compare_url
    label = "compare"
    if subject.forced and subject.before:
        label = f"{subject.before[:8]} → {subject.after[:8]}"
    return text(" (", Link(label, url), ")") if url else ()


SPEC = Spec(
    kind="push",
    doc="commits pushed to a branch, and branches created and deleted",
    names=(
        EventName("push", "commits were pushed to a branch, new branches included"),
        EventName("branch.created", "a branch was created, with or without commits of its own"),
        EventName("branch.deleted", "a branch was deleted"),
        EventName(
            "push.queue",
            "GitHub's merge queue made, moved or deleted a branch of its own",
            echo=True,
        ),
    ),
    fields=fetched(
        declare(
            *("branch", "author", "commits", "commit_count", "commit", "sha", "paths", "forced"),
            only={"paths": ("push", "branch.created", "push.queue")},
        ),
        sometimes=("paths",),
    ),
    gitlab=("push",),
    from_gitlab=from_gitlab,
    # Tags come by it as well: see github.py.
    github=("push",),
    from_github=from_github,
    gitlab_triggers=("push_events",),
    line=line,
    reply=reply,
)
