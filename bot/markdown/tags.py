"""The few things that are understood of HTML in Markdown: tags, their attributes, links. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TAG: Final = re.compile(r"(<[^<>]*>)")
_NAME: Final = re.compile(r"<\s*(/?[A-Za-z][A-Za-z0-9]*)")
_ATTRIBUTE: Final = re.compile(r"(?<![\w-])([A-Za-z]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)")


def pieces(raw: str) -> list[Mapping[str, Any]]:
    """Tags and what is between them, as nodes of mistune's tree; without comments."""
    shown = raw if "<!" not in raw else _without_comments(raw)
    return [
        {"type": "inline_html" if piece.startswith("<") else "text", "raw": piece}
        for piece in _TAG.split(shown)
        if piece
    ]


def tag_name(tag: str) -> str:
    """`a`, `/a`; empty for what is no tag."""
    match = _NAME.match(tag)
    return match[1].lower() if match else ""


def attribute(tag: str, name: str) -> str:
    """As written. Of several with one name the first counts, as in browsers."""
    found = (m[2].strip("\"'") for m in _ATTRIBUTE.finditer(tag) if m[1].lower() == name)
    return next(found, "")


def anchored(nodes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """With `<a href>`, `</a>` and what is between them as one link, like Markdown's own. One that
    is not closed is none."""
    found: list[Mapping[str, Any]] = []
    url, start = "", 0
    for node in nodes:
        name = tag_name(node["raw"]) if node["type"] == "inline_html" else ""
        if name in {"a", "/a"} and url:
            if inner := found[start:]:
                found[start:] = [{"type": "link", "children": inner, "attrs": {"url": url}}]
            url = ""
        if name == "a":
            url, start = attribute(node["raw"], "href"), len(found)
        else:
            found.append(node)
    return found


def _without_comments(raw: str) -> str:
    kept, rest = "", raw
    while rest:
        head, begun, rest = rest.partition("<!--")
        kept += head
        rest = rest.partition("-->")[2] if begun else ""
    return kept
