"""`post`: a new message, always a root; it claims its thread so that replies find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.actions import keys
from bot.actions import plan as planning

if TYPE_CHECKING:
    from bot.actions.plan import Asker, Plan, Withheld
    from bot.actions.spec import ActionSpec


def plan(spec: ActionSpec, asker: Asker, to: Plan) -> Withheld:
    """One message to each channel of the rule."""
    view = to.view
    targets = planning.channels(spec.to, asker, view)
    if not targets:
        return "no channel maps" if spec.to.by else "no channel may receive it"
    subject = keys.of_thread(spec, view) or view.subjects[0]
    made = planning.message(spec, view, to.line)
    who = planning.mentions(spec, view)
    reasons: list[Withheld] = []
    for channel in targets:
        action = planning.new_action(
            "post", asker, channel, subject, message=made, claims=(subject,)
        )
        reasons.append(planning.say(action, spec, who, to))
    return None if None in reasons else reasons[0]
