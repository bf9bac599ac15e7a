"""`bot prune`, `erase`, `secrets`: looking after what is kept."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from bot.cli.environment import fail, settings
from bot.cli.progress import Progress
from bot.cli.running import run_cli, store
from bot.config_readers import SHORTEST_RETENTION


def register(app: typer.Typer) -> None:
    app.command("prune")(prune)
    app.command("erase")(erase)
    secrets = typer.Typer(no_args_is_help=True, help="Stored secrets.")
    secrets.command("rotate")(rotate)
    secrets.callback()(lambda: None)
    app.add_typer(secrets, name="secrets")


_SHORTEST_NAME: Final = 3


def prune(
    older_than_days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=SHORTEST_RETENTION,
            help="Keep what is younger than this; by default RETENTION_DAYS.",
        ),
    ] = None,
) -> None:
    """Forget deliveries and receipts that ended long ago; what waits or is dead stays.

    The bot may run meanwhile: only a few rows are deleted at a time.
    """
    current = settings()
    days = older_than_days or current.retention_days
    if not days:
        fail("RETENTION_DAYS is 0, which keeps everything; say --days")

    async def main() -> None:
        before = datetime.now(UTC) - timedelta(days=days)
        with Progress("forgetting") as progress:
            async with store() as opened:
                gone = await opened.prune(before=before, forgotten=progress.rows)
        typer.echo(f"{gone:,} rows from before {before:%Y-%m-%d %H:%M} UTC forgotten")

    run_cli(main())


def erase(
    names: Annotated[
        list[str],
        typer.Argument(help="The user name, and whatever else names them: full name, addresses."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it rows are counted.")] = False,
) -> None:
    """Write `someone` for a person's names in all that is kept, and forget their links.

    Names count as whole words in any case. What Slack shows already stays there.
    """
    if any(len(name.strip()) < _SHORTEST_NAME for name in names):
        fail(f"a name of less than {_SHORTEST_NAME} characters would take too much with it")

    async def main() -> None:
        async with store() as opened:
            with Progress("looking through") as progress:
                found = await opened.erase(
                    [name.strip() for name in names], really=yes, looked_at=progress.rows
                )
        for table, rows in sorted(found.items()):
            typer.echo(f"{table}: {rows} rows")
        if not found:
            typer.echo("nothing holds these names")
        elif not yes:
            typer.echo("Nothing was changed. Do it with --yes; it cannot be undone.")

    run_cli(main())


def rotate() -> None:
    """Encrypt stored secrets anew, with the first key of SECRET_KEY or a new one beside SQLite.

    On SQLite stop the bot first. On PostgreSQL every process needs SECRET_KEY=new,old before.
    """
    from bot.store import open_store
    from bot.store.key_file import changing
    from bot.store.sqlite import path_of

    current = settings()
    path = None if current.postgres else path_of(current.database_url)
    beside = path is not None and current.secret_key is None

    async def main() -> None:
        with changing(path) if beside and path is not None else nullcontext():
            key = current.secret_key.reveal() if current.secret_key is not None else None
            async with open_store(current.database_url, secret_key=key) as opened:
                done = await opened.reseal()
        counts = ", ".join(f"{count} {kind}" for kind, count in done.items())
        typer.echo(f"encrypted anew: {counts}")
        if not beside:
            typer.echo(_OLD_KEY)

    run_cli(main())


_OLD_KEY: Final = "Nothing needs an older key any more: leave only the new one in SECRET_KEY."
