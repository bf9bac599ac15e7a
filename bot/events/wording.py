"""Phrases that the default texts share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot import markdown, sizes
from bot.events import git
from bot.markdown.references import NOWHERE, Home
from bot.message import Code, Link, Plain, Text, clean, join, one_line, quote, text, truncate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.message import Part, Span
    from bot.model import Event, Person, Ref

TITLE_LIMIT: Final = 140
EXCERPT_LIMIT: Final = 200


def short(value: str, limit: int = TITLE_LIMIT) -> str:
    """On one line, cut with an ellipsis."""
    line = one_line(value)
    if len(line) <= limit:
        return line
    cut = truncate((Plain(line),), limit)
    return "".join(span.value for span in cut if isinstance(span, Plain))


def without_draft(title: str) -> str:
    """The title without the prefix that made it a draft: the glyph and the words tell that."""
    return re.sub(
        r"^\s*(?:\[(?:draft|wip)\]|\(draft\)|(?:draft|wip):)\s*", "", title, flags=re.IGNORECASE
    )


def who(person: Person | None) -> str:
    return (person and short(person.shown, 60)) or "Someone"


def names(everyone: Sequence[Person]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = [who(one) for one in everyone] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def linked(label: str, url: str) -> Span:
    return Link(short(label), url) if url else Plain(short(label))


def ref(value: Ref) -> Span:
    return linked(value.label, value.url)


def project(event: Event, before: str = " in ") -> Text:
    """` in shop/api`, linked; the group for what has no project; nothing when neither is known."""
    if event.project and event.project.path:
        return text(before, linked(event.project.path, event.project.url))
    group = event.fields.get("group")
    return text(before, short(group)) if isinstance(group, str) else ()


def branch(name: str) -> Code:
    return Code(short(name, 100))


def codes(values: Sequence[str], limit: int = 10) -> Text:
    """Each in code, with commas; the rest counted."""
    shown: list[Part] = [Code(short(value, 60)) for value in values[:limit]]
    if len(values) > limit:
        shown.append(f"and {len(values) - limit} more")
    return join(", ", shown)


def rows(lines: Sequence[Text], limit: int) -> Text:
    """One below the other, each with a bullet; the rest counted."""
    shown = [text("• ", line) for line in lines[:limit]]
    if len(lines) > limit:
        shown.append(text(f"… and {len(lines) - limit} more"))
    return join("\n", shown)


def count(number: int, noun: str) -> str:
    """`1 commit`, `2 commits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def excerpt(value: str, limit: int = EXCERPT_LIMIT, *, event: Event | None = None) -> Text:
    """The beginning of somebody's Markdown as a quote; empty when it shows nothing. `event`: where
    it was written, for its references."""
    words = words_of(value, limit, event=event)
    return text(quote(*words)) if words else ()


def words_of(value: str, limit: int, *, event: Event | None = None) -> Text:
    """The same without the marks of a quote, for what is no answer to anybody."""
    return markdown.read(value, home(event) if event else NOWHERE, limit=limit)


def home(event: Event) -> Home:
    project = event.project
    if project is None:
        return NOWHERE
    return Home(forge=event.forge, url=project.url.rstrip("/"), path=project.path)


def unformatted(value: str, limit: int = EXCERPT_LIMIT) -> Text:
    """The beginning of words that are no Markdown, such as a tag's, as a quote."""
    lines = [" ".join(line.split()) for line in clean(value[:20_000]).splitlines()]
    words = "\n".join(line for line in lines if line)
    return text(quote(*truncate((Plain(words),), limit))) if words else ()


def commit_rows(
    commits: Sequence[git.Commit], total: int, pusher: Person | None
) -> tuple[Text, ...]:
    """The newest five as one paragraph, newest last; the rest counted."""
    rows = [_commit_row(one, pusher) for one in commits[-git.SHOWN :]]
    if rows and total > len(rows):
        rows.append((Plain(f"and {total - len(rows)} more"),))
    return (join("\n", rows),) if rows else ()


def _is_same(one: Person, other: Person | None) -> bool:
    """Forges know the authors of commits by other names than those who push."""
    if other is None:
        return False
    known = one.username and one.username.casefold() == other.username.casefold()
    return bool(known) or one.shown == other.shown


def _commit_row(one: git.Commit, pusher: Person | None) -> Text:
    said = short(one.title) or "(no message)"
    if one.author and not _is_same(one.author, pusher):
        said = f"{said} – {who(one.author)}"
    return linked(one.sha[:8], one.url), Plain(f" {said}")


span_of_time = sizes.span_of_time
