"""What the words of a forge refer to: numbers with a mark, and addresses without a host. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.message import Code, Link, Text, is_web_url, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.message import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where words were written: numbers and addresses without a host are read against it."""

    #: `gitlab` or `github`; empty = numbers refer to nothing.
    forge: str = ""
    #: Of the project, without a `/` at its end; empty = addresses without a host lead nowhere.
    url: str = ""
    #: `group/sub/repo`
    path: str = ""

    @property
    def root(self) -> str:
        """The forge's own address; a forge need not live at the root of its host."""
        if self.path and self.url.endswith(f"/{self.path}"):
            return self.url.removesuffix(f"/{self.path}")
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


NOWHERE: Final = Home()

#: Longer ones would fill a message by themselves, unseen.
_LONGEST: Final = 1_000
_LONGEST_RANGE: Final = 150
#: Longer addresses are shown by their beginning.
_SHOWN: Final = 60
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: A number with its mark, after the project's path when it is another's; `~"a label"`, `~a::b`.
_REFERENCE: Final = re.compile(
    r"(?<![\w/.&#!~-])(?:"
    r"(?P<path>[\w.-]+(?:/[\w.-]+)+)?(?P<mark>[!#])(?P<number>\d{1,10})(?![\w/-])"
    r'|~"(?P<quoted>[^"\n]{1,80})"'
    r"|~(?P<scoped>\w[\w.-]*(?:::[\w.-]+)+)"
    r")"
)
#: Where a forge keeps what a mark stands for.
_PAGES: Final[Mapping[tuple[str, str], str]] = {
    ("gitlab", "!"): "-/merge_requests",
    ("gitlab", "#"): "-/issues",
    # GitHub leads from here to the pull request, when it is one.
    ("github", "#"): "issues",
}
_PAGE: Final = re.compile(
    r"/(?P<path>[\w.-]+(?:/[\w.-]+)+?)/(?:-/)?(?P<page>merge_requests|issues|work_items|pull)"
    r"/(?P<number>\d{1,10})/?"
)
_CHANGES: Final = re.compile(
    r"/(?P<path>[\w.-]+(?:/[\w.-]+)+?)/(?:-/)?"
    r"(?:commit/(?P<sha>[0-9a-f]{8})[0-9a-f]{0,56}|compare/(?P<range>[\w./%+-]+?\.\.\.?[\w./%+-]+))"
)


def linked(value: str, home: Home) -> Text:
    """Words with their references as links; a person's name is left as it stands."""
    parts: list[Part] = []
    last = 0
    for match in _REFERENCE.finditer(value):
        found = _reference(match, home)
        if found is not None:
            parts += [value[last : match.start()], found]
            last = match.end()
    return text(*parts, value[last:])


def _reference(match: re.Match[str], home: Home) -> Link | Code | None:
    label = match["quoted"] or match["scoped"]
    if label:
        return Code(label) if home.forge == "gitlab" else None
    page = _PAGES.get((home.forge, match["mark"]))
    project = f"{home.root}/{match['path']}" if match["path"] else home.url
    if page is None or not home.url:
        return None
    return Link(match[0], f"{project}/{page}/{match['number']}")


def address(url: str, home: Home) -> str:
    """With a host; empty for what is no address of the web."""
    url = url.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    if len(url) > _LONGEST:
        return ""
    if _SCHEME.match(url):
        return url if is_web_url(url) else ""
    if not home.url or not url or url[0] in "#?":
        return ""
    made = f"{_base(url, home)}/{url.removeprefix('./').lstrip('/')}"
    return made if is_web_url(made) else ""


def _base(url: str, home: Home) -> str:
    if url.startswith("/uploads/") and home.forge == "gitlab":
        return home.url
    if url.startswith("/"):
        return home.root
    return f"{home.url}/{'-/' if home.forge == 'gitlab' else ''}blob/HEAD"


def named(url: str, home: Home) -> str:
    """What an address that stands alone is shown as: `!12`, `shop/web#3`, `v1.0...v1.1`, or its
    beginning."""
    place = url.removeprefix(home.root) if _at(url, home) else ""
    if page := _PAGE.fullmatch(place):
        mark = "!" if page["page"] == "merge_requests" else "#"
        return f"{_elsewhere(page, home)}{mark}{page['number']}"
    if (changes := _CHANGES.fullmatch(place)) and len(place) <= _LONGEST_RANGE:
        path = _elsewhere(changes, home)
        return f"{path}@{changes['sha'] or changes['range']}".removeprefix("@")
    shown = re.sub(r"^(?:https?://|mailto:)", "", url).rstrip("/")
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def _elsewhere(page: re.Match[str], home: Home) -> str:
    return "" if page["path"] == home.path else page["path"]


def _at(url: str, home: Home) -> bool:
    return bool(home.root) and url.startswith(f"{home.root}/")
