"""`bot simulate`: what the rules would do with recorded deliveries; nothing is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot import events
from bot.actions.late import plain
from bot.actions.said import said
from bot.cli.environment import BAD_USE, FAULTS, fail, settings
from bot.cli.rules import loaded
from bot.errors import BotError, PayloadError
from bot.forges import markdown
from bot.model import DeliveryId
from bot.payload import read_object
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback
from bot.slack.blocks import blocks
from bot.slack.mrkdwn import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.message import Message
    from bot.model import Action, Event
    from bot.rules.ruleset import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A delivery kept in a file."""

    #: As named by the user or the manifest.
    name: str
    path: Path
    headers: Mapping[str, str]


def register(app: typer.Typer) -> None:
    app.command("simulate")(simulate)


def simulate(
    file: Annotated[Path | None, typer.Argument(help="A delivery's body, as JSON.")] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help='One of its headers: "X-Gitlab-Event: Push Hook".'),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="Lines of {file, headers}; files are relative to the manifest."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what rules.yaml would do with recorded deliveries. Nothing is sent, no token is used.

    State starts empty and is carried from one delivery to the next.
    """
    if (file is None) == (manifest is None):
        fail("name a FILE, or a --manifest")
    recorded = (
        _manifest(manifest)
        if manifest is not None
        else [Recorded(name=str(file), path=Path(str(file)), headers=_headers(header or []))]
    )
    ruleset = loaded(Path(settings().rules))
    if _run(recorded, ruleset, as_json=as_json):
        raise typer.Exit(FAULTS)


def _run(recorded: Iterable[Recorded], ruleset: Ruleset, *, as_json: bool) -> int:
    """How many deliveries gave an error."""
    playback = Playback(ruleset, Surroundings(specs=events.SPECS))
    broken = 0
    for number, item in enumerate(recorded):
        result = _one(item, number, playback)
        broken += result["error"] is not None
        typer.echo(json.dumps(result, ensure_ascii=False) if as_json else _shown(result))
    return broken


def _one(item: Recorded, number: int, playback: Playback) -> dict[str, Any]:
    try:
        event = _event(item)
    except (BotError, OSError) as error:
        return {
            "file": item.name,
            "events": [],
            "known": False,
            "error": str(error),
            "actions": [],
        }
    delivery = DeliveryId(f"simulated-{number + 1}")
    decision = playback.feed(event, delivery=delivery, now=datetime.now(UTC))
    return {
        "file": item.name,
        "events": list(decision.names),
        "known": event.known,
        "error": None,
        "actions": [action_json(action) for action in decision.actions],
    }


def recorded_event(path: Path, header: Iterable[str]) -> Event:
    """The event of a body in a file; `header`: `Name: value`. Raises BotError or OSError."""
    return _event(Recorded(name=str(path), path=path, headers=_headers(header)))


def _event(item: Recorded) -> Event:
    body = read_object(item.path.read_bytes())
    for forge, header in _EVENT_HEADERS.items():
        name = item.headers.get(header)
        if name is not None:
            return events.understand(Source(forge=forge, instance=forge, event=name), body)
    raise PayloadError("no header names the event; add --header 'X-Gitlab-Event: Push Hook'")


#: Forge -> the header that names its events, lower-case.
_EVENT_HEADERS: Final = {"gitlab": "x-gitlab-event", "github": "x-github-event"}


def action_json(action: Action) -> dict[str, Any]:
    """An action as the contract shows it (docs/operations.md)."""
    sent = blocks(action.message) if action.message is not None else None
    emoji = action.emoji
    return {
        "verb": action.verb,
        "rule": action.rule,
        "to": action.channel,
        "thread": action.subject,
        "text": _whole(action.message) if action.message is not None else _called(action),
        "blocks": list(sent.blocks) if sent is not None else None,
        "emoji": f"-{emoji}" if emoji is not None and action.remove else emoji,
    }


def _called(action: Action) -> str | None:
    """What a comment says, as Markdown; a pipeline's variables and a webhook's body as JSON."""
    write = markdown.render if action.verb == "comment" else plain
    return said(action, write=write) or None


def _whole(message: Message) -> str:
    """Every line of it as mrkdwn; `blocks` are the same in Slack's structure."""
    lines = (render(part) for part in (message.text, *message.body, *message.context))
    return "\n".join(line for line in lines if line)


def _shown(result: Mapping[str, Any]) -> str:
    names = ", ".join(result["events"]) or "no event"
    lines = [f"{result['file']}: {result['error'] or names}"]
    for action in result["actions"]:
        what = action["text"] or (f":{action['emoji']}:" if action["emoji"] else "")
        lines.append(f"  {action['verb']} → {action['to']}  ({action['rule']})")
        lines += [f"    {line}" for line in what.splitlines()]
    if not result["actions"] and result["error"] is None:
        lines.append("  nothing: no rule wants it")
    return "\n".join(lines)


def _headers(given: Iterable[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in given:
        name, colon, value = line.partition(":")
        if not colon:
            fail(f"--header {line!r}: write it as `Name: value`")
        headers[name.strip().lower()] = value.strip()
    return headers


def _manifest(path: Path) -> Iterable[Recorded]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        fail(f"{path}: {error.strerror}", code=BAD_USE)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            headers = {str(k).lower(): str(v) for k, v in raw["headers"].items()}
            yield Recorded(name=raw["file"], path=path.parent / raw["file"], headers=headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            fail(f"{path}:{number}: not an object with `file` and `headers` ({error})")
