"""A tag that came or went, and the event made of it: the same for both forges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.events import git
from bot.events.vocabulary import make_event

if TYPE_CHECKING:
    from bot.model import Event, Person, Project
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    name: str
    #: The commit, not the tag object of an annotated tag.
    sha: str
    #: Of an annotated tag.
    message: str
    deleted: bool
    #: It was there before and points elsewhere now.
    moved: bool
    url: str
    commit_url: str


def make(
    source: Source,
    payload: Payload,
    subject: Tag,
    *,
    project: Project | None,
    actor: Person | None,
) -> Event:
    return make_event(
        source,
        payload,
        kind="tag",
        names=("tag.deleted",) if subject.deleted else ("tag",),
        project=project,
        actor=actor,
        subject=subject,
        about=(("tag", subject.name), ("commit", subject.sha)),
        fields={
            "tag": subject.name,
            "sha": subject.sha or None,
            "commit": git.commit_ref(subject.sha, subject.commit_url) if subject.sha else None,
            "message": subject.message or None,
            "forced": subject.moved,
        },
        url=subject.url,
    )
