"""Text as Slack's mrkdwn: every span escaped once, here and nowhere else. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING, Final, assert_never
from urllib.parse import quote, urlsplit

from bot.message import (
    URL_LIMIT,
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
    from collections.abc import Mapping, Sequence

    from bot.message import Span, Text


def render(body: Text) -> str:
    """The text as mrkdwn, in which only Mention, Broadcast, Link and Trusted spans act.

    `* _ ~` have no escape in mrkdwn: in forge text they may style, never ping or link.
    """
    return _render(body, frozenset())


def plain(body: Text) -> str:
    """What a reader sees, unescaped: for logs and terminals, never for Slack."""
    return "".join(_plain(span) for span in body)


def escape(value: str) -> str:
    """The three characters Slack wants escaped, and no other: quotes would show as entities.

    Source: Slack docs, "Formatting message text > Escaping text" (read 2026-11).
    """
    return clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _render(body: Text, styles: frozenset[str]) -> str:
    return _laid_out([(span, _span(span, styles)) for span in body])


def _laid_out(parts: Sequence[tuple[Span, str]]) -> str:
    """One after the other; a block begins its own line and ends it."""
    shown: list[str] = []
    ended = False
    for span, part in parts:
        if not part:
            continue
        block = is_block(span)
        if shown and (block or ended) and not shown[-1].endswith("\n") and part[0] != "\n":
            shown.append("\n")
        shown.append(part)
        ended = block
    return "".join(shown)


def _span(span: Span, styles: frozenset[str]) -> str:
    match span:
        case Plain():
            return escape(span.value)
        case Link():
            return _link(span.label, span.url)
        case Code():
            return _code(span.value)
        case Styled():
            return _styled(span, styles)
        case Mention() | Broadcast() | Emoji():
            return _entity(span)
        case Trusted():
            # A `<` that its own span does not close would swallow forge text into an entity.
            return _UNCLOSED.sub("&lt;", span.markup)
        case _:
            assert_never(span)


def _entity(span: Mention | Broadcast | Emoji) -> str:
    """A Slack entity; one whose name could not be Slack's is only shown."""
    match span:
        case Mention(id_, label):
            if not _ID.fullmatch(id_):
                return escape(_at(one_line(label)))
            return f"<!subteam^{id_}>" if id_.startswith("S") else f"<@{id_}>"
        case Broadcast(to):
            return f"<!{to}>" if to in {"here", "channel"} else escape(f"@{to}")
        case Emoji(name):
            return f":{name}:" if _EMOJI.fullmatch(name) else escape(f":{one_line(name)}:")


def _code(value: str) -> str:
    # A backtick inside would end the code, and there is no escape for it.
    shown = escape(value).replace("`", "ˋ").strip("\n")
    if "\n" in shown:
        return f"```\n{shown}\n```"
    return f"`{shown}`" if shown.strip() else shown


def _quoted(inner: Text, styles: frozenset[str]) -> str:
    """Slack knows no quote inside a quote, and no block of code: the one gets another bar, the
    other interrupts the quote."""
    parts: list[tuple[Span, str]] = []
    within = styles | {"quote"}
    for code, run in groupby(inner, key=_has_lines_of_code):
        shown = _render(tuple(run), within).strip("\n")
        if not shown:
            continue
        bar = "" if code else "│ " if "quote" in styles else "&gt; "
        parts.append((_A_BLOCK, "\n".join(f"{bar}{line}" for line in shown.split("\n"))))
    return _laid_out(parts)


def _has_lines_of_code(span: Span) -> bool:
    if isinstance(span, Styled):
        return any(map(_has_lines_of_code, span.inner))
    return isinstance(span, Code) and is_block(span)


def _styled(span: Styled, styles: frozenset[str]) -> str:
    """Line by line, because a style ends with its line; outer spaces stay outside, because
    Slack only sees a marker that touches a word."""
    if span.style == "quote":
        return _quoted(span.inner, styles)
    inner = _render(span.inner, styles | {span.style})
    if span.style in styles or is_block(span):
        return inner
    return "\n".join(_marked(line, _MARKS[span.style]) for line in inner.split("\n"))


