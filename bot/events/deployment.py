"""Deployments to environments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.events import git, gitlab, wording
from bot.events.vocabulary import declare, make_event
from bot.message import Message, text
from bot.model import Person, Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Text
    from bot.model import Event
    from bot.payload import Payload
    from bot.registry import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    id: str
    status: str
    environment: str
    #: Of the environment: what was deployed, running.
    site: str
    tier: str
    #: A branch or tag: the body does not tell which.
    ref: str
    #: Full where the body has it, else the first eight characters.
    sha: str
    commit_title: str
    commit_url: str
    job: Ref | None
    approver: Person | None


def from_gitlab(source: Source, payload: Payload) -> Event | None:
    project = gitlab.project(payload)
    subject = _read(payload)
    return make_event(
        source,
        payload,
        kind="deployment",
        names=_NAMES.get(subject.status, ()),
        project=project,
        actor=gitlab.person(payload["user"]),
        subject=subject,
        about=(
            ("deployment", subject.id),
            ("commit", subject.sha if len(subject.sha) >= 40 else ""),
        ),
        fields={
            "environment": subject.environment or None,
            "tier": subject.tier or None,
            "status": subject.status,
            "branch": subject.ref or None,
            "sha": subject.sha or None,
            "commit": git.commit_ref(subject.sha, subject.commit_url) if subject.sha else None,
            "title": subject.commit_title or None,
            "job": subject.job,
        },
        url=(subject.job.url if subject.job else "") or subject.commit_url,
        sha=subject.sha if len(subject.sha) >= 40 else "",
    )


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "created": ("deployment.created",),
    "running": ("deployment.started",),
    "success": ("deployment.success",),
    "failed": ("deployment.failed",),
    "canceled": ("deployment.canceled",),
    "skipped": ("deployment.canceled",),
    "blocked": ("deployment.blocked",),
    "approved": ("deployment.approved",),
    "rejected": ("deployment.rejected",),
}


def _read(payload: Payload) -> Deployment:
    commit_url = payload["commit_url"].text_or()
    full = re.search(r"/commits?/([0-9a-f]{40,64})$", commit_url)
    job_url = payload["deployable_url"].text_or()
    job = payload["deployable_id"].id()
    return Deployment(
        id=payload["deployment_id"].id(),
        status=payload["status"].text(),
        environment=payload["environment"].text_or(),
        site=payload["environment_external_url"].text_or(),
        tier=payload["environment_tier"].text_or(),
        ref=payload["ref"].text_or(),
        sha=full[1] if full else payload["short_sha"].text_or(),
        commit_title=git.first_line(payload["commit_title"].text_or()),
        commit_url=commit_url,
        job=Ref(label=f"#{job}", url=job_url) if job else None,
        approver=gitlab.person(payload["approver"]) or gitlab.person(payload["approval"]["user"]),
    )


#: Glyph, words between the commit and the environment's fate, colour.
_SAID: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "created": ("🚀", "is about to be deployed", None),
    "running": ("🚀", "is being deployed", None),
    "success": ("🚀", "was deployed", "good"),
    "failed": ("❌", "could not be deployed", "danger"),
    "canceled": ("⏹️", "was not deployed: canceled", None),
    "skipped": ("⏹️", "was not deployed: skipped", None),
    "blocked": ("✋", "waits for approval", None),
    "approved": ("👍", "was approved", None),
    "rejected": ("👎", "was rejected", "warning"),
}


def line(event: Event) -> Message:
    subject: Deployment = event.subject
    glyph, _said, color = _SAID.get(subject.status, ("🚀", subject.status, None))
    site = wording.linked(subject.environment or "an environment", subject.site)
    head = text(f"{glyph} ", site, *wording.project(event, " of "), ": ", *_what(event))
    return Message(text=head, context=_context(subject), color=color)


def _what(event: Event) -> Text:
    subject: Deployment = event.subject
    _glyph, said, _color = _SAID.get(subject.status, ("", f"is {subject.status}", None))
    what = wording.branch(subject.ref) if subject.ref else "something"
    actor = subject.approver or event.actor
    return text(what, f" {said}", f" by {wording.who(actor)}" if actor else "")


def _context(subject: Deployment) -> tuple[Text, ...]:
    commit = subject.sha[:8]
    parts = [wording.linked(commit, subject.commit_url), f" {wording.short(subject.commit_title)}"]
    job = text(" · job ", wording.ref(subject.job)) if subject.job else ()
    return (text(*parts, *job),) if commit else ()


def reply(event: Event) -> Text:
    subject: Deployment = event.subject
    glyph, _said, _color = _SAID.get(subject.status, ("🚀", subject.status, None))
    return text(f"{glyph} ", wording.linked(subject.environment, subject.site), ": ", *_what(event))


SPEC = Spec(
    kind="deployment",
    doc="deployments to an environment",
    outcome=True,
    names=(
        EventName("deployment.started", "it runs"),
        EventName("deployment.success", "it is there"),
        EventName("deployment.failed", "it failed"),
        EventName("deployment.canceled", "it was canceled or skipped"),
        EventName("deployment.blocked", "it waits for approval"),
        EventName("deployment.approved", "somebody approved it"),
        EventName("deployment.rejected", "somebody rejected it"),
        EventName("deployment.created", "it was made and does not run yet", bare=False),
    ),
    fields=declare(
        *("environment", "tier", "status", "branch", "sha", "commit", "title", "job"),
    ),
    gitlab=("deployment",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("deployment_events",),
    line=line,
    reply=reply,
)
