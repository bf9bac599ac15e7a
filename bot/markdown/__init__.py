"""The Markdown of forges as Text: what people wrote, shown as they meant it, and inert. Pure."""

from __future__ import annotations

from bot.markdown.reading import read

__all__ = ["read"]