def _marked(line: str, mark: str) -> str:
    core = line.strip()
    if not core:
        return line
    start = line.index(core)
    return f"{line[:start]}{mark}{core}{mark}{line[start + len(core) :]}"


def _link(label: str, url: str) -> str:
    shown = one_line(label).replace("|", "¦")
    if len(url) <= URL_LIMIT and _ORDINARY.fullmatch(url):
        address = url
    elif is_web_url(url):
        address = escape(url.translate(_ENCODED) if _UNSAFE.search(url) else url)
    else:
        return escape(shown)
    if not shown:
        return f"<{address}>"
    named = _named(shown)
    if named or "@" in url:
        host = _host(url)
        if any(name != host for name in named) or "@" in urlsplit(url).netloc:
            shown = f"{shown} ({host.replace('|', '¦')})"
    return f"<{address}|{escape(shown)}>"


#: Looking through a label takes as long as the square of its length.
_NAMED: Final = 2_000


def _host(url: str) -> str:
    """The host a link really goes to; the domain of a mailto address."""
    parts = urlsplit(url)
    host = parts.path.rpartition("@")[2] if parts.scheme == "mailto" else parts.netloc
    return _bare(host.rpartition("@")[2])


def _named(label: str) -> list[str]:
    """The hosts that a label names which reads like an address."""
    if label.isascii() and "." not in label and ":" not in label:
        return []
    if len(label) > _NAMED:
        return [""]  # whatever it names: it is not looked through
    folded = unicodedata.normalize("NFKC", label).translate(_DOTS).lower()
    return [_bare(name) for name in (*_ADDRESS.findall(folded), *_DOMAIN.findall(folded))]


def _bare(host: str) -> str:
    return host.lower().partition(":")[0].removeprefix("www.").rstrip(".")


def _plain(span: Span) -> str:
    match span:
        case Plain(value) | Code(value):
            return clean(value)
        case Styled(_, inner):
            return plain(inner)
        case Link(label, url):
            return one_line(label) or one_line(url)
        case Mention(_, label):
            return _at(one_line(label))
        case Broadcast(to):
            return f"@{to}"
        case Emoji(name):
            return f":{name}:"
        case Trusted(markup):
            return clean(markup)
        case _:
            assert_never(span)


def _at(label: str) -> str:
    return label if label.startswith("@") else f"@{label}"


_A_BLOCK: Final = Styled("quote", ())
_MARKS: Final[Mapping[str, str]] = {"bold": "*", "italic": "_", "strike": "~"}
_ID: Final = re.compile(r"[UWS][A-Z0-9]{2,}", re.ASCII)
_EMOJI: Final = re.compile(r"[\w+'-]+(::skin-tone-[2-6])?")
_UNCLOSED: Final = re.compile(r"<(?![^<>\n]*>)")
#: What would end the address, or pair with a backtick outside; letters of any script may stay.
_ENCODED: Final = str.maketrans({c: quote(c) for c in '<>|`"\\ '})
#: Of the web, and nothing in it to be escaped: nearly every address.
_ORDINARY: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#][\w./?#:=%+~,;!-]*)?", re.ASCII
)
_UNSAFE: Final = re.compile(r'[<>|`"\\ ]')
#: Full stops of other scripts that a browser reads as one.
_DOTS: Final = str.maketrans("。．｡․", "....")
#: The authority of anything with a scheme: `https://gitlab.com@evil.example` names gitlab.com.
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:[/\\]+([^/\\?#@\s]+)")
#: A label that as a whole is a domain, or begins with one and a path; not `README.md says`.
_DOMAIN: Final = re.compile(r"^(?:[^\s@/]+@)?((?:[\w-]+\.)+[^\W\d_]{2,})(?::\d+)?(?:[/?#]\S*)?$")
