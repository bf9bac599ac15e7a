"""GitHub's merge queue: groups of pull requests that are tested together before they go in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import git, github, wording
from bot.events.vocabulary import declare, head_key, make_event
from bot.message import Message, text
from bot.model import subject_key
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event, Json, SubjectKey
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroup:
    sha: str
    #: What its commit says.
    title: str
    url: str
    #: The branch that the group is to go into.
    target: str
    #: The last pull request of the group, by its branch's name; None when that tells none.
    iid: int | None
    ended: bool
    #: Why it ended: `merged`, `invalidated`, `dequeued`.
    reason: str


def from_github(source: Source, payload: Payload) -> Event | None:
    project = github.project(payload)
    subject = _read(payload, project.url if project else "")
    return make_event(
        source,
        payload,
        kind="merge_group",
        names=("merge_group.ended",) if subject.ended else ("merge_group.checking",),
        project=project,
        actor=github.actor(payload),
        subject=subject,
        about=(
            ("mr", "" if subject.iid is None else f"{subject.iid}"),
            ("commit", subject.sha),
        ),
        fields={
            "iid": subject.iid,
            "title": subject.title or None,
            "branch": subject.target or None,
            "target": subject.target or None,
            "sha": subject.sha or None,
            "commit": git.commit_ref(subject.sha, subject.url) if subject.sha else None,
            "reason": subject.reason or None,
        },
        url=subject.url,
    )


def _read(payload: Payload, base: str) -> MergeGroup:
    group = payload["merge_group"]
    group.as_(dict)
    sha = group["head_sha"].text_or()
    number = re.search(r"/pr-(\d{1,12})-", group["head_ref"].text_or())
    return MergeGroup(
        sha=sha,
        title=git.first_line(group["head_commit"]["message"].text_or()),
        url=f"{base}/commit/{sha}" if base and sha else base,
        target=group["base_ref"].text_or().removeprefix("refs/heads/"),
        iid=int(number[1]) if number else None,
        ended=payload["action"].text_or() == "destroyed",
        reason=payload["reason"].text_or(),
    )


def remembers(event: Event) -> Mapping[str, Json]:
    """The pull request of the group's commit, for the workflows that test it."""
    group: MergeGroup = event.subject
    if group.iid is None or not group.sha or event.project is None:
        return {}
    mr: SubjectKey = subject_key(event.instance, event.project.id, "mr", f"{group.iid}")
    return {head_key(event.instance, event.project.id, group.sha): mr}


def line(event: Event) -> Message:
    return Message(text=text(*_sentence(event), *wording.project(event)))


def reply(event: Event) -> Text:
    return _sentence(event)


def _sentence(event: Event) -> Text:
    group: MergeGroup = event.subject
    number = "" if group.iid is None else f"#{group.iid}"
    label = group.title if number and number in group.title else f"{number} {group.title}".strip()
    what = wording.linked(label or "a group", group.url)
    into = text(" for ", wording.branch(group.target)) if group.target else ()
    by = f" (queued by {wording.who(event.actor)})" if event.actor else ""
    if not group.ended:
        return text("🚦 the merge queue tests ", what, *into, by)
    why = f": {wording.short(group.reason, 60)}" if group.reason else ""
    return text("🚦 the merge queue is done with ", what, *into, f"{why}{by}")


SPEC = Spec(
    kind="merge_group",
    doc="GitHub's merge queue, which tests pull requests together before they go in",
    names=(
        EventName("merge_group.checking", "a group is to be tested"),
        EventName("merge_group.ended", "a group was merged, or given up"),
    ),
    fields=declare("iid", "title", "branch", "target", "sha", "commit", "reason"),
    github=("merge_group",),
    from_github=from_github,
    line=line,
    reply=reply,
    remembers=remembers,
)
