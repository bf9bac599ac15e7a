"""The tree that mistune makes of Markdown, as spans; bounded before it is parsed."""

from __future__ import annotations

import functools
import html
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mistune import BlockParser, InlineParser, Markdown
from mistune.plugins.formatting import strikethrough
from mistune.plugins.table import table, table_in_list, table_in_quote
from mistune.plugins.task_lists import task_lists
from mistune.plugins.url import url

from bot.markdown import references
from bot.markdown.references import Home
from bot.markdown.source import beginning
from bot.markdown.table import drawn, evened
from bot.markdown.tags import anchored, attribute, pieces, tag_name
from bot.message import (
    Code,
    Link,
    Plain,
    Text,
    bold,
    clean,
    is_block,
    italic,
    join,
    one_line,
    quote,
    strike,
    text,
    truncate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.message import Part

#: A node of mistune's tree.
_Node: TypeAlias = "Mapping[str, Any]"

#: Containers in one another; what is deeper is shown as it is written.
_DEPTH: Final = 6
_BULLETS: Final = ("• ", "◦ ", "▪ ")
#: Slack takes white space from the beginning of a line, but not this.
_INDENT: Final = "\u2003"
_RULE: Final = "─" * 12
#: A parser's own fault must not cost the event: such a text is shown as it is written.
_FAULTS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)

_PARSER: Final = Markdown(
    renderer=None,
    block=BlockParser(max_nested_level=_DEPTH),
    inline=InlineParser(max_nested_level=_DEPTH),
    plugins=(strikethrough, task_lists, table, table_in_list, table_in_quote, url),
)


def read(source: str, home: Home, *, limit: int) -> Text:
    """As the package's own `read`."""
    shown, whole = beginning(source, limit)
    return _read(shown, home, limit, whole)


