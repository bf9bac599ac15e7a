"""Deployments to environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.events import before, wording
from bot.events.deployment.card import DONE_BY, card, commit_row, fold, said_of, waits_for
from bot.events.deployment.readers import from_github, from_gitlab
from bot.events.deployment.subject import Deployment, run_key
from bot.events.vocabulary import declare
from bot.message import Message, join, text
from bot.model import Ref
from bot.registry import EventName, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Part, Text
    from bot.model import Event, Json


def line(event: Event) -> Message:
    one: Deployment = event.subject
    glyph, _said, color = said_of(one.status)
    head = text(f"{glyph} ", _site(one), *wording.project(event, " of "), ": ", *_what(event))
    comment = wording.unformatted(one.comment)
    return Message(
        text=head,
        body=(comment,) if comment else (),
        context=_context(event),
        color=color,
    )


def _site(one: Deployment) -> Text:
    return text(wording.linked(one.environment or "an environment", one.site))


def _what(event: Event) -> Text:
    one: Deployment = event.subject
    if one.ref and one.ref != one.sha:
        what = text(wording.branch(one.ref))
    else:
        what = text(one.sha[:8] or "something")
    return text(what, f" {said_of(one.status)[1]}", _by(event))


def _by(event: Event) -> str:
    one: Deployment = event.subject
    if one.status == "blocked":
        return waits_for(one.asked)
    actor = one.approver or event.actor
    return f" by {wording.who(actor)}" if actor and one.status in DONE_BY else ""


def _context(event: Event) -> tuple[Text, ...]:
    one: Deployment = event.subject
    parts: list[Part] = []
    if commit := commit_row(one.sha, one.commit_url, one.commit_title):
        parts.append(commit)
    compare = event.fields.get("compare")
    if isinstance(compare, Ref):
        parts.append(wording.ref(compare))
    if one.job:
        parts.append(text("job ", wording.ref(one.job)))
    if event.actor and not _by(event).endswith(wording.who(event.actor)):
        parts.append(f"started by {wording.who(event.actor)}")
    return (join(" · ", parts),) if parts else ()


def reply(event: Event) -> Text:
    one: Deployment = event.subject
    return text(f"{said_of(one.status)[0]} ", *_site(one), ": ", *_what(event))


def remembers(event: Event) -> Mapping[str, Json]:
    """What the workflow's run deploys, for its reviews."""
    one: Deployment = event.subject
    runs = [key for key in event.subjects if key.split(":", 3)[2] == "pipeline"]
    if not one.id or not runs:
        return {}
    return {run_key(event, runs[0].split(":", 3)[3], one.environment): event.subjects[0]}


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
        EventName("deployment.pending", "it waits for its turn", bare=False),
        EventName("deployment.inactive", "another one took its place", bare=False),
        EventName(
            "deployment.echoed",
            "a build of GitHub Pages, which a deployment tells as well",
            bare=False,
        ),
    ),
    fields=declare(
        *("environment", "tier", "status", "branch", "sha", "commit", "title", "job", "message"),
        "compare",
    ),
    gitlab=("deployment",),
    from_gitlab=from_gitlab,
    gitlab_triggers=("deployment_events",),
    github=(
        *("deployment", "deployment_status", "deployment_review"),
        *("deployment_protection_rule", "page_build"),
    ),
    from_github=from_github,
    line=line,
    reply=reply,
    derive=before.deployed,
    state_key=before.deployment_key,
    fold=fold,
    card=card,
    remembers=remembers,
    opens=(
        *("deployment.created", "deployment.pending", "deployment.started", "deployment.success"),
        *("deployment.failed", "deployment.blocked", "deployment.approved"),
        *("deployment.rejected", "deployment.canceled"),
    ),
)
