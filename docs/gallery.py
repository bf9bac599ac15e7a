"""Every default message as Slack shows it, on one page: `make gallery`.

`--picture FILE` also takes a picture of some of them with Chromium.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from playwright.sync_api import sync_playwright

from bot.events import ALL, SPECS
from bot.sizes import Size, sized
from bot.slack.blocks import blocks
from tests.deciding import Bench
from tests.events.reading import NAMES, event_of, forge_of, sampled

if TYPE_CHECKING:
    from bot.message import Message
    from bot.model import Event

DOCS: Final = Path(__file__).parent
STATIC: Final = DOCS.parent / "bot" / "web" / "static"
_FORGES: Final = {"gitlab": "GitLab", "github": "GitHub"}
#: A merge request's life, of which each step shows on its card.
_LIFE: Final = (
    *("mr.drafted", "mr.opened", "mr.review_requested", "mr.labeled", "pipeline.mr", "comment.mr"),
    *("mr.approved", "mr.merged", "mr.closed"),
)
#: What the picture shows: a fixture, in a size; or the card after a step.
_PICTURE: Final[dict[str, tuple[tuple[str, Size | None], ...]]] = {
    "light": (
        ("push_hook__more_than_twenty_commits", None),
        ("card after mr.approved", None),
        ("note_hook__formatted", None),
        ("pipeline_hook__failed", "card"),
        ("issue_hook__open", "compact"),
    ),
    "dark": (
        ("release_hook__formatted", "card"),
        ("card after mr.merged", None),
        ("dependabot_alert__created", "card"),
        ("workflow_run__failure", "card"),
        ("deployment_hook__success", "compact"),
        ("wiki_page_hook__update", "line"),
    ),
}
_WIDTH: Final = 1480


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("build/gallery"))
    parser.add_argument("--picture", type=Path, help="a PNG of some of them; needs Chromium")
    options = parser.parse_args()
    page = write(options.folder)
    print(f"open {page.resolve().as_uri()}")  # noqa: T201 - its user reads it
    if options.picture is not None:
        take(page, options.picture)


def write(folder: Path) -> Path:
    """The page, which needs nothing but the icon beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(content(), ensure_ascii=False).replace("<", "\\u003c")
    page = (DOCS / "gallery.html").read_text("utf-8")
    for mark, part in (("/*CSS*/", _styles()), ("/*CODE*/", _code()), ("/*DATA*/", data)):
        page = page.replace(mark, part)
    shutil.copy(STATIC / "icon.svg", folder / "icon.svg")
    (folder / "index.html").write_text(page, "utf-8")
    return folder / "index.html"


def _styles() -> str:
    """The preview page's, in which any element may have its own theme."""
    styles = (STATIC / "console.css").read_text("utf-8")
    styles = styles.replace(":root[data-theme=", "[data-theme=")
    light = re.search(r":root \{(.*?)\}", styles, re.DOTALL)
    return f'{styles}\n[data-theme="light"] {{{light[1] if light else ""}}}'


def _code() -> str:
    """The preview page's renderer as one plain script: browsers load no modules from files."""
    modules = [(STATIC / name).read_text("utf-8") for name in ("emoji.js", "mrkdwn.js")]
    code = "\n".join(modules)
    return re.sub(r"(?m)^import .*$|^export (?=function|const)", "", code)


def content() -> dict[str, Any]:
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name in NAMES:
        event = event_of(name)
        families[event.kind].append(_sample(name, event))
    states = _states()
    families["mr"].insert(0, states)
    ordered = [spec for spec in ALL if families[spec.kind]]
    return {
        "count": sum(map(len, families.values())),
        "sections": [
            {"kind": spec.kind, "doc": _title(spec.doc), "samples": families[spec.kind]}
            for spec in ordered
        ],
        "picture": {
            theme: [_shown(name, size, states["sizes"]) for name, size in shown]
            for theme, shown in _PICTURE.items()
        },
    }


def _title(doc: str) -> str:
    return doc[:1].upper() + doc[1:]


def _sample(name: str, event: Event) -> dict[str, Any]:
    """In each size; as its family made it too, where that is none of them."""
    shown = {size: _rendered(_default(event, size)) for size in get_args(Size)}
    usual = _rendered(_default(event, None))
    if _told(usual) not in map(_told, shown.values()):
        shown = {**shown, "without a size": usual}
    case = name.partition("__")[2].replace("_", " ")
    title = ", ".join(event.names) or event.kind
    return {"title": title, "note": f"{_FORGES[forge_of(name)]}: {case}", "sizes": shown}


def _told(rendered: dict[str, Any]) -> list[Any]:
    """All of it but the bar."""
    beside = [block for bar in rendered["attachments"] for block in bar["blocks"]]
    return [*rendered["blocks"], *beside]


def _default(event: Event, size: Size | None) -> Message:
    return sized(SPECS[event.kind].line(event), size, event)


def _rendered(message: Message) -> dict[str, Any]:
    sent = blocks(message)
    return {"text": sent.text, "blocks": sent.blocks, "attachments": sent.attachments}


def _shown(name: str, size: Size | None, states: dict[str, Any]) -> dict[str, Any]:
    step = name.removeprefix("card after ")
    found: dict[str, Any] = states.get(step) or _rendered(_default(event_of(name), size))
    return found


def _states() -> dict[str, Any]:
    """The card of a merge request after each step of its life."""
    bench = Bench('rules: [{on: [mr, pipeline, comment], card: "#dev"}]')
    cards: dict[str, Any] = {}
    for step in _LIFE:
        for action in bench.take(sampled(step)).actions:
            if action.verb == "card" and action.message is not None:
                cards[step] = _rendered(action.message)
    return {"title": "the live card", "note": "after each step", "sizes": cards, "states": True}


def take(page: Path, picture: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        tab = browser.new_page(viewport={"width": _WIDTH, "height": 900}, device_scale_factor=1.5)
        tab.goto(f"{page.resolve().as_uri()}#picture")
        tab.locator("body").screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