@functools.lru_cache(maxsize=128)
def _read(source: str, home: Home, limit: int, whole: bool) -> Text:  # noqa: FBT001 - a cache's key
    try:
        tokens, _state = _PARSER.parse(evened(source) if "|" in source else source)
    except _FAULTS:
        rows = [text(line) for line in source.split("\n")]
    else:
        rows = _Reader(home).rows(tokens if isinstance(tokens, list) else [])
    most = max(6, limit // 25)
    kept = _trimmed(join("\n", [row for row in rows if row][:most]))
    cut = truncate(kept, limit)
    if cut is kept and kept and (len(rows) > most or not whole):
        return truncate((*kept, Plain("\n…")), limit)
    return cut


class _Reader:
    """Goes once through a tree; it knows what is folded away."""

    def __init__(self, home: Home) -> None:
        self._home = home
        #: How many `<details>` are open.
        self._folded = 0
        self._in_summary = False

    def rows(self, tokens: Iterable[_Node], depth: int = 0) -> list[Text]:
        """One text for each line or block."""
        found: list[Text] = []
        for token in tokens:
            made = self._block(token, depth)
            found += [row for row in made if row]
        return found

    def _block(self, token: _Node, depth: int) -> list[Text]:
        kind = token["type"]
        if kind == "block_html":
            return [self._html(token["raw"])]
        children = token.get("children", ())
        if kind in {"paragraph", "block_text"}:
            return [self.inline(children)]
        if kind == "list":
            return self._list(token, depth)
        if self._folded and kind != "block_quote":
            return []
        return _BLOCKS.get(kind, _nothing)(self, token)

    def heading(self, token: _Node) -> list[Text]:
        words = self.inline(token.get("children", ()))
        # Air above it; what stands first loses it again.
        return [text("\n", bold(*words))] if words else []

    def code(self, token: _Node) -> list[Text]:
        value = str(token["raw"]).strip("\n").expandtabs(4)
        return [text(Code(value))] if value.strip() else []

    def quoted(self, token: _Node) -> list[Text]:
        folded = self._folded
        rows = self.rows(token.get("children", ()))
        self._folded = folded
        if not rows:
            return []
        return [text(quote(*_alert(_trimmed(join("\n", rows)))))]

    def table(self, token: _Node) -> list[Text]:
        head, body = token["children"]
        grid = [self._cells(head), *(self._cells(row) for row in body["children"])]
        return [text(Code(drawn(grid)))]

    def _cells(self, row: _Node) -> list[str]:
        return [_letters(self.inline(cell.get("children", ()))) for cell in row["children"]]

    def _list(self, token: _Node, depth: int) -> list[Text]:
        attributes = token.get("attrs", {})
        number = int(attributes.get("start", 1))
        found: list[Text] = []
        for item in token["children"]:
            bullet = _BULLETS[min(depth, len(_BULLETS) - 1)]
            if attributes.get("ordered"):
                bullet, number = f"{number}. ", number + 1
            if item["type"] == "task_list_item":
                bullet = "☑ " if item["attrs"]["checked"] else "☐ "
            found += self._item(item, bullet, depth)
        return found

    def _item(self, item: _Node, bullet: str, depth: int) -> list[Text]:
        folded = self._folded
        own = [child for child in item["children"] if child["type"] != "list"]
        first, *others = self.rows(own) or [()]
        found = [text(_INDENT * depth, bullet, *_trimmed(first))] if first else []
        found += [
            row if any(map(is_block, row)) else text(_INDENT * (depth + 1), *row) for row in others
        ]
        for child in item["children"]:
            if child["type"] == "list":
                found += self._list(child, depth + 1)
        self._folded = folded
        return found

    def inline(self, tokens: Iterable[_Node]) -> Text:
        """The spans of one block; its lines as the forge breaks them."""
        parts: list[Part] = []
        words = ""
        for token, after in pairwise((*anchored(tokens), _END, _END)):
            if token["type"] == "text":
                words += token["raw"]
                continue
            # Slack knows no style inside a word, and `2*3*4` was never meant as one.
            mark = _TYPED.get(token["type"], "") if _in_word(words, after) else ""
            if words or mark:
                parts.append(self._words(words + mark))
            parts.append(self.inline(token["children"]) if mark else self._span(token))
            words = mark
        return _stripped(text(*parts))

    def _words(self, value: str) -> Text:
        return () if self._hides else references.linked(_unescaped(value), self._home)

    def _span(self, token: _Node) -> Text:
        kind = token["type"]
        if kind == "inline_html":
            return self._html(token["raw"])
        if self._hides:
            return ()
        if kind in {"linebreak", "softbreak"}:
            return text(" " if kind == "softbreak" and self._home.forge == "gitlab" else "\n")
        return _SPANS.get(kind, _nothing_inline)(self, token)

    @property
    def _hides(self) -> bool:
        return bool(self._folded) and not self._in_summary

    def code_span(self, token: _Node) -> Text:
        value = one_line(token["raw"])
        return text(Code(value)) if value else ()

    def styled(self, token: _Node) -> Text:
        inner = self.inline(token.get("children", ()))
        return text(_STYLES[token["type"]](*inner)) if inner else ()

    def link(self, token: _Node) -> Text:
        """Also an image; one inside of a link is the link's label."""
        label = _letters(self.inline(token.get("children", ())))
        to = references.address(_unescaped(token["attrs"]["url"]), self._home)
        image = token["type"] == "image"
        if label.startswith("^"):
            # A footnote's mark: its words stand elsewhere.
            return ()
        if not to:
            return text(label or ("image" if image else ""))
        if not label and image:
            label = "image"
        if not label or label in {to, token["attrs"]["url"]}:
            label = references.named(to, self._home)
        return text(Link(label, to))

    def _html(self, raw: str) -> Text:
        """The words between the tags, outside of what is folded."""
        shown = text(*(self._piece(piece) for piece in anchored(pieces(raw))))
        return _lines(shown) if "\n" in raw else shown

    def _piece(self, token: _Node) -> Text:
        if token["type"] == "inline_html":
            return self._tag(token["raw"])
        if self._hides:
            return ()
        return self.link(token) if token["type"] == "link" else text(_unescaped(token["raw"]))

    def _tag(self, tag: str) -> Text:
        word = tag_name(tag)
        if word == "details":
            self._folded += 1
        elif word == "/details":
            self._folded = max(0, self._folded - 1)
        elif word in {"summary", "/summary"}:
            self._in_summary = word == "summary"
            return text("▸ ") if self._in_summary else ()
        if self._hides:
            return ()
        return self._image(tag) if word == "img" else text(_BREAKS.get(word, ""))

    def _image(self, tag: str) -> Text:
        label = one_line(_unescaped(attribute(tag, "alt"))) or "image"
        to = references.address(_unescaped(attribute(tag, "src")), self._home)
        return text(Link(label, to) if to else label)


def _nothing(_reader: _Reader, _token: _Node) -> list[Text]:
    return []


def _nothing_inline(_reader: _Reader, _token: _Node) -> Text:
    return ()


_BLOCKS: Final[Mapping[str, Callable[[_Reader, _Node], list[Text]]]] = {
    "heading": _Reader.heading,
    "block_code": _Reader.code,
    "block_quote": _Reader.quoted,
    "table": _Reader.table,
    "thematic_break": lambda _reader, _token: [text(_RULE)],
}
_SPANS: Final[Mapping[str, Callable[[_Reader, _Node], Text]]] = {
    "codespan": _Reader.code_span,
    "link": _Reader.link,
    "image": _Reader.link,
    "emphasis": _Reader.styled,
    "strong": _Reader.styled,
    "strikethrough": _Reader.styled,
}
_STYLES: Final = {"emphasis": italic, "strong": bold, "strikethrough": strike}
_END: Final[_Node] = {"type": "end"}
#: Only stars can stand inside of a word.
_TYPED: Final = {"emphasis": "*", "strong": "**"}
_BREAKS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("br", "/p", "/div", "/tr", "hr"), "\n"),
    **dict.fromkeys(("td", "th"), " "),
    "li": "\n• ",
}
#: No longer than any character's: `int` refuses thousands of digits.
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAK: Final = re.compile(r"[ \t]*\n\s*")
_ALERT: Final = re.compile(r"\[!(\w{1,20})\]\s*")


