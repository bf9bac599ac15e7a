"""Reads fixtures, samples and the corpus as events; shows messages as plain text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.events import SPECS, understand
from bot.events.samples import sample
from bot.message import Code, Link, Plain, Styled
from bot.registry import Source

if TYPE_CHECKING:
    from bot.message import Message, Span, Text
    from bot.model import Event

FIXTURES: Final = Path(__file__).parent.parent / "payloads" / "gitlab"
GOLDEN: Final = Path(__file__).parent.parent / "golden" / "gitlab"
NAMES: Final = tuple(sorted(path.stem for path in FIXTURES.glob("*.json")))

Body = dict[str, Any]


def source(header: str = "") -> Source:
    return Source(forge="gitlab", instance="gitlab", event=header)


def header_of(name: str) -> str:
    """`tag_push_hook__moved` came as `Tag Push Hook`."""
    return name.partition("__")[0].replace("_", " ").title()


def body_of(name: str) -> Body:
    body: Body = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return body


def event_of(name: str) -> Event:
    return understand(source(header_of(name)), body_of(name))


def sampled(name: str, **overrides: Any) -> Event:
    headers, body = sample(name, overrides=overrides)
    return understand(source(headers["X-Gitlab-Event"]), json.loads(body))


def corpus() -> tuple[tuple[str, Event], ...]:
    """Every GitLab delivery of the corpus; none when CORPUS is not set."""
    folder = os.environ.get("CORPUS")
    if not folder:
        return ()
    lines = (Path(folder) / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    found = []
    for entry in map(json.loads, lines):
        if entry["forge"] == "gitlab":
            body = json.loads((Path(folder) / entry["file"]).read_bytes())
            came = source(entry["headers"].get("X-Gitlab-Event", ""))
            found.append((entry["file"], understand(came, body)))
    return tuple(found)


def everything() -> tuple[tuple[str, Event], ...]:
    return (*((name, event_of(name)) for name in NAMES), *corpus())


def line_of(event: Event) -> str:
    return shown(SPECS[event.kind].line(event).text)


def reply_of(event: Event) -> str:
    reply = SPECS[event.kind].reply
    return shown(reply(event)) if reply else line_of(event)


def shown(body: Text) -> str:
    """For reading in tests: `[label](url)`, `` `code` ``, `~struck~`."""
    return "".join(_shown(span) for span in body)


def _shown(span: Span) -> str:
    match span:
        case Plain(value):
            return value
        case Code(value):
            return f"`{value}`"
        case Link(label, url):
            return f"[{label}]({url})"
        case Styled(style, inner):
            mark = {"bold": "*", "italic": "_", "strike": "~"}[style]
            return f"{mark}{shown(inner)}{mark}"
        case _:
            # No default text pings anybody or writes a target's markup: let it show.
            return f"<<{span!r}>>"


def picture(message: Message) -> str:
    """A whole message, one part a line."""
    lines = [shown(message.text)]
    lines += [f"  | {row}" for part in message.body for row in shown(part).split("\n")]
    lines += [f"  · {shown(part)}" for part in message.context]
    return "\n".join([*lines, f"  color: {message.color}"] if message.color else lines)
