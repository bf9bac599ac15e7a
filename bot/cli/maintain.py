"""`bot doctor`, `prune`, `secrets`: looking after an installation."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.environment import FAULTS, fail, settings
from bot.cli.listings import run_cli, store
from bot.cli.weak import Finding, weak
from bot.errors import BotError, RulesError
from bot.rules.load import includes_of, load
from bot.store import open_store
from bot.store.key_file import changing
from bot.store.sqlite import path_of
from bot.worker.rulebook import snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import Settings
    from bot.people import Unknown


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("prune")(prune)
    app.command("erase")(erase)
    secrets = typer.Typer(no_args_is_help=True, help="Stored secrets.")
    secrets.command("rotate")(rotate)
    secrets.callback()(lambda: None)
    app.add_typer(secrets, name="secrets")


def doctor() -> None:
    """Look at the settings, the rules, the database and what waits; say what needs a hand."""
    current = settings()
    readable: Finding = (True, "settings: readable")
    found = [readable, *weak(current), *_rules(current), *_slack(current)]

    async def look() -> None:
        found.extend(await _database(current))

    run_cli(look())
    for good, what in found:
        typer.echo(f"{_MARKS[good]} {what}")
    if any(good is False for good, _ in found):
        raise typer.Exit(FAULTS)


_SHORTEST_NAME: Final = 3


#: As many are named.
_UNKNOWN: Final = 10

_MARKS: Final = {True: "✓", False: "✗", None: "·"}


def _rules(current: Settings) -> list[Finding]:
    try:
        taken = snapshot(Path(current.rules), includes_of)
        ruleset = load(taken.files, taken.entry)
    except RulesError as error:
        return [(False, f"rules: {fault}") for fault in error.faults]
    good: Finding = (True, f"rules: {len(ruleset.rules)} in {current.rules}")
    return [good, *((None, f"rules: {warning}") for warning in ruleset.warnings)]


def _slack(current: Settings) -> list[Finding]:
    found: list[Finding] = []
    if current.preview:
        found.append((None, "Slack: preview, no SLACK_BOT_TOKEN is set"))
    elif not current.bot_admins:
        found.append((False, "BOT_ADMINS is empty: nobody may change hooks from Slack"))
    if current.public_url is None:
        found.append((None, "PUBLIC_URL is not set: `/hook add` cannot make hooks"))
    return found


async def _database(current: Settings) -> list[Finding]:
    try:
        async with store() as opened:
            await opened.probe()
            backlog = await opened.backlog()
            hooks = await opened.hooks()
            unknown = await opened.unknown_people(limit=_UNKNOWN)
    except BotError as error:
        return [(False, f"database: {error}")]
    return [
        (True, f"database: {current.database_url.partition('://')[0]}, writable"),
        (not backlog.dead, f"dead letters: {backlog.dead} (`bot outbox list --state dead`)"),
        (True, f"waiting: {backlog.deliveries} deliveries, {backlog.outbox} actions"),
        (True, f"hooks: {len(hooks)}"),
        *_unknown(unknown),
    ]


def _unknown(people: Sequence[Unknown]) -> list[Finding]:
    """Whom rules wanted to mention."""
    if not people:
        return []
    names = ", ".join(f"{one.username} at {one.instance} ({one.times}×)" for one in people)
    more = " and more" if len(people) == _UNKNOWN else ""
    return [
        (
            None,
            f"people: rules wanted to mention {names}{more}, and nobody knows who they are in"
            " Slack; they can `/hook link`, or name them under `people:`",
        )
    ]


def prune(
    older_than_days: Annotated[
        int, typer.Option("--days", min=1, help="Keep what is younger than this.")
    ] = 30,
) -> None:
    """Forget deliveries and receipts that ended long ago; what waits or is dead stays."""

    async def main() -> None:
        async with store() as opened:
            gone = await opened.prune(before=datetime.now(UTC) - timedelta(days=older_than_days))
        typer.echo(f"{gone} rows forgotten")

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
            found = await opened.erase([name.strip() for name in names], really=yes)
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
