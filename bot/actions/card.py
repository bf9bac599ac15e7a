"""`card`: one live message per subject and channel, made once and edited in place."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.actions import plan as planning
from bot.actions import post

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.actions.follow import Follower
    from bot.actions.plan import Asker, Plan, View, Withheld
    from bot.actions.spec import ActionSpec
    from bot.message import Message
    from bot.model import Action, SubjectKey, Thread


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """A card in each channel that has none yet; the one that is there is left to `edit`."""
    view = to.view
    subject = _carded(view)
    if subject is None:
        return post.plan(spec, asker, to)
    show, facts = view.specs[planning.kind_of(subject)].card, view.facts.get(subject)
    if show is None or facts is None:
        return "no card yet, and this event does not open one"
    targets = planning.channels(spec.to, asker, view)
    reasons: list[Withheld] = []
    for channel in targets:
        thread = to.thread(channel, (subject,))
        if thread is not None and thread.card:
            reasons.append(None)
        elif not set(view.names) & set(view.specs[planning.kind_of(subject)].opens):
            reasons.append("no card yet, and this event does not open one")
        else:
            made = planning.message(spec, view, partial(show, facts))
            made = made.with_mentions(planning.mentions(spec, view))
            to.add(replace(_card(asker, channel, subject, made), claims=(subject,)))
            reasons.append(None)
    if not targets:
        return "no channel may receive it"
    return None if None in reasons else reasons[0]


def edit(
    to: Plan, followers: Mapping[str, Sequence[Follower]]
) -> tuple[tuple[Thread, Follower], ...]:
    """Edits every card of the event's subjects, and tells which, and on whose behalf. `followers`:
    by channel; a channel that no card rule names any more keeps its card frozen."""
    view = to.view
    edited: list[tuple[Thread, Follower]] = []
    for thread in to.cards():
        follower = _follower(thread.rule, followers.get(thread.channel, ()))
        facts = view.facts.get(thread.subject)
        if follower is None or follower.asker is None or facts is None:
            continue
        show = view.specs[planning.kind_of(thread.subject)].card
        if show is not None and thread.subject in view.changed:
            default = partial(show, facts)
            spec = follower.spec
            shown = planning.message(spec, view, default) if spec is not None else default()
            made = _card(follower.asker, thread.channel, thread.subject, shown)
            to.add(replace(made, root=thread.root))
        edited.append((thread, follower))
    return tuple(edited)


def _follower(rule: str, found: Sequence[Follower]) -> Follower | None:
    """The rule that made the card; when it is gone, all that name its channel, as one."""
    for one in found:
        if one.rule == rule:
            return one
    able = [one for one in found if one.asker is not None]
    topics = dict.fromkeys(topic for one in able for topic in one.topics)
    return replace(able[0], topics=tuple(topics)) if able else None


def _card(asker: Asker, channel: str, subject: SubjectKey, made: Message) -> Action:
    action = planning.new_action("card", asker, channel, subject, message=made)
    return replace(action, slot=f"card:{subject}")


def _carded(view: View) -> SubjectKey | None:
    """The event's first subject of a kind that has cards; other kinds are posted."""
    for subject in view.subjects:
        spec = view.specs.get(planning.kind_of(subject))
        if spec is not None and spec.card is not None:
            return subject
    return None
