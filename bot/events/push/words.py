"""Pushes that are told in few words: merges, squashes, a branch brought up to date, machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.events import git, wording
from bot.message import Message, text
from bot.payload import Payload

if TYPE_CHECKING:
    from bot.events.push.subject import Push
    from bot.message import Part, Text
    from bot.model import Event

#: Of a message, what can name its merge request; templates put it anywhere.
_READ: Final = 4000
#: Source: GitLab docs, "Commit message templates"; the project is there or not.
_GITLAB_MERGE: Final = re.compile(r"^See merge request (?:[\w./-]*)!(\d{1,10})\s*$", re.MULTILINE)
_GITHUB_MERGE: Final = re.compile(r"Merge pull request #(\d{1,10}) from \S")
_GITHUB_SQUASH: Final = re.compile(r"(.{1,300}) \(#(\d{1,10})\)$")
_MERGE: Final = re.compile(
    r"Merge (?:remote-tracking )?branch '(?:(?:origin|upstream)/)?([^']{1,200})'"
    r"(?: of \S+)?(?: into .+)?$"
)


def brief(event: Event) -> Message | None:
    """What there is to say of such a push; None of any other."""
    push: Push = event.subject
    if push.created or push.deleted or push.forced or not push.newest:
        return None
    head = push.newest[-1]
    merged = _merged(event, _message_of(event, head))
    if merged:
        return Message(text=_sentence(event, "merged ", merged, " into "))
    if source := _brought_in(event, head):
        return Message(text=_sentence(event, "merged ", wording.branch(source), " into "))
    if event.actor and event.actor.bot:
        rows = wording.commit_rows(push.newest[-1:], 1, event.actor) if push.total == 1 else ()
        said = f"pushed {wording.count(push.total, 'commit')}"
        return Message(text=_sentence(event, said, " to "), body=rows)
    return None


def said(event: Event) -> Text:
    """The same in a thread, where the project is known; empty of any other push."""
    found = brief(event)
    return found.text if found else ()


def _sentence(event: Event, *parts: Part) -> Text:
    push: Push = event.subject
    where = wording.project(event)
    link = text(" (", wording.linked("compare", push.compare_url), ")") if push.compare_url else ()
    branch = wording.branch(push.branch)
    return text(wording.who(event.actor), " ", *parts, branch, *where, *link)


def _message_of(event: Event, head: git.Commit) -> str:
    """All of it, where a Commit has its first line."""
    for one in reversed(Payload(event.payload)["commits"]):
        if one.text_at("id") == head.sha:
            return one.text_at("message")[:_READ]
    return head.title


def _merged(event: Event, message: str) -> Text:
    """The merge request whose merge or squash the commit is, linked; empty when it is none."""
    number, title = _gitlab(message) if event.forge == "gitlab" else _github(event, message)
    if not number or event.project is None:
        return ()
    gitlab = event.forge == "gitlab"
    mark, path = ("!", "/-/merge_requests/") if gitlab else ("#", "/pull/")
    label = f"{mark}{number} {wording.without_draft(title)}".strip()
    url = event.project.url and f"{event.project.url}{path}{number}"
    return text(wording.linked(label, url))


def _gitlab(message: str) -> tuple[str, str]:
    found = _GITLAB_MERGE.search(message)
    if found is None:
        return "", ""
    # Below `Merge branch …` stands the title; a squash begins with it.
    first, *rest = [line.strip() for line in message.splitlines() if line.strip()]
    title = rest[0] if _MERGE.match(first) and rest else first
    return found[1], "" if _GITLAB_MERGE.match(title) else title


def _github(event: Event, message: str) -> tuple[str, str]:
    first, *rest = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    if found := _GITHUB_MERGE.match(first):
        return found[1], rest[0] if rest else ""
    found = _GITHUB_SQUASH.match(first)
    if found and event.subject.total == 1 and _made_by_github(event):
        return found[2], found[1]
    return "", ""


def _made_by_github(event: Event) -> bool:
    """Who merges on the page does not commit: GitHub does."""
    last = next(reversed(Payload(event.payload)["commits"]), Payload(None))
    committer = last["committer"]
    return "web-flow" in {committer["username"].text_or(), committer["login"].text_or()} or (
        committer["name"].text_or() == "GitHub"
    )


def _brought_in(event: Event, head: git.Commit) -> str:
    """The default branch, merged into another one to bring that up to date."""
    push: Push = event.subject
    found = _MERGE.match(head.title)
    default = event.project.default_branch if event.project else ""
    return default if found and found[1] == default != push.branch else ""
