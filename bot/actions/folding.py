"""One message for many: what a channel that is far behind shows of those that wait for it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Message,
    Plain,
    Styled,
    Trusted,
    is_block,
    join,
    one_line,
    text,
    truncate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.message import Span, Text
    from bot.model import Action

#: A line's visible characters; a paragraph's and a message's as they are sent. Slack's own limits
#: are 3,000 and about 13,000; our count of what escaping adds is a guess.
_LINE: Final = 200
_PARAGRAPH: Final = 2_600
_ROOM: Final = 10_000
#: What escaping or the markup of a link may add.
_GROWS: Final = frozenset("&<>*_~`")
_ESCAPED: Final = 5


def may_fold(action: Action) -> bool:
    """Whether a line of its own in a common message tells the same. Threads, cards, what pings
    somebody, and rules with `batch: never` are left alone."""
    message = action.message
    if action.verb != "post" or message is None or action.apart or action.confidential:
        return False
    if action.slot is not None or message.buttons or not message.text:
        return False
    if any(is_block(span) for span in message.text):
        return False
    parts = (message.text, *message.body, *message.context, *(fact for _, fact in message.facts))
    return not any(_pings(span) for part in parts for span in part)


def fold(actions: Sequence[Action], *, whole: bool) -> tuple[Action, int]:
    """The first action with what all of them say, and how many it took in, itself included.

    `whole`: all are taken, and those that find no room for a line are counted.
    """
    first = actions[0]
    lines: list[Text] = []
    room = _ROOM
    for action in actions:
        line = text("• ", *_line(action))
        room -= _size(line) + 1
        if room < 0:
            break
        lines.append(line)
    taken = len(actions) if whole else max(len(lines), 1)
    if taken == 1:
        return first, 1
    rest = taken - len(lines)
    message = Message(
        text=text(f"{taken} messages in one: more came than may be posted one by one"),
        body=tuple(_paragraphs(lines)),
        context=(text(f"… and {rest} more"),) if rest else (),
    )
    private = any(action.private for action in actions[:taken])
    return replace(first, message=message, private=private), taken


def _line(action: Action) -> Text:
    lead = action.message.text if action.message is not None else ()
    return truncate(tuple(_flat(span) for span in lead), _LINE)


def _flat(span: Span) -> Span:
    """On one line, without its edges joined to its neighbours'."""
    match span:
        case Plain(value) if "\n" in value:
            return Plain(value.replace("\n", " "))
        case Code(value):
            return Code(one_line(value))
        case Styled(style, inner):
            return Styled(style, tuple(_flat(one) for one in inner))
        case _:
            return span


def _paragraphs(lines: Iterable[Text]) -> Iterable[Text]:
    held: list[Text] = []
    size = 0
    for line in lines:
        if held and size + _size(line) + 1 > _PARAGRAPH:
            yield join("\n", held)
            held, size = [], 0
        held.append(line)
        size += _size(line) + 1
    if held:
        yield join("\n", held)


def _size(body: Text) -> int:
    """At most so many characters once it is written for Slack."""
    return sum(_span_size(span) for span in body)


def _span_size(span: Span) -> int:
    match span:
        case Plain(value) | Code(value):
            return _escaped(value) + 2
        case Styled(_, inner):
            return _size(inner) + 2
        case Link(label, url):
            return _escaped(label) + _escaped(url) + 3
        case Trusted(markup):
            return 2 * len(markup)
        case Emoji(name):
            return len(name) + 2
        case Mention(id_, _):
            return len(id_) + 3
        case Broadcast(to):
            return len(to) + 3


def _escaped(value: str) -> int:
    grown = sum(1 for character in value if character in _GROWS)
    wide = sum(1 for character in value if character > "\uffff")
    return len(value) + _ESCAPED * grown + wide


def _pings(span: Span) -> bool:
    match span:
        case Mention() | Broadcast():
            return True
        case Styled(_, inner):
            return any(_pings(one) for one in inner)
        case Trusted(markup):
            return "<@" in markup or "<!" in markup
        case _:
            return False
