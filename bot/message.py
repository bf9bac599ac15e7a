"""Text as a type: spans that are escaped once, by their target; and the message made of them.

Forge text is `Plain` (or the label of a `Link`) from the moment it is read until a target's
escaper writes it. Nothing else may build mrkdwn, Markdown or HTML.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    _Dump = Callable[[Any], list[Any]]
    _Load = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """Untrusted or ordinary text; every character of it will be shown, none will act."""

    value: str


@dataclass(frozen=True, slots=True)
class Code:
    """One of several lines is a block of its own."""

    value: str


@dataclass(frozen=True, slots=True)
class Styled:
    """`quote`: somebody's words, each line marked at its beginning; a block of its own."""

    style: Literal["bold", "italic", "strike", "quote"]
    inner: Text


@dataclass(frozen=True, slots=True)
class Link:
    """A label and an http(s) or mailto address; another address leaves only the label."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A chat user (`U…`) or user group (`S…`) by id, pinged; `label` is for other targets."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Everyone in the channel; only a rule's `mention: here|channel` makes one."""

    to: Literal["here", "channel"]


@dataclass(frozen=True, slots=True)
class Emoji:
    """An emoji by its Slack name, without colons."""

    name: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """Markup of the target, written by the author of a rule in a template; never from a forge."""

    markup: str


Span: TypeAlias = Plain | Code | Styled | Link | Mention | Broadcast | Emoji | Trusted
Text: TypeAlias = tuple[Span, ...]
Part: TypeAlias = Span | str | Text


def text(*parts: Part) -> Text:
    """One text of spans, strings (which become `Plain`) and texts; neighbours in Plain join."""
    spans: list[Span] = []
    words = ""
    for part in parts:
        for span in part if isinstance(part, tuple) else (part,):
            if isinstance(span, str):
                words += span
            elif isinstance(span, Plain):
                words += span.value
            else:
                if words:
                    spans.append(Plain(words))
                    words = ""
                spans.append(span)
    if words:
        spans.append(Plain(words))
    return tuple(spans)


def bold(*parts: Part) -> Styled:
    return Styled("bold", text(*parts))


def italic(*parts: Part) -> Styled:
    return Styled("italic", text(*parts))


def strike(*parts: Part) -> Styled:
    return Styled("strike", text(*parts))


def quote(*parts: Part) -> Styled:
    return Styled("quote", text(*parts))


def is_block(span: Span) -> bool:
    """Whether it stands on lines of its own."""
    if isinstance(span, Code):
        return "\n" in span.value.strip("\n")
    if isinstance(span, Styled):
        return span.style == "quote" or any(is_block(one) for one in span.inner)
    return False


def join(separator: Part, texts: Sequence[Part]) -> Text:
    """The texts with the separator between them."""
    parts: list[Part] = []
    for index, part in enumerate(texts):
        if index:
            parts.append(separator)
        parts.append(part)
    return text(*parts)


#: Control characters but for tabs and line breaks, and halves of surrogate pairs.
_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
#: Zero-width characters, bidi marks, embeddings, overrides and isolates, deprecated format
#: characters, interlinear annotations, the tag block and other default-ignorables: they reorder or
#: hide text (CVE-2021-42574). The joiner inside emoji sequences goes too.
_INVISIBLE: Final = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\x85\u2028\u2029]")
_HIDDEN: Final = re.compile(f"[{_CONTROLS}{_INVISIBLE}]")
_ODD: Final = re.compile(rf"[\u2028\u2029{_CONTROLS}{_INVISIBLE}]")


def clean(value: str) -> str:
    """The value without control, bidi and zero-width characters; line breaks and tabs stay."""
    if value.isascii() and value.replace("\n", "").isprintable():
        return value
    if _ODD.search(value) is None:
        return value
    return _HIDDEN.sub("", _LINE_ENDS.sub("\n", value))


def one_line(value: str) -> str:
    """The value cleaned, every run of white space made one space."""
    return " ".join(clean(value).split())


#: Of an address; a longer one would fill a message by itself, unseen.
URL_LIMIT: Final = 2_000
_SPACE: Final = re.compile(r"\s")
#: How nearly all of them begin, which need no closer look.
_WEB: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#]|$)")


def is_web_url(url: str) -> bool:
    """Whether a link may be made of it: http, https or mailto, no white space or controls."""
    if not 0 < len(url) <= URL_LIMIT or clean(url) != url or _SPACE.search(url):
        return False
    if _WEB.match(url):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.netloc)
    return parts.scheme == "mailto" and bool(parts.path)


def width(body: Text) -> int:
    """Characters a reader sees; Slack's entities and markup do not count."""
    return sum(_span_width(span) for span in body)


def _span_width(span: Span) -> int:
    match span:
        case Plain() | Code():
            return len(span.value)
        case Link() | Mention():
            return len(span.label)
        case Trusted():
            return len(span.markup)
        case Styled():
            return width(span.inner)
        case Broadcast():
            return len(span.to) + 1
        case Emoji():
            return len(span.name) + 2


def truncate(body: Text, limit: int) -> Text:
    """The text cut to `limit` seen characters with an ellipsis; only Plain and Code are split."""
    if width(body) <= limit:
        return body
    if limit < 1:
        return ()
    kept: list[Span] = []
    room = limit - 1
    for span in body:
        size = _span_width(span)
        if size <= room:
            kept.append(span)
            room -= size
            continue
        head = _head(span, room)
        kept.extend(head)
        if isinstance(span, Styled) and head:
            return text(*kept)  # it has the ellipsis within
        break
    return text(*kept, "…")


