"""How much of a long text is worth parsing, without the hints that templates hide in it. Pure."""

from __future__ import annotations

import re
from typing import Final

from bot.message import clean

#: Characters of which the beginning is sought; the rest may be a megabyte.
_LOOKED_AT: Final = 20_000
_LINES: Final = 150
_LONGEST: Final = 5_000
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


def beginning(source: str, limit: int) -> tuple[str, bool]:
    """What may be shown of `limit` characters, and whether that is all."""
    looked_at = clean(source[:_LOOKED_AT])
    lines = _without_comments(looked_at).strip("\n").split("\n")
    kept = "\n".join(lines[:_LINES])
    reach = min(_LONGEST, 2_000 + 4 * limit)
    whole = len(source) <= _LOOKED_AT and len(lines) <= _LINES and len(kept) <= reach
    return kept[:reach], whole


def _without_comments(source: str) -> str:
    """Without comments that begin a line, outside of fenced code. An open one hides the rest."""
    kept: list[str] = []
    fence = ""
    hidden = False
    for line in source.split("\n"):
        if hidden:
            _, end, line = line.partition("-->")
            hidden = not end
            if hidden or not line.strip():
                continue
        match = _FENCE.match(line)
        if fence:
            ends = match is not None and match[1].startswith(fence) and line.strip() == match[1]
            fence = "" if ends else fence
        elif match is not None:
            fence = match[1]
        elif line.lstrip(" ").startswith("<!--"):
            _, end, line = line.partition("-->")
            hidden = not end
            if hidden or not line.strip():
                continue
        kept.append(line)
    return "\n".join(kept)
