"""`bot demo`: the whole bot with sample deliveries, in preview, over real HTTP."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from bot import logs
from bot.cli.environment import FAULTS, settings
from bot.cli.hook import shown
from bot.cli.process import reporting, stop_on_signals
from bot.cli.send import post
from bot.config import Settings
from bot.events.samples import sample
from bot.message import Message

if TYPE_CHECKING:
    from bot.app import Running
    from bot.model import OutboxItem

#: A day of a project: what is sent, and what it is called.
STORY: Final = (
    ("push", "alice pushes to main"),
    ("mr.opened", "alice opens a merge request"),
    ("comment.mr", "bob comments on it"),
    ("mr.approved", "bob approves it"),
    ("mr.merged", "bob merges it"),
    ("pipeline.failed", "the pipeline of main fails"),
    ("pipeline.success", "the next one is good"),
    ("issue.opened", "bob opens an issue"),
    ("tag", "alice tags a release"),
)
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 30


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when everything was shown.")] = False,
) -> None:
    """Start the bot in preview, send it a day of a project, and show what it posts and why.

    It uses your rules.yaml and a database of its own; no token is needed and nothing leaves this
    machine. The page stays up so that you can edit rules.yaml and send more.
    """
    from bot.app import Role, serve

    with tempfile.TemporaryDirectory(prefix="bot-demo-") as folder:
        current = _settings(folder, once=once)
        logs.set_up(level="WARNING", style="console")

        async def main() -> None:
            stop = asyncio.Event()
            stop_on_signals(stop)

            async def started(running: Running) -> None:
                await _tell(running, current, stop, once=once)

            await serve(current, Role.ALL, stop=stop, started=started)

        reporting(main())


def _settings(folder: str, *, once: bool) -> Settings:
    """The user's place and rules; preview, and nothing of theirs is touched."""
    user = settings()
    return Settings.from_env(
        {
            "HOST": "127.0.0.1",
            "PORT": "0" if once else f"{user.port}",
            "RULES": user.rules,
            "DATABASE_URL": f"sqlite:///{Path(folder).resolve() / 'demo.db'}",
            "WEBHOOK_SECRET": secrets.token_urlsafe(24),
            "CHANNEL_GAP_S": "0",
        }
    )


async def _tell(running: Running, current: Settings, stop: asyncio.Event, *, once: bool) -> None:
    out = Console(highlight=False, soft_wrap=True)
    secret = current.webhook_secret.reveal() if current.webhook_secret else ""
    out.print(f"[bold]The bot is up[/bold] at {running.address} with {current.rules}\n")
    seen: set[str] = set()
    for name, said in STORY:
        headers, body = sample(name)
        status, _ = await post(f"{running.address}/hooks/gitlab", headers, body, secret)
        out.print(f"[bold cyan]{escape(said)}[/bold cyan]  [dim]{name} → {status}[/dim]")
        for item in await _settled(running, seen):
            _show(out, item)
    if once:
        stop.set()
        return
    out.print(
        f"\nLook at it: [bold]{running.address}/[/bold]   (Ctrl-C ends it)\n"
        f"Edit {current.rules}, save, and send more from another terminal:\n"
        f"  WEBHOOK_SECRET={secret} PORT={current.port} .venv/bin/bot send mr.opened\n"
    )


async def _settled(running: Running, seen: set[str]) -> list[OutboxItem]:
    """What was carried out since the last call, once nothing waits any more."""
    for _ in range(int(_PATIENCE_S / _POLL_S)):
        backlog = await running.store.backlog()
        if not backlog.deliveries and not backlog.outbox:
            break
        await asyncio.sleep(_POLL_S)
    else:
        typer.echo(f"bot: nothing came of it in {_PATIENCE_S} s; see the log above", err=True)
        raise typer.Exit(FAULTS)
    done = await running.store.list_outbox(state="done", limit=1000)
    fresh = [item for item in done if item.action.id not in seen]
    seen.update(item.action.id for item in fresh)
    return fresh


def _show(out: Console, item: OutboxItem) -> None:
    action = item.action
    verb = "edit" if action.is_edit else action.verb
    rule = f"[dim]by rule “{escape(action.rule)}”[/dim]"
    if action.verb == "react":
        sign = "−" if action.remove else "+"
        emoji = _rich_name(action.emoji or "")
        out.print(f"   {sign}:{emoji}: on its message in {action.channel}  {rule}")
        return
    out.print(f"   {verb} → [green]{escape(action.channel)}[/green]  {rule}")
    if action.message is not None:
        for line in shown(_short(action.message)).splitlines():
            out.print(f"      {escape(line)}")


def _rich_name(emoji: str) -> str:
    """Rich calls `large_green_circle` of Slack `green_circle`."""
    return emoji.removeprefix("large_") if emoji.endswith("_circle") else emoji


def _short(message: Message) -> Message:
    """The lead and the first paragraphs: the page shows the rest."""
    return Message(text=message.text, body=message.body[:6])
