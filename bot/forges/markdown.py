"""Text as the Markdown of forges: every span escaped once, here and nowhere else. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from bot.message import (
    Broadcast,
    Code,
    Emoji,
    Link,
    Mention,
    Plain,
    Styled,
    Trusted,
    clean,
    is_block,
    is_web_url,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Span, Text

#: Put behind an `@`, so that not even a forge that forgets the backslash finds a name there.
ZERO_WIDTH: Final = "\u200b"
_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_MARKS: Final[Mapping[str, str]] = {"bold": "**", "italic": "_", "strike": "~~"}
_EMOJI: Final = re.compile(r"[a-z0-9_+-]+")


def render(body: Text) -> str:
    """The text as Markdown in which only Link and Trusted spans act.

    Values mention nobody, refer to nothing, are no HTML, and none begins a line with `/`: GitLab
    would run it as a quick action with the bot's rights.
    """
    shown: list[str] = []
    ended = False
    for span in body:
        part, block = _span(span), is_block(span)
        if shown and part and (block or ended) and not shown[-1].endswith("\n"):
            shown.append("\n")
        if part:
            shown.append(part)
            ended = block
    return "".join(shown)


def hidden(key: str) -> str:
    """The mark by which a note of ours is found again; no forge shows it."""
    return f"<!-- chatops-bot {key} -->"


def escape(value: str) -> str:
    """Every sign that means something is only shown. Lines do not begin with white space, which
    would make them code."""
    lines = (line.strip() for line in clean(value).split("\n"))
    return "\n".join(_PUNCTUATION.sub(r"\\\1", line) for line in lines).replace(
        "\\@", "\\@" + ZERO_WIDTH
    )


def _span(span: Span) -> str:
    match span:
        case Plain(value):
            return _spaced(value)
        case Code(value):
            return _code(value)
        case Styled():
            return _styled(span)
        case Link(label, url):
            return _link(label, url)
        case Mention() | Broadcast() | Emoji():
            return _word(span)
        case Trusted(markup):
            # A backslash at its end would take the next value's escaping away.
            open_ = (len(markup) - len(markup.rstrip("\\"))) % 2
            return markup + "\\" * open_
        case _:
            assert_never(span)


def _word(span: Mention | Broadcast | Emoji) -> str:
    """A chat's own entity as a word: the forge knows none of its people and groups."""
    match span:
        case Mention(_, label):
            return escape(f"@{one_line(label).removeprefix('@')}")
        case Broadcast(to):
            return escape(f"@{to}")
        case Emoji(name):
            return f":{name}:" if _EMOJI.fullmatch(name) else escape(f":{name}:")


def _spaced(value: str) -> str:
    """Escaped, with the spaces around it that part it from its neighbours."""
    shown = escape(value)
    before = " " if value[:1] in {" ", "\t"} else ""
    after = " " if value[-1:] in {" ", "\t"} and shown else ""
    return f"{before}{shown}{after}"


def _code(value: str) -> str:
    """Line by line: the fence of a block could close one that the rule's author opened, and its
    lines could then begin with anything."""
    return "\n".join(filter(None, map(_code_line, value.split("\n"))))


def _code_line(value: str) -> str:
    """A fence longer than any run of backticks inside."""
    shown = one_line(value)
    if not shown:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _styled(span: Styled) -> str:
    lines = render(span.inner).strip("\n").split("\n")
    if span.style == "quote":
        return "\n".join(f"> {line}" for line in lines)
    if is_block(span):
        return "\n".join(lines)
    mark = _MARKS[span.style]
    return "\n".join(f"{mark}{line.strip()}{mark}" if line.strip() else "" for line in lines)


def _link(label: str, url: str) -> str:
    shown = escape(one_line(label))
    if not is_web_url(url):
        return shown
    # In angle brackets only these two end an address; GitLab unescapes nothing else in it.
    address = url.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E")
    return f"[{shown or escape(url)}](<{address}>)"
