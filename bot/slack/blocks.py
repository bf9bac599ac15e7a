"""A message as Slack wants it: text, blocks and attachments, within Slack's limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.message import Text, bold, text, truncate, width
from bot.slack.mrkdwn import render

if TYPE_CHECKING:
    from bot.message import Button, Message
    from bot.model import Json

#: Slack refuses a longer section. Source: Slack's Block Kit reference (read 2026-11).
SECTION_LIMIT: Final = 3000
#: Of one message, attachments included.
BLOCKS_LIMIT: Final = 50
#: Slack allows ten fields of 2,000; so much fits beside another without looking lost.
FACTS_LIMIT: Final = 10
FACT_LIMIT: Final = 300
#: Undocumented; Slack answers msg_blocks_too_long at about 13,200: slackapi/bolt-js issue 2509.
TOTAL_LIMIT: Final = 12_000

#: Begins the ids of buttons that give a command.
RUN: Final = "run-"
_BUTTONS: Final = 25
_LABEL_LIMIT: Final = 75
_VALUE_LIMIT: Final = 2000
_CUT: Final = "…"
#: Of what is rendered at all. Characters that cannot be seen count here, and not in what is sent.
_WIDEST: Final = 8 * SECTION_LIMIT
#: Below this a paragraph is not worth beginning.
_SCRAP: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What goes over the wire. `text` is the notification, never empty."""

    text: str
    blocks: tuple[Json, ...]
    #: Set only for the side bar, which Slack knows nowhere else.
    attachments: tuple[Json, ...] = ()


def blocks(message: Message) -> Sent:
    """The lead on top, then paragraphs, then grey lines; beside them the bar, when coloured.

    What does not fit is cut on a span boundary, and says so with an ellipsis.
    """
    above = [_part("section", part) for part in (message.text, *message.body)]
    below = [_part("context", part) for part in message.context]
    facts = _facts(message)
    room = TOTAL_LIMIT - sum(size(field["text"]) for block in facts for field in block["fields"])
    made = _made([part for part in (*above, *below) if part.rendered.strip()], room)
    if facts and len(made) < BLOCKS_LIMIT:
        place = sum(block["type"] == "section" for block in made)
        made = [*made[:place], *facts, *made[place:]]
    notice = fit(message.notice, SECTION_LIMIT).strip() if message.notice else ""
    notification = notice or _first(made).strip() or _CUT
    buttons = _actions(message.buttons)
    if message.color is None:
        return Sent(text=notification, blocks=(*made[: BLOCKS_LIMIT - len(buttons)], *buttons))
    # The lead stays outside: `text` would be shown a second time above an attachment alone.
    beside = [*made[1 : BLOCKS_LIMIT - len(buttons)], *buttons] or [{"type": "divider"}]
    bar = {"color": message.color, "blocks": beside}
    return Sent(text=notification, blocks=tuple(made[:1]), attachments=(bar,))


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph or a grey line."""

    kind: str
    body: Text
    rendered: str


def _part(kind: str, body: Text) -> _Part:
    kept = truncate(body, _WIDEST)
    return _Part(kind, kept, render(kept))


def fit(body: Text, limit: int, *, rendered: str | None = None) -> str:
    """The text rendered in at most `limit` characters, escapes and markup counted."""
    if rendered is None:
        rendered = render(body)
    if size(rendered) <= limit:
        return rendered
    # Characters that cannot be seen count in the width, not in what is rendered.
    low, high, best = 1, min(_WIDEST, 8 * limit, width(body)), ""
    if high > limit and size(render(truncate(body, limit))) > limit:
        high = limit  # markup and escapes make most texts longer than they look
    while low <= high:
        middle = (low + high) // 2
        rendered = render(truncate(body, middle))
        if size(rendered) <= limit:
            low, best = middle + 1, rendered
        else:
            high = middle - 1
    return best


def size(value: str) -> int:
    """Characters as JavaScript counts them: an emoji is two. Slack does not say how it counts."""
    if value.isascii():
        return len(value)
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _shows(body: Text) -> bool:
    return bool(render(body).strip())


def _facts(message: Message) -> list[Json]:
    """Side by side, a heading above each value."""
    shown = [
        fit(text(bold(heading), "\n", *value), FACT_LIMIT)
        for heading, value in message.facts[:FACTS_LIMIT]
        if _shows(value)
    ]
    fields = [_mrkdwn(one) for one in shown]
    return [{"type": "section", "fields": fields}] if fields else []


def _made(parts: list[_Part], room: int) -> list[Json]:
    made: list[Json] = []
    for index, part in enumerate(parts):
        full = len(made) == BLOCKS_LIMIT - 1 and len(parts) - index > 1
        limit = min(SECTION_LIMIT, room - len(_CUT))
        none = full or room < _SCRAP
        shown = "" if none else fit(part.body, limit, rendered=part.rendered)
        if not shown.strip():
            made.append(_block("context", _CUT))
            break
        made.append(_block(part.kind, shown))
        room -= size(shown)
    return made


def _block(kind: str, shown: str) -> Json:
    element = _mrkdwn(shown)
    return {"type": kind, "text": element} if kind == "section" else _context(element)


def _mrkdwn(shown: str) -> Json:
    # Without verbatim Slack makes links and mentions of what looks like them.
    return {"type": "mrkdwn", "text": shown, "verbatim": True}


def _actions(buttons: tuple[Button, ...]) -> list[Json]:
    # A command that is cut short is another command.
    fitting = [button for button in buttons if len(button.words) <= _VALUE_LIMIT]
    elements = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": button.label[:_LABEL_LIMIT], "emoji": True},
            # Alike ids would be refused.
            "action_id": f"{RUN}{number}",
            "value": button.words,
            **({"style": button.style} if button.style else {}),
        }
        for number, button in enumerate(fitting[:_BUTTONS])
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def _context(element: Json) -> Json:
    return {"type": "context", "elements": [element]}


def _first(made: list[Json]) -> str:
    """The text of the first block: the lead, for a message that has one."""
    if not made:
        return ""
    if "text" in made[0]:
        return str(made[0]["text"]["text"])
    first = (made[0].get("elements") or made[0]["fields"])[0]
    return str(first["text"])
