"""The Markdown of forges as Text: what people wrote, shown as they meant it, and inert. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.markdown.references import NOWHERE, Home

if TYPE_CHECKING:
    from bot.message import Text

__all__ = ["read"]


def read(source: str, home: Home = NOWHERE, *, limit: int) -> Text:
    """At most `limit` seen characters on a few lines, cut where a span, a line of code or a letter
    ends. Comments are left out, of folded parts only the summary is shown."""
    # With its parser, which is weight until somebody writes something.
    from bot.markdown.reading import read as shown

    return shown(source, home, limit=limit)
