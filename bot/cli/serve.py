"""`bot run`, `web`, `worker`, `migrate`: the processes."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot import logs
from bot.cli.environment import fail, settings
from bot.errors import BotError, RulesError
from bot.rules.faults import as_text

if TYPE_CHECKING:
    from bot.app import Running
    from bot.config import Settings

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("web")(web)
    app.command("worker")(worker)
    app.command("migrate")(migrate)


def run() -> None:
    """Run the whole bot in one process: receive, decide, send."""
    _serve("run")


def web() -> None:
    """Run a process that only receives (PostgreSQL; start as many as you like)."""
    _serve("web")


def worker() -> None:
    """Run a process that only decides and sends (PostgreSQL; start as many as you like)."""
    _serve("worker")


def migrate(
    to: Annotated[
        str | None,
        typer.Option("--to", help="Back to this version's tables, as its `--which` names them."),
    ] = None,
    which: Annotated[
        bool, typer.Option("--which", help="Only say which tables this version needs.")
    ] = False,
) -> None:
    """Make the database's tables, or bring them up to this version; `--to` goes back."""
    from bot.store import migrate as bring_up
    from bot.store import roll_back
    from bot.store.migrations import HEAD

    if which:
        typer.echo(HEAD)
        return
    current = settings()
    _logs(current)
    if to is not None:
        reporting(roll_back(current.database_url, to=to))
        typer.echo(f"The database has the tables of {to}. Install the version that needs them.")
        return
    reporting(bring_up(current.database_url))
    typer.echo("The database is up to date.")


def _serve(name: str) -> None:
    from bot.app import Role, serve

    current = settings()
    _logs(current)

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        settle_down()
        await serve(current, Role(name), stop=stop, started=_started)

    reporting(main())


def settle_down() -> None:
    """For a process that runs long."""
    # What is loaded by now stays: looking through it for garbage again and again is no use.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _started(running: Running) -> None:
    if running.address is not None:
        typer.echo(f"Listening on {running.address}", err=True)
    if running.preview:
        typer.echo(
            "Preview: no SLACK_BOT_TOKEN is set, so messages are shown on that page instead.",
            err=True,
        )


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C end the bot orderly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on the fastest loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def reporting(main: Coroutine[Any, Any, None]) -> None:
    """Runs it; a start-up fault ends the command with its text, not with a traceback."""
    try:
        run_async(main)
    except RulesError as error:
        typer.echo("bot: the rules do not load, and there were never good ones:", err=True)
        typer.echo(as_text(error.faults, error.sources), err=True)
        raise typer.Exit(2) from None
    except BotError as error:
        fail(error)
    except BaseExceptionGroup as group:
        known = group.subgroup(BotError)
        rest = group.split(BotError)[1]
        if rest is not None or known is None:
            raise
        fail("; ".join(str(error) for error in known.exceptions))


def _logs(current: Settings) -> None:
    logs.set_up(level=current.log_level, style=current.log_format)