def _unescaped(value: str) -> str:
    return clean(_ENTITY.sub(lambda match: html.unescape(match[0]), value))


def _in_word(before: str, after: _Node) -> bool:
    return before[-1:].isalnum() or (after["type"] == "text" and after["raw"][:1].isalnum())


def _lines(body: Text) -> Text:
    """Without the line breaks that part tags, and white space around the rest."""
    return join("\n", [line for line in map(_stripped, _split(body)) if line])


def _split(body: Text) -> list[Text]:
    lines: list[list[Part]] = [[]]
    for span in body:
        if not isinstance(span, Plain):
            lines[-1].append(span)
            continue
        first, *others = span.value.split("\n")
        lines[-1].append(first)
        lines += [[part] for part in others]
    return [text(*line) for line in lines]


def _stripped(body: Text) -> Text:
    """Without white space at its ends and beside its line breaks."""
    return _trimmed(
        text(*(Plain(_BREAK.sub("\n", s.value)) if isinstance(s, Plain) else s for s in body))
    )


def _trimmed(body: Text) -> Text:
    """Without white space at its ends."""
    spans = list(body)
    if spans and isinstance(first := spans[0], Plain):
        spans[0] = Plain(first.value.lstrip(" \t\n"))
    if spans and isinstance(last := spans[-1], Plain):
        spans[-1] = Plain(last.value.rstrip(" \t\n"))
    return text(*spans)


def _letters(body: Sequence[Any]) -> str:
    """On one line, without styles: of a link's label, of a table's cell."""
    return one_line("".join(_span_letters(span) for span in body))


def _span_letters(span: Any) -> str:
    inner = getattr(span, "inner", None)
    if inner is not None:
        return _letters(inner)
    return str(getattr(span, "label", None) or getattr(span, "value", ""))


def _alert(body: Text) -> Text:
    """`[!NOTE]` at the beginning of a quote is its heading."""
    first = body[0] if body else None
    match = _ALERT.match(first.value) if isinstance(first, Plain) else None
    if match is None or not isinstance(first, Plain):
        return body
    rest = text(first.value[match.end() :], *body[1:])
    return text(bold(match[1].capitalize()), "\n" if rest else "", *rest)
