"""`bot backup`: a copy of the database to go back to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.environment import settings
from bot.cli.progress import Progress
from bot.cli.running import run_cli


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; a file that is there stays.")],
) -> None:
    """Copy SQLite's database and the key beside it, while the bot runs."""
    from bot.store import copy

    current = settings()
    with Progress("copying") as progress:
        run_cli(copy(current.database_url, file, copied=progress.part))
    typer.echo(f"Copied to {file}")
    key = file.with_name(f"{file.name}.key")
    if key.exists():
        typer.echo(f"and its key to {key}: keep both, and nobody else's eyes on them")
    else:
        typer.echo("Keep SECRET_KEY too: without it the hooks' secrets cannot be read")
