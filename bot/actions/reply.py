"""`reply`: a message in the thread of the event's subject, in every channel that holds it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.actions import keys, talk
from bot.actions import plan as planning
from bot.actions.spec import ActionSpec
from bot.message import Message, join

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.message import Text
    from bot.model import Action
    from bot.registry import Remark


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """One reply to each thread; without a thread anywhere, nothing."""
    return _plan(spec, asker, to, known=False)


def follow(asker: Asker, to: Plan) -> Withheld:
    """The default reply to each thread; what changes a remark that is not there is not told."""
    return _plan(ActionSpec(verb="reply", line=0), asker, to, known=True)


def _plan(spec: ActionSpec, asker: Asker, to: Plan, *, known: bool) -> Withheld:
    view = to.view
    parents = keys.of_parents(spec, view)
    fixed = bool(spec.to.to or spec.to.by)
    targets = planning.channels(spec.to, asker, view) if fixed else to.holders(parents)
    made = planning.message(spec, view, partial(_default, to))
    made = made.with_mentions(planning.mentions(spec, view))
    remark = _remark(spec, to)
    planned = False
    for channel in targets:
        thread = to.thread(channel, parents)
        if thread is None or not asker.may(channel):
            continue
        action = replace(
            planning.new_action("reply", asker, channel, thread.subject, message=made),
            root=thread.root,
            broadcast=spec.broadcast,
            alone=fixed,
            # One reply per rule and thread: a second matching subject adds nothing.
            slot=f"reply:{view.delivery}:{asker.name}:{thread.root}",
        )
        planned |= _add(to, action, remark, known=known)
    return None if planned else "no thread to reply in yet"


def _default(to: Plan) -> Message:
    said, line = to.view.spec.reply, to.line()
    return Message(text=said(to.view.event), notice=_notice(line)) if said else line


def _notice(line: Message) -> Text:
    """A notification is read where nobody sees the thread: it tells what it is about."""
    return line.notice or join("\n", [line.text, *line.body[:1]])


def _remark(spec: ActionSpec, to: Plan) -> Remark | None:
    """What may become one reply with others: only default texts, which ping nobody."""
    if spec.text is not None or spec.mention or spec.broadcast or to.view.spec.remark is None:
        return None
    return to.view.spec.remark(to.view.event)


def _add(to: Plan, action: Action, remark: Remark | None, *, known: bool) -> bool:
    if remark is None or to.recall is None:
        return to.add(action)
    added = talk.add(to, action, remark, to.recall)
    if added is None:
        return False if known else to.add(action)
    return added
