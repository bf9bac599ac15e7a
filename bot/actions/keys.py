"""The keys under which messages find each other: what `thread:` and `once:` name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import SubjectKey, subject_key

if TYPE_CHECKING:
    from bot.actions.plan import View
    from bot.actions.spec import ActionSpec


def of_kind(kind: str, view: View) -> SubjectKey | None:
    """The event's subject of that kind. Every event of a project is about it too, and one that
    has a branch (a merge request's is its target) about that; None when there is none such."""
    found = view.subject(kind)
    if found is not None:
        return found
    instance, project, *_ = view.subjects[0].split(":", 3)
    if kind == "project" and view.event.project is not None:
        return subject_key(instance, project, kind, "-")
    branch = view.lookup("branch") if kind == "branch" else None
    return subject_key(instance, project, kind, branch) if isinstance(branch, str) else None


def of_thread(spec: ActionSpec, view: View) -> SubjectKey | None:
    """The key that `thread:` names; None when it is not set or this event has none such."""
    if spec.thread is None:
        return None
    if isinstance(spec.thread, str):
        return of_kind(spec.thread, view)
    ident = spec.thread.key(view.lookup)
    if not ident:
        return None
    base = view.subjects[0].split(":", 2)
    return SubjectKey(f"{base[0]}:{base[1]}:thread:{ident}")


def of_parents(spec: ActionSpec, view: View) -> tuple[SubjectKey, ...]:
    """The keys under which a reply or reaction looks for its root."""
    if spec.thread is None:
        return view.subjects
    key = of_thread(spec, view)
    return () if key is None else (key,)
