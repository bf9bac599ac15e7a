"""Texts of rules: Jinja templates that render to spans, so that nothing is ever escaped twice.

Literal parts are `Trusted` markup of the rule's author; every value comes out `Plain`, or as the
span its last filter made of it. Jinja itself is in `template_engine`, and read with the first text:
an idle bot whose rules have none does without.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from bot.message import Plain, Text, Trusted, one_line, text, truncate, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.actions.spec import Lookup
    from bot.message import Span
    from bot.model import Person

#: Seen characters of one rendering; a chat cuts sooner.
OUTPUT_LIMIT: Final = 20_000
SPAN_LIMIT: Final = 4_000


class Template:
    """A compiled text; the syntax is checked at once, the code is made when first needed."""

    def __init__(self, source: str) -> None:
        """Raises TemplateFault with the first of its faults; `template_engine.check` has all."""
        from bot.rules import template_engine

        faults, bound = template_engine.check(source)
        if faults:
            raise faults[0]
        self.source = source
        self._run = template_engine.run
        #: Every field it reads, with the line of its first use.
        self.fields: tuple[tuple[str, int], ...] = tuple(bound.lines.items())
        #: What it reads of loop names: (`idle`, line).
        self.members: tuple[tuple[str, int], ...] = template_engine.members(source)

    def render(self, lookup: Lookup, *, people: Callable[[Person], Span] | None = None) -> Text:
        """Absent fields show as nothing. Raises RenderError on a value that does not fit."""
        return _joined(self._run(self.source, lookup, people or _named))

    def key(self, lookup: Lookup) -> str | None:
        """As plain text; None when a value it shows is absent or empty."""
        from bot.rules.filters import Spans, seen

        parts: list[str] = []
        for item in self._run(self.source, lookup, _named):
            part = item if isinstance(item, str) else seen(Spans(item))
            if not part:
                return None
            parts.append(part)
        return one_line("".join(parts)) or None


@functools.lru_cache(maxsize=512)
def template_of(source: str) -> Template:
    """The template; rules that say the same share it. Raises like Template."""
    return Template(source)


def _named(person: Person) -> Span:
    return Plain(one_line(person.shown))


def _joined(items: Iterator[str | Text]) -> Text:
    """One bounded text; a `str` is a literal part of the template."""
    parts: list[Span] = []
    room = OUTPUT_LIMIT
    for item in items:
        spans: Text = (Trusted(item),) if isinstance(item, str) else item
        if width(spans) > room:
            return _merged(text(*parts, *truncate(spans, max(1, room))))
        if len(parts) + len(spans) > SPAN_LIMIT:
            return _merged(text(*parts, "…"))
        parts += spans
        room -= width(spans)
    return _merged(text(*parts))


def _merged(spans: Text) -> Text:
    merged: list[Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if isinstance(span, Trusted) and isinstance(last, Trusted):
            merged[-1] = Trusted(last.markup + span.markup)
        else:
            merged.append(span)
    return tuple(merged)
