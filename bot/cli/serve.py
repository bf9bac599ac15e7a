"""`bot run`, `web`, `worker`, `migrate`: the processes."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.environment import settings
from bot.cli.process import logs_of, reporting, serve


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("web")(web)
    app.command("worker")(worker)
    app.command("migrate")(migrate)


def run() -> None:
    """Run the whole bot in one process: receive, decide, send."""
    serve("run")


def web() -> None:
    """Run a process that only receives (PostgreSQL; start as many as you like)."""
    serve("web")


def worker() -> None:
    """Run a process that only decides and sends (PostgreSQL; start as many as you like)."""
    serve("worker")


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
    logs_of(current)
    if to is not None:
        reporting(roll_back(current.database_url, to=to))
        typer.echo(f"The database has the tables of {to}. Install the version that needs them.")
        return
    reporting(bring_up(current.database_url))
    typer.echo("The database is up to date.")
