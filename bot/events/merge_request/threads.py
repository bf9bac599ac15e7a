"""Which threads of a merge request are open: GitHub tells of each, GitLab whether there is one, and
how many there are when it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.registry import Derived

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.events.comment.subject import Comment
    from bot.events.merge_request.change import Change
    from bot.model import Event, Json

#: More are not counted one by one.
_MOST: Final = 200


def after(known: Sequence[str], event: Event) -> list[str]:
    """The first comments of the open threads, by id, after an event of GitHub's."""
    thread, opens = _of_comment(event) if event.kind == "comment" else _of_change(event)
    left = [one for one in known if one != thread]
    return [*left, thread][:_MOST] if thread and opens else left if thread else list(known)


def counted(facts: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """With how many are open, as far as GitLab told; `facts`: from before the event."""
    known = dict(facts)
    count = event.fields.get("open_threads")
    if isinstance(count, int):
        known["open_threads"] = count
    elif event.kind == "comment" or _all_resolved(known, event.subject):
        known.pop("open_threads", None)
    return known


def _all_resolved(facts: Mapping[str, Any], change: Change) -> bool:
    # That none is open says nothing where the project does not want them resolved.
    return bool(change.mr.threads_resolved) and facts.get("threads_resolved") is False


def _of_comment(event: Event) -> tuple[str, bool]:
    """Which thread it tells of, empty for none, and whether that is open then."""
    note: Comment = event.subject
    told = note.starts_thread and note.action in {"create", "delete"}
    return (note.id if told else ""), note.action == "create"


def _of_change(event: Event) -> tuple[str, bool]:
    change: Change = event.subject
    return change.thread, "mr.thread_reopened" in event.names


def state_key(event: Event) -> str:
    """Where the threads of a merge request are kept; empty for events that tell nothing of them."""
    key = event.subjects[0]
    return f"threads:{key}" if key.split(":", 3)[2] == "mr" and _tells(event) else ""


def _tells(event: Event) -> bool:
    if event.kind == "comment":
        return bool(event.subject.starts_thread)
    change: Change = event.subject
    return bool(change.thread) or change.mr.threads_resolved is not None or _begins(event)


def _begins(event: Event) -> bool:
    return "mr.opened" in event.names


def derive(event: Event, state: Json) -> Derived:
    """`mr.threads_resolved` when the last open thread was resolved. `state`: `open`, as `after`
    gives it, and `whole`: the bot has known of them since it was opened; or GitLab's `resolved`."""
    known = state or {"open": [], "whole": _begins(event)}
    if event.kind == "mr" and event.subject.mr.threads_resolved is not None:
        resolved = event.subject.mr.threads_resolved
        # GitLab tells of it by an update without changes.
        done = resolved and known.get("resolved") is False and "mr.updated" in event.names
        return _derived({**known, "resolved": resolved}, done=done)
    left = after(known["open"], event)
    done = known["whole"] and bool(known["open"]) and not left and event.kind == "mr"
    return _derived({**known, "open": left}, done=done)


def _derived(state: Json, *, done: bool) -> Derived:
    return Derived(names=("mr.threads_resolved",) if done else (), fields={}, state=state)
