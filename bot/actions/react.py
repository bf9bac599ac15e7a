"""`react`: an emoji put on, or taken off, the subject's message in every channel that holds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.actions import keys
from bot.actions import plan as planning

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.actions.spec import ActionSpec


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """On the card, else the latest root; a waiting opposite of it is replaced in its place."""
    view = to.view
    parents = keys.of_parents(spec, view)
    fixed = bool(spec.to.to or spec.to.by)
    targets = planning.channels(spec.to, asker, view) if fixed else to.holders(parents)
    planned = False
    for channel in targets:
        thread = to.thread(channel, parents)
        if thread is None or not asker.may(channel):
            continue
        planned |= to.add(
            replace(
                planning.new_action("react", asker, channel, thread.subject),
                emoji=spec.emoji,
                remove=spec.remove,
                root=thread.root,
                slot=f"react:{thread.root}:{spec.emoji}",
            )
        )
    return None if planned else "no message to react to yet"
