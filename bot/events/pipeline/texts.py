"""What is said about a pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.events import wording
from bot.message import Message, Text, join, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events.pipeline.subject import FailedJob, Pipeline
    from bot.message import Part
    from bot.model import Event, Person

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
#: Why it failed, where it is not because of its jobs.
_REASONS: Final[Mapping[str, str]] = {
    "config_error": "No job ran: its configuration cannot be read, or leaves every job out",
    "startup_failure": "No job ran: the workflow file has a mistake",
    "timed_out": "It ran out of time",
}


def line(event: Event) -> Message:
    run: Pipeline = event.subject
    glyph, _said, color = _said_of(run)
    why = _why(run)
    state = _branch_state(event, whole=True)
    head = text(f"{glyph} ", *state, *_sentence(event, () if state else _where(event)))
    return Message(
        text=head,
        notice=text(*head, " · ", *why) if why else (),
        body=(why,) if why else (),
        context=_context(event),
        color="warning" if _warns(run) else color,
    )


def _said_of(run: Pipeline) -> tuple[str, str, str | None]:
    glyph, said, color = _SAID.get(run.status, _WAITS)
    return glyph, f"{said} with warnings" if _warns(run) else said, color


def _warns(run: Pipeline) -> bool:
    return run.status == "success" and run.warnings


def _branch_state(event: Event, *, whole: bool) -> Text:
    """What the pipeline means for its branch, when the event says so; `whole`: and whose branch."""
    run: Pipeline = event.subject
    branch = text(wording.branch(run.ref), *(wording.project(event, " of ") if whole else ()))
    if "pipeline.fixed" in event.names:
        return text(branch, " is fixed", _after(event), _by(run), ": ")
    if "pipeline.broken" in event.names:
        return text(branch, " is broken", _by(run), ": ")
    if "pipeline.still_failing" in event.names:
        return text(branch, " is still failing", _again(event), ": ")
    return ()


#: Nobody's commit made these begin.
_BY_ITSELF: Final = frozenset({"schedule", "trigger", "pipeline", "api", "web", "chat"})


def _by(run: Pipeline) -> str:
    author = run.commit.author if run.commit and run.trigger not in _BY_ITSELF else None
    return f" by {wording.who(author)}" if author else ""


def _after(event: Event) -> str:
    """` after 10 min and 2 failures`, as far as it is known."""
    length, failures = event.fields.get("broken_for"), event.fields.get("failures")
    parts = [wording.span_of_time(length)] if isinstance(length, timedelta) and length else []
    if isinstance(failures, int):
        parts.append(wording.count(failures, "failure"))
    return f" after {' and '.join(parts)}" if parts else ""


def _again(event: Event) -> str:
    """` (3rd failure in 25 min)`, as far as it is known."""
    length, failures = event.fields.get("broken_for"), event.fields.get("failures")
    parts = [f"{ordinal(failures)} failure"] if isinstance(failures, int) else []
    if isinstance(length, timedelta) and length:
        parts.append(f"in {wording.span_of_time(length)}")
    return f" ({' '.join(parts)})" if parts else ""


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`."""
    ending = "th" if number % 100 in {11, 12, 13} else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}


def _sentence(event: Event, where: tuple[Part, ...]) -> Text:
    run: Pipeline = event.subject
    parts: list[Part] = [
        wording.linked(run.label, _page(event)),
        f" ({wording.short(run.name, 60)})" if run.name and not run.series else "",
        f" {_said_of(run)[1]}",
        *where,
    ]
    if run.duration and run.status in {"success", "failed"}:
        parts.append(f" in {wording.span_of_time(run.duration)}")
    return text(*parts)


def _page(event: Event) -> str:
    run: Pipeline = event.subject
    failures = event.forge == "gitlab" and run.url and run.status == "failed" and run.failed
    return f"{run.url}/failures" if failures else run.url


def _where(event: Event) -> tuple[Part, ...]:
    run: Pipeline = event.subject
    if run.mr is not None:
        return (" for ", wording.ref(run.mr), wording.project(event, " in "))
    if not run.ref:
        return (wording.project(event, " in "),)
    place = wording.project(event, " of ")
    return (" on tag " if run.is_tag else " on ", wording.branch(run.ref), place)


def _why(run: Pipeline) -> Text:
    if run.status != "failed":
        return ()
    if run.failed:
        return _failed(run)
    words = _REASONS.get(run.reason, run.reason)
    return text(wording.short(words)) if words else ()


def _failed(run: Pipeline) -> Text:
    return text("Failed: ", *_jobs(run))


def _jobs(run: Pipeline) -> Text:
    jobs: list[Part] = [_job(job) for job in run.failed[:_JOBS]]
    if len(run.failed) > _JOBS:
        jobs.append(f"and {len(run.failed) - _JOBS} more")
    return join(", ", jobs)


def _job(job: FailedJob) -> Text:
    """`test/unit (runner system failure)`."""
    stage = f"{wording.short(job.stage, 40)}/" if job.stage else ""
    why = f" ({wording.short(job.reason.replace('_', ' '), 60)})" if job.reason else ""
    return text(wording.linked(f"{stage}{wording.short(job.name, 80)}", job.url), why)


def _context(event: Event) -> tuple[Text, ...]:
    run: Pipeline = event.subject
    parts: list[Part] = []
    author = run.commit.author if run.commit else None
    if run.commit is not None:
        by = f" – {wording.who(author)}" if author else ""
        commit = wording.linked(run.commit.sha[:8], run.commit.url)
        parts.append(text(commit, f" {wording.short(run.commit.title)}{by}"))
    actor = event.actor
    if actor and not _is_one(author, actor):
        parts.append(f"started by {wording.who(actor)}")
    return (join(" · ", parts),) if parts else ()


def _is_one(author: Person | None, actor: Person) -> bool:
    """Git knows Bob by his name, GitHub by `bob`."""
    names = {author.username, author.name} if author else set()
    known = {name.casefold() for name in (actor.username, actor.name) if name}
    return any(name.casefold() in known for name in names if name)


def reply(event: Event) -> Text:
    """That it is fixed may be shown in the channel too, where no thread tells the project."""
    run: Pipeline = event.subject
    glyph, said, _color = _said_of(run)
    why = _why(run)
    state = _branch_state(event, whole="pipeline.fixed" in event.names)
    head = text(f"{glyph} ", *state, wording.linked(run.label, _page(event)), f" {said}")
    if run.status == "failed" and run.failed:
        return text(*head, ": ", *_jobs(run))
    return text(*head, " · ", *why) if why else head