def _head(span: Span, room: int) -> Text:
    if room <= 0:
        return ()
    match span:
        case Plain(value):
            return (Plain(_cut_words(value, room)),)
        case Code(value):
            # The beginning of a short name is another name.
            is_name = len(value) <= _WORD and "\n" not in value
            return () if is_name else (Code(_cut_code(value, room)),)
        case Styled(style, inner):
            head = truncate(inner, room)
            return (Styled(style, head),) if head else ()
        case _:
            return ()


def _cut(value: str, room: int) -> str:
    """The first `room` characters, never parting a letter from its marks, an emoji from its
    colour, or the two halves of a flag."""
    while 0 < room < len(value) and _continues(value[room]):
        room -= 1
    if _FLAG.match(value, room) and len(_FLAG_BEFORE.findall(value[max(0, room - 64) : room])) % 2:
        room -= 1
    return value[:room].rstrip()


def _cut_words(value: str, room: int) -> str:
    """Before the last word, if that is not whole and not long."""
    cut = _cut(value, room)
    end = max(cut.rfind(" "), cut.rfind("\n"))
    parted = not value[len(cut) : len(cut) + 1].isspace()
    return cut[:end].rstrip() if parted and 0 < len(cut) - end <= _WORD < end else cut


def _cut_code(value: str, room: int) -> str:
    """Of several lines as many as fit, unless that is none."""
    whole = value[:room].rpartition("\n")[0].rstrip()
    return whole if "\n" in value and whole.strip() else _cut(value, room)


def _continues(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me"} or character in _SKIN


#: Longer ones are parted: without them there would be too little left.
_WORD: Final = 16
_SKIN: Final = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
#: The letters of flags right before the cut.
_FLAG_BEFORE: Final = re.compile("[\U0001f1e6-\U0001f1ff](?=[\U0001f1e6-\U0001f1ff]*$)")


@dataclass(frozen=True, slots=True)
class Button:
    """Gives a command of this bot; whoever presses it must be allowed to give it."""

    label: str
    #: As typed behind `/hook `.
    words: str
    style: Literal["primary", "danger"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a chat shows, target-neutral: one lead text and what hangs below it.

    `text` is also the notification, unless `notice` says more; it must be good on its own. `body`
    are paragraphs below it, `context` small grey lines, `color` the side bar (`good`, `warning`,
    `danger`, `#rrggbb`).
    """

    text: Text
    body: tuple[Text, ...] = ()
    context: tuple[Text, ...] = ()
    #: Headings and values, side by side between the body and the grey lines.
    facts: tuple[tuple[str, Text], ...] = ()
    color: str | None = None
    unfurl: bool = False
    #: Of answers to commands; elsewhere than in Slack the texts must do without them.
    buttons: tuple[Button, ...] = ()
    #: The notification, where grey lines hold what `text` alone does not tell.
    notice: Text = ()

    def with_mentions(self, mentions: Text) -> Message:
        """The same message with people named before its lead."""
        if not mentions:
            return self
        notice = text(*mentions, " ", *self.notice) if self.notice else ()
        return replace(self, text=text(*mentions, " ", *self.text), notice=notice)


def dump_message(message: Message) -> dict[str, Any]:
    """The message as JSON, for the outbox. `load_message` reads it back."""
    return {
        "text": dump_text(message.text),
        "body": [dump_text(part) for part in message.body],
        "context": [dump_text(part) for part in message.context],
        "facts": [[heading, dump_text(value)] for heading, value in message.facts],
        "color": message.color,
        "unfurl": message.unfurl,
        **({"buttons": [asdict(one) for one in message.buttons]} if message.buttons else {}),
        **({"notice": dump_text(message.notice)} if message.notice else {}),
    }


def load_message(raw: Mapping[str, Any]) -> Message:
    return Message(
        text=load_text(raw["text"]),
        body=tuple(load_text(part) for part in raw["body"]),
        context=tuple(load_text(part) for part in raw["context"]),
        # What was queued by an older version has none.
        facts=tuple((heading, load_text(value)) for heading, value in raw.get("facts", ())),
        color=raw["color"],
        unfurl=raw["unfurl"],
        buttons=tuple(Button(**one) for one in raw.get("buttons", ())),
        notice=load_text(raw.get("notice", ())),
    )


def dump_text(body: Text) -> list[list[Any]]:
    """Each span as `[tag, value, …]`."""
    return [_DUMPERS[type(span)](span) for span in body]


def load_text(raw: Iterable[Sequence[Any]]) -> Text:
    return tuple([_LOADERS[one[0]](one) for one in raw])


def _ways(tag: str, kind: type[Any]) -> tuple[_Dump, _Load]:
    """How spans of the kind are written, as their tag and the values of their members in order,
    and read."""
    names = [item.name for item in fields(kind)]
    read = attrgetter(*names)
    if len(names) == 1:
        return lambda span: [tag, read(span)], lambda raw: kind(raw[1])
    return lambda span: [tag, *read(span)], lambda raw: kind(*raw[1:])


_SPAN_TYPES: Final[Mapping[str, type[Any]]] = {
    "plain": Plain,
    "code": Code,
    "link": Link,
    "mention": Mention,
    "broadcast": Broadcast,
    "emoji": Emoji,
    "trusted": Trusted,
}
_WAYS: Final = {tag: _ways(tag, kind) for tag, kind in _SPAN_TYPES.items()}
_DUMPERS: Final[Mapping[type[Any], _Dump]] = {
    Styled: lambda span: ["styled", span.style, dump_text(span.inner)],
    **{kind: _WAYS[tag][0] for tag, kind in _SPAN_TYPES.items()},
}
_LOADERS: Final[Mapping[str, _Load]] = {
    "styled": lambda raw: Styled(raw[1], load_text(raw[2])),
    **{tag: load for tag, (_, load) in _WAYS.items()},
}
