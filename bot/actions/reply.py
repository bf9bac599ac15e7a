"""`reply`: a message in the thread of the event's subject, in every channel that holds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.actions import plan as planning
from bot.message import Message

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.actions.spec import ActionSpec


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """One reply to each thread; without a thread anywhere, nothing."""
    view = to.view
    keys = planning.subjects(spec, view)
    fixed = bool(spec.to.to or spec.to.by)
    targets = planning.channels(spec.to, asker, view) if fixed else to.holders(keys)
    texts = view.spec
    default = Message(text=texts.reply(view.event)) if texts.reply else texts.line(view.event)
    made = planning.message(spec, view, default)
    made = made.with_mentions(planning.mentions(spec, view))
    planned = False
    for channel in targets:
        thread = to.thread(channel, keys)
        if thread is None or not asker.may(channel):
            continue
        planned |= to.add(
            replace(
                planning.new_action("reply", asker, channel, thread.subject),
                message=made,
                root=thread.root,
                broadcast=spec.broadcast,
                confidential=view.event.confidential,
                alone=fixed,
                # One reply per rule and thread: a second matching subject adds nothing.
                slot=f"reply:{view.delivery}:{asker.name}:{thread.root}",
            )
        )
    return None if planned else "no thread to reply in yet"
