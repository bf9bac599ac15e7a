"""What hangs below a message because its rule follows the subject: replies and reactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.actions import plan as planning
from bot.actions import reply

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, View
    from bot.actions.spec import ActionSpec
    from bot.model import Json, Thread

#: What is remembered under a state key.
Recall: TypeAlias = "Callable[[str], Json]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A rule with messages in a channel, and what it wants below them."""

    rule: str
    #: None: it must not act now (muted, or the event is not for that channel).
    asker: Asker | None
    topics: tuple[str, ...]
    #: How its card looks.
    spec: ActionSpec | None = None


Followed: TypeAlias = "Iterable[tuple[Thread, Follower]]"


def follow(to: Plan, followed: Followed) -> None:
    """Adds to the messages what their rules follow; not to one that this delivery brought."""
    fresh = {action.id for action in to.actions}
    for thread, follower in followed:
        if follower.asker is not None and thread.root not in fresh:
            only = replace(follower.asker, only=frozenset({thread.channel}))
            for topic in follower.topics:
                _add(to, thread, only, topic)


def _add(to: Plan, thread: Thread, only: Asker, topic: str) -> None:
    if topic == "pipeline":
        _tell_pipeline(to, thread, only)
    elif _is_of(topic, to.view, thread):
        reply.follow(only, to)


def _tell_pipeline(to: Plan, thread: Thread, only: Asker) -> None:
    """Why it failed, and when it was told so, that it passed after all."""
    view = to.view
    said = _TOPICS["pipeline"] & set(view.names)
    if not said or not _is_news(to, thread):
        return
    key = f"broke:{thread.root}:{view.event.fields.get('name', '')}"
    failed = "pipeline.failed" in said
    if (failed or (to.recall and to.recall(key))) and reply.follow(only, to) is None:
        to.remember[key] = failed or None


def _is_of(topic: str, view: View, thread: Thread) -> bool:
    """By its names, or because the subject's facts say that it is news this time."""
    if _TOPICS[topic] & {*view.names, view.event.kind if view.names else ""}:
        return True
    return bool(view.facts.get(thread.subject, {}).get("news") == topic)


def _is_news(to: Plan, thread: Thread) -> bool:
    """A failure is explained below a message that shows nothing of it, unless the channel hears
    of it anyway; a card shows it itself."""
    if thread.card or any(
        action.channel == thread.channel and action.verb in {"post", "reply"}
        for action in to.actions
    ):
        return False
    # One that comes late, or is told once more, changes nothing.
    return thread.subject in to.view.changed


def mark(to: Plan, followed: Followed, recall: Recall) -> None:
    """Puts on each message the emoji that belong there now, and takes off its others."""
    view = to.view
    for thread, follower in followed:
        facts = view.facts.get(thread.subject)
        if follower.asker is None or facts is None:
            continue
        topics = _topics(planning.kind_of(thread.subject), facts, view)
        wanted = [emoji for emoji, topic in topics.items() if topic in follower.topics]
        key = f"reacted:{thread.root}"
        shown: list[str] = recall(key) or []
        for emoji in shown:
            if emoji not in wanted:
                _wear(to, thread, follower.asker, emoji, remove=True)
        for emoji in wanted:
            if emoji not in shown:
                _wear(to, thread, follower.asker, emoji, remove=False)
        if shown != wanted:
            to.remember[key] = wanted or None


def _topics(kind: str, facts: Mapping[str, Json], view: View) -> Mapping[str, str]:
    """Its own emoji, and those of the pipelines that add up to it."""
    specs = [spec for spec in (view.specs.get(kind), view.specs.get("pipeline")) if spec]
    return {e: topic for one in specs if one.marks for e, topic in one.marks(facts).items()}


def _wear(to: Plan, thread: Thread, asker: Asker, emoji: str, *, remove: bool) -> None:
    to.add(
        replace(
            planning.new_action("react", asker, thread.channel, thread.subject),
            emoji=emoji,
            remove=remove,
            root=thread.root,
            slot=f"react:{thread.root}:{emoji}",
        )
    )


_TOPICS: Final[Mapping[str, frozenset[str]]] = {
    "comments": frozenset({"comment"}),
    "reviews": frozenset(
        {"mr.approved", "mr.unapproved", "mr.changes_requested", "mr.threads_resolved"}
    ),
    "state": frozenset({"mr.merged", "mr.closed", "mr.reopened", "mr.ready", "mr.drafted"}),
    "pipeline": frozenset({"pipeline.failed", "pipeline.success"}),
}
