"""The three sizes of a default message: one line, two, or a card with its facts. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bot import markdown
from bot.markdown.references import Home
from bot.message import Code, Link, Plain, Styled, Text, join, one_line, text, truncate
from bot.model import Person, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.message import Message, Span
    from bot.model import Event, Value

Size: TypeAlias = Literal["line", "compact", "card"]

#: Of the one line; a title alone may have 140.
_LINE: Final = 300
#: Of a comment's words behind it.
_WORDS: Final = 200
#: Of the grey row below it.
_ROW: Final = 150
_DESCRIPTION: Final = 300
#: Of a part of the message, to know what it tells already.
_TOLD: Final = 3_000
#: Of one fact, and how many of them.
_FACT: Final = 120
_FACTS: Final = 10
_NAMES: Final = 6

#: What a card tells beside its message, in this order: a field, its heading, whether it is code.
_HEADINGS: Final[tuple[tuple[str, str, bool], ...]] = (
    ("author", "Author", False),
    ("assignees", "Assignees", False),
    ("reviewers", "Reviewers", False),
    ("labels", "Labels", True),
    ("milestone", "Milestone", False),
    ("severity", "Severity", False),
    ("category", "Category", False),
    ("environment", "Environment", True),
    ("tier", "Tier", False),
    ("source", "Branches", True),
    ("branch", "Branch", True),
    ("tag", "Tag", True),
    ("commit", "Commit", False),
    ("stage", "Stage", False),
    ("failed_stages", "Failed stages", False),
    ("reason", "Reason", False),
    ("trigger", "Trigger", False),
    ("duration", "Duration", False),
    ("broken_for", "Broken for", False),
    ("failures", "Failures in a row", False),
    ("package", "Package", True),
    ("advisory", "Advisory", False),
    ("member", "Member", False),
    ("role", "Role", False),
    ("expires", "Expires", False),
)
#: What goes without saying.
_DULL: Final = frozenset({"unknown", "push", "none", ""})
#: What is less than the two branches of a merge request.
_LESS: Final = frozenset({"branch", "commit"})
#: The bar of a card whose message has no colour of its own.
_COLORS: Final[Mapping[str, str]] = {"mr": "#1f75cb", "issue": "#c95823", "push": "#6e5494"}
_NEUTRAL: Final = "#8b93a7"


def sized(message: Message, size: Size | None, event: Event | None = None) -> Message:
    """The message in that size; None leaves it as its family made it. `event`: whose facts a card
    shows; those that the message tells already are not told again."""
    if size is None:
        return message
    if size == "line":
        return replace(message, text=_line(message, event), body=(), context=(), color=None)
    facts = facts_of(event, message) if event is not None else ()
    if size == "compact":
        return _compact(message, facts)
    # Beside the bar a quote would have two.
    body = tuple(map(_unquoted, message.body))
    body = body or (_description(event) if event is not None else ())
    kind = event.kind if event is not None else ""
    color = message.color
    if body or facts or message.context:
        color = color or _COLORS.get(kind, _NEUTRAL)
    return replace(message, body=body, facts=facts, color=color)


def _line(message: Message, event: Event | None) -> Text:
    """Of a pipeline why it failed too, as its notification has it, and of a comment the words:
    without them it says nothing."""
    told = message.notice if event is not None and message.notice else message.text
    lead = on_one_line(told, _LINE)
    if event is None or event.kind != "comment" or not message.body:
        return lead
    return text(*lead, ": ", *on_one_line(message.body[0], _WORDS))


def _compact(message: Message, facts: Sequence[tuple[str, Text]]) -> Message:
    rows = [on_one_line(_dotted(row), _ROW) for row in message.body[:1]]
    rows += [on_one_line(row, _ROW) for row in message.context]
    if not rows:
        rows = [text(f"{name}: ", *value) for name, value in facts[:3]]
    row = truncate(join(" · ", [row for row in rows if row]), 2 * _ROW)
    lead = on_one_line(message.text, _LINE)
    return replace(message, text=lead, body=(), context=(row,) if row else (), facts=())


def _dotted(body: Text) -> Text:
    """Its lines with a dot between them; those of a quote stay sentences."""
    spans = (Plain(s.value.replace("\n", " · ")) if isinstance(s, Plain) else s for s in body)
    return text(*spans)


def facts_of(event: Event, message: Message) -> tuple[tuple[str, Text], ...]:
    """What the event has to tell beside the message, as heading and value."""
    parts = [truncate(part, _TOLD) for part in (message.text, *message.body, *message.context)]
    told = _letters(join(" ", parts)).casefold()
    found: list[tuple[str, Text]] = []
    for name, heading, code in _HEADINGS:
        value = event.fields.get(name)
        if value is None or value in _DULL or (name in _LESS and "source" in event.fields):
            continue
        shown = truncate(_shown(value, code=code), _FACT)
        if name == "source" and "target" in event.fields:
            target = truncate(_shown(event.fields["target"], code=code), _FACT)
            shown = text(*shown, " → ", *target)
        letters = _letters(shown).casefold()
        if letters and not _tells(told, letters) and letters not in {_letters(v) for _, v in found}:
            found.append((heading, shown))
    return tuple(found[:_FACTS])


def _tells(told: str, letters: str) -> bool:
    """Every part of the value is there already."""
    parts = [part.strip() for part in letters.split(",")]
    return all(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", told) for part in parts)


def _shown(value: Value, *, code: bool) -> Text:
    match value:
        case tuple():
            shown = [_shown(item, code=code) for item in value[:_NAMES]]
            rest = f" and {len(value) - _NAMES} more" if len(value) > _NAMES else ""
            return text(*join(", ", shown), rest)
        case Person():
            return text(one_line(value.shown))
        case Ref():
            return text(Link(one_line(value.label), value.url) if value.url else value.label)
        case timedelta():
            return text(span_of_time(value))
        case datetime():
            return text(value.strftime("%Y-%m-%d %H:%M"))
        case bool():
            return text("yes" if value else "no")
        case _:
            letters = one_line(str(value))
            return text(Code(letters) if code and letters else letters)


def _description(event: Event) -> tuple[Text, ...]:
    """Of what was just opened."""
    words = event.fields.get("description")
    opened = any(name.endswith(".opened") for name in event.names)
    if not opened or not isinstance(words, str):
        return ()
    project = event.project
    home = Home(forge=event.forge, url=project.url, path=project.path) if project else Home()
    shown = markdown.read(words, home, limit=_DESCRIPTION)
    return (shown,) if shown else ()


def _unquoted(body: Text) -> Text:
    match body:
        case (Styled("quote", inner),):
            return inner
        case _:
            return body


def on_one_line(body: Text, limit: int) -> Text:
    """Without line breaks; somebody's words in quotation marks instead of a quote."""
    return truncate(_tidy(text(*map(_flat, truncate(body, 10 * limit)))), limit)


