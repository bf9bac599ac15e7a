"""What to write instead of what a text does not take, and what a text says that acts as nothing."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_STYLE: Final = "the text is Slack's mrkdwn: *bold*, _italic_, ~struck~ around the `{{ }}`"
_ESCAPED: Final = "values are always escaped; what you write around them is not"
_FILTERS: Final = {
    "bold": _STYLE, "b": _STYLE, "strong": _STYLE, "italic": _STYLE, "strike": _STYLE,
    "raw": _ESCAPED, "safe": _ESCAPED, "escape": "values are always escaped", "e": _ESCAPED,
    "quote": "write `> ` before it", "ping": "here it is called `mention`",
    "at": "here it is called `mention`", "user": "here it is called `mention`",
    "url": "here it is called `link`, or take the field `url`", "href": "here it is called `link`",
    "trunc": "here it is called `truncate`", "cut": "here it is called `truncate`",
    "shorten": "here it is called `truncate`", "limit": "here it is called `truncate`",
    "summary": "here it is called `excerpt`", "md": "here it is called `markdown`",
    "html": "here it is called `markdown`", "len": "here it is called `length`",
    "humanize": "here it is called `duration`", "timesince": "here it is called `duration`",
    "list": "here it is called `join`", "or": "here it is called `default`",
    "capitalize": "there are `upper` and `lower`", "title": "there are `upper` and `lower`",
}  # fmt: skip


def filter_hint(name: str) -> str | None:
    """For a filter that does not exist."""
    return _FILTERS.get(name.lower())


_BLOCK: Final = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_OPEN: Final = re.compile(r"\{\{(?:(?!\}\}|\{\{).)*(?=\{\{|$)", re.DOTALL)


def syntax_hint(message: str, source: str) -> tuple[str, str, str | None]:
    """What is wrong with a text that Jinja cannot read, the word to point at, and a hint."""
    block = _BLOCK.search(message)
    if block is not None and block[1] in {"if", "for"}:
        word = block[1]
        return f"`{{% {word} %}}` is not closed", word, f"end it with `{{% end{word} %}}`"
    unclosed = _OPEN.search(source)
    if unclosed is not None:
        begun = unclosed[0].strip().split("\n", 1)[0][:40]
        return f"`{begun}` is not closed", begun, "`}}` is missing"
    if block is not None or "unknown tag" in message:
        return "a tag that texts do not have", "{%", "there are `{% if %}` and `{% for %}`"
    return f"text not understood: {message}", "", None


# -- what acts as nothing ------------------------------------------------------------------------

_VALUES: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PING: Final = re.compile(r"(?<![\w@])@(here|channel|everyone)\b")
_SINGLE: Final = re.compile(r"(?<![{$])\{ ?([a-z_]+(?:\.[a-z_]+)?) ?\}(?!\})")


@functools.lru_cache(maxsize=512)
def idle_words(source: str) -> tuple[tuple[str, str], ...]:
    """Words of a text's literal part that look as if they did something: (`@here`, `here`) and
    (`{title}`, `title`)."""
    if "@" not in source and "{" not in source:
        return ()
    literal = _VALUES.sub(" ", source)
    return tuple(
        (match[0], match[1]) for shape in (_PING, _SINGLE) for match in shape.finditer(literal)
    )


def idle_hint(word: str, name: str, fields: Collection[str]) -> tuple[str, str] | None:
    """What to say of such a word; None when it may be meant so."""
    if word.startswith("@"):
        everybody = "channel" if name == "everyone" else name
        return f"`{word}` in a text pings nobody", f"write `mention: {everybody}` beside the text"
    if name in fields:
        return f"`{word}` is shown as it stands", f"for the value, write `{{{{ {name} }}}}`"
    return None
