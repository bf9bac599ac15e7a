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

FIXTURES: Final = Path(__file__).parent.parent / "payloads"
GOLDEN: Final = Path(__file__).parent.parent / "golden"
#: `tag_push_hook__moved` of GitLab, `pull_request__opened` of GitHub: no name is in both.
NAMES: Final = tuple(sorted(path.stem for path in FIXTURES.glob("*/*.json")))

Body = dict[str, Any]


def source(header: str = "", forge: str = "gitlab") -> Source:
    return Source(forge=forge, instance=forge, event=header)


def header_of(name: str) -> str:
    """`tag_push_hook__moved` came as `Tag Push Hook`; GitHub's names are their headers."""
    event = name.partition("__")[0]
    return event.replace("_", " ").title() if forge_of(name) == "gitlab" else event


def forge_of(name: str) -> str:
    return "gitlab" if name.partition("__")[0].endswith("_hook") else "github"


def body_of(name: str) -> Body:
    path = FIXTURES / forge_of(name) / f"{name}.json"
    body: Body = json.loads(path.read_text(encoding="utf-8"))
    return body


def event_of(name: str) -> Event:
    return understand(source(header_of(name), forge_of(name)), body_of(name))


def sampled(name: str, **overrides: Any) -> Event:
    headers, body = sample(name, overrides=overrides)
    ((header, event),) = headers.items()
    return understand(source(event, FORGES[header]), json.loads(body))


FORGES: Final = {"X-Gitlab-Event": "gitlab", "X-GitHub-Event": "github"}


def corpus() -> tuple[tuple[str, Event], ...]:
    """Every delivery of the corpus, by its file; none when CORPUS is not set."""
    folder = os.environ.get("CORPUS")
    if not folder:
        return ()
    lines = (Path(folder) / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple((entry["file"], _recorded(folder, entry)) for entry in map(json.loads, lines))


def _recorded(folder: str, entry: Body) -> Event:
    event = next(
        (value for name, value in entry["headers"].items() if name in FORGES), entry["event"]
    )
    body = json.loads((Path(folder) / entry["file"]).read_bytes())
    return understand(source(event, entry["forge"]), body)


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
        case Styled("quote", inner):
            return "\n".join(f"> {line}" for line in shown(inner).split("\n"))
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
