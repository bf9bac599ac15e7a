"""What is said about a pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.events import wording
from bot.message import Message, Text, join, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.pipeline import Pipeline
    from bot.message import Part
    from bot.model import Event

_JOBS: Final = 10

#: Glyph, what it did, colour.
_SAID: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "success": ("✅", "passed", "good"),
    "failed": ("❌", "failed", "danger"),
    "running": ("🏃", "is running", None),
    "canceled": ("⏹️", "was canceled", None),
    "canceling": ("⏹️", "is being canceled", None),
    "skipped": ("⏭️", "was skipped", None),
    "manual": ("✋", "waits for a person", None),
    "created": ("⏳", "was created", None),
}
_WAITS: Final = ("⏳", "is waiting", None)


def line(event: Event) -> Message:
    run: Pipeline = event.subject
    glyph, _said, color = _said_of(run)
    return Message(
        text=text(f"{glyph} ", *_branch_state(event), *_sentence(event)),
        body=(_failed(run),) if run.failed_jobs and run.status == "failed" else (),
        context=_context(run),
        color="warning" if run.status == "success" and run.warnings else color,
    )


def _said_of(run: Pipeline) -> tuple[str, str, str | None]:
    return _SAID.get(run.status, _WAITS)


def _branch_state(event: Event) -> Text:
    """What the pipeline means for its branch, when the event says so."""
    run: Pipeline = event.subject
    branch = wording.branch(run.ref)
    ago = event.fields.get("broken_for")
    length = f" {wording.span_of_time(ago)}" if isinstance(ago, timedelta) and ago else ""
    if "pipeline.fixed" in event.names:
        return text(branch, " is fixed", f" after{length}" if length else "", ": ")
    if "pipeline.broken" in event.names:
        return text(branch, " is broken: ")
    if "pipeline.still_failing" in event.names:
        return text(branch, " is still failing", f" after{length}" if length else "", ": ")
    return ()


def _sentence(event: Event) -> Text:
    run: Pipeline = event.subject
    _glyph, said, _color = _said_of(run)
    parts: list[Part] = [
        wording.linked(f"pipeline #{run.id}", _page(run)),
        f" {said}",
        " with warnings" if run.status == "success" and run.warnings else "",
        *_where(run),
        wording.project(event, " in " if run.mr else " of "),
    ]
    if run.duration and run.status in {"success", "failed"}:
        parts.append(f" in {wording.span_of_time(run.duration)}")
    return text(*parts)


def _page(run: Pipeline) -> str:
    return f"{run.url}/failures" if run.url and run.failed_jobs else run.url


def _where(run: Pipeline) -> tuple[Part, ...]:
    if run.mr is not None:
        return (" for ", wording.ref(run.mr))
    if not run.ref:
        return ()
    return (" on tag " if run.is_tag else " on ", wording.branch(run.ref))


def _failed(run: Pipeline) -> Text:
    jobs: list[Part] = [wording.ref(job) for job in run.failed_jobs[:_JOBS]]
    if len(run.failed_jobs) > _JOBS:
        jobs.append(f"and {len(run.failed_jobs) - _JOBS} more")
    return text("Failed: ", *join(", ", jobs))


def _context(run: Pipeline) -> tuple[Text, ...]:
    commit = run.commit
    if commit is None:
        return ()
    by = f" – {wording.who(commit.author)}" if commit.author else ""
    return (
        text(wording.linked(commit.sha[:8], commit.url), f" {wording.short(commit.title)}{by}"),
    )


def reply(event: Event) -> Text:
    run: Pipeline = event.subject
    glyph, said, _color = _said_of(run)
    head = text(
        f"{glyph} ", *_branch_state(event), wording.linked(f"pipeline #{run.id}", _page(run))
    )
    jobs = text(" · ", *_failed(run)) if run.failed_jobs and run.status == "failed" else ()
    return text(*head, f" {said}", *jobs)
