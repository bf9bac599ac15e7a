"""One reply for all that one person says at once, kept in step with what they edit or delete.

The first remark is sent at once; what the same person adds within half a minute is edited into its
reply, which notifies nobody twice. A reply that still waits to be sent takes it in while it waits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from bot.message import (
    Message,
    Plain,
    dump_text,
    is_block,
    join,
    load_text,
    one_line,
    strike,
    text,
    truncate,
)
from bot.model import ActionId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.actions.plan import Plan
    from bot.message import Text
    from bot.model import Action, Json
    from bot.registry import Remark

#: A review arrives as many deliveries within seconds; each one that comes starts it anew.
TOGETHER: Final = timedelta(seconds=30)
#: Of one reply; the next begins another.
_MOST: Final = 20
_ROWS: Final = 10
_NAME: Final = 60

_COMMENT: Final = "💬"

#: JSON, as it is kept between events: `slot` of the reply, and its `parts`.
Talk = dict[str, Any]


def add(to: Plan, action: Action, remark: Remark, recall: Callable[[str], Json]) -> bool | None:
    """Plans the reply, or the edit of the one that the remark belongs to; whether it did. None
    when the remark changes one that no reply is known of. `action`: the reply if it stands alone.
    """
    scope = f"{action.rule}:{action.root}"
    if remark.change != "create":
        return _correct(to, action, remark, scope, recall)
    key = f"talk:{scope}:{_by(to)}" + (":confidential" if to.view.event.confidential else "")
    last = recall(key)
    if last and datetime.fromisoformat(last["until"]) >= to.view.now:
        talk = recall(f"said:{last['reply']}")
        if talk and len(talk["parts"]) < _MOST:
            reply = ActionId(last["reply"])
            return _edit(to, action, reply, _with(talk, remark)) and _note(
                to, key, scope, remark, reply
            )
    if not to.add(action):
        return False
    reply = to.actions[-1].id
    to.remember[f"said:{reply}"] = {"slot": action.slot, "parts": [_part(remark)]}
    return _note(to, key, scope, remark, reply)


def _by(to: Plan) -> str:
    actor = to.view.event.actor
    return actor.username.casefold() if actor is not None else ""


def _note(to: Plan, key: str, scope: str, remark: Remark, reply: ActionId) -> bool:
    """Remembers which reply carries the remark, and that more may follow."""
    to.remember[key] = {"reply": reply, "until": (to.view.now + TOGETHER).isoformat()}
    to.remember[f"note:{scope}:{remark.id}"] = reply
    return True


def _correct(
    to: Plan, action: Action, remark: Remark, scope: str, recall: Callable[[str], Json]
) -> bool | None:
    reply = recall(f"note:{scope}:{remark.id}")
    talk = recall(f"said:{reply}") if reply else None
    if not reply or not talk:
        return None
    return _edit(to, action, ActionId(reply), _with(talk, remark))


def _edit(to: Plan, action: Action, reply: ActionId, talk: Talk) -> bool:
    edit = replace(
        action,
        edit=True,
        root=reply,
        message=_message(talk),
        slot=talk["slot"],
        broadcast=False,
        alone=False,
    )
    to.remember[f"said:{reply}"] = talk
    return to.add(edit)


# -- what it says --------------------------------------------------------------------------------


def _part(remark: Remark) -> Talk:
    return {
        "id": remark.id,
        "glyph": remark.glyph,
        "who": dump_text(_who(remark)),
        "said": dump_text(remark.said),
        "row": dump_text(remark.row),
        "leads": remark.leads,
        "gone": remark.change == "delete",
    }


def _who(remark: Remark) -> Text:
    name = one_line(remark.author.shown) if remark.author is not None else ""
    return truncate((Plain(name or "Someone"),), _NAME)


def _with(talk: Mapping[str, Json], remark: Remark) -> Talk:
    """The remark in the place it had, else at the end. Who edits it is not who said it."""
    parts = list(talk["parts"])
    fresh = _part(remark)
    for number, part in enumerate(parts):
        if part["id"] == remark.id:
            parts[number] = {**fresh, "who": part["who"], "leads": part["leads"]}
            break
    else:
        parts.append(fresh)
    return {**talk, "parts": parts}


def _message(talk: Mapping[str, Json]) -> Message:
    parts = talk["parts"]
    if len(parts) == 1:
        return Message(text=_alone(parts[0]))
    lead = _leading(parts)
    rows = [_row(part) for part in parts if part is not lead]
    return Message(text=_lead(parts, lead), body=(_listed(rows),))


def _leading(parts: list[Talk]) -> Talk | None:
    """The last verdict, else the first thing that is no mere comment."""
    verdict = next((part for part in reversed(parts) if part["leads"]), None)
    acts = (part for part in parts if part["glyph"] != _COMMENT)
    return verdict or next(acts, None)


def _lead(parts: list[Talk], lead: Talk | None) -> Text:
    if lead is not None:
        return _alone(lead)
    left = sum(not part["gone"] for part in parts)
    count = left or len(parts)
    words = text(load_text(parts[0]["who"]), f" wrote {count} comment{'' if count == 1 else 's'}")
    return text(f"{_COMMENT} ", words if left else strike(*words))


def _alone(part: Talk) -> Text:
    said = text(load_text(part["who"]), " ", load_text(part["said"]))
    if part["gone"]:
        return text(f"{part['glyph']} ", strike(*said), " (deleted)")
    return text(f"{part['glyph']} ", said)


def _row(part: Talk) -> Text:
    """A verdict that another one followed is struck: it does not hold any more."""
    row = load_text(part["row"])
    if part["gone"]:
        return text(strike(*row), " (deleted)")
    if not part["leads"]:
        return row
    verdict = tuple(takewhile(lambda span: not is_block(span), row))
    return text(strike(*verdict), row[len(verdict) :])


def _listed(rows: list[Text]) -> Text:
    shown = [text("• ", row) for row in rows[:_ROWS]]
    if len(rows) > _ROWS:
        shown.append(text(f"… and {len(rows) - _ROWS} more"))
    return join("\n", shown)