def _flat(span: Span) -> Text:
    match span:
        case Plain(value):
            return text(_SPACES.sub(" ", value))
        case Code(value):
            return text(Code(one_line(value)))
        case Styled("quote", inner):
            return text(" “", *on_one_line(inner, 10 * _LINE), "” ")
        case Styled(style, inner):
            return text(Styled(style, text(*map(_flat, inner))))
        case _:
            return (span,)


def _tidy(body: Text) -> Text:
    """Without two spaces in a row, or one at an end."""
    spans = [Plain(_SPACES.sub(" ", s.value)) if isinstance(s, Plain) else s for s in body]
    if spans and isinstance(first := spans[0], Plain):
        spans[0] = Plain(first.value.lstrip())
    if spans and isinstance(last := spans[-1], Plain):
        spans[-1] = Plain(last.value.rstrip())
    return text(*spans)


_SPACES: Final = re.compile(r"\s+")


def _letters(body: Text) -> str:
    return "".join(_span_letters(span) for span in body)


def _span_letters(span: Span) -> str:
    match span:
        case Plain(value) | Code(value):
            return value
        case Styled(_, inner):
            return _letters(inner)
        case Link(label, _):
            return label
        case _:
            return ""


def span_of_time(length: timedelta) -> str:
    """The two largest units: `45 s`, `10 min`, `1 min 3 s`, `2 h 5 min`, `3 d 1 h`."""
    seconds = max(0, round(length.total_seconds()))
    for size, unit, small, name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // small
            return f"{seconds // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{seconds} s"
