"""`bot check`, `fields`, `schema`: the rules file without a running bot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.environment import BAD_USE, FAULTS, environ, fail
from bot.errors import RulesError
from bot.model import Level
from bot.rules.faults import FORMATS, as_text, format_faults
from bot.rules.load import includes_of, load
from bot.worker.rulebook import Snapshot, snapshot

if TYPE_CHECKING:
    from bot.model import Fault
    from bot.rules.ruleset import Ruleset


def register(app: typer.Typer) -> None:
    app.command("check")(check)
    app.command("fields")(fields)
    app.command("schema")(schema)


def check(
    file: Annotated[
        Path | None, typer.Argument(help="The rules file; by default what RULES names.")
    ] = None,
    style: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "text",
) -> None:
    """Say everything that is wrong in the rules, with place and remedy. Exit 1 on errors."""
    if style not in FORMATS:
        fail(f"--format {style}: one of {', '.join(FORMATS)}")
    path = file or rules_path()
    taken, found, rules = _checked(path)
    if found or style != "text":
        typer.echo(format_faults(found, taken.files if taken else {}, as_=style))
    broken = any(fault.level is Level.ERROR for fault in found)
    if style == "text" and not broken:
        typer.echo(f"{path}: {rules} rule{'' if rules == 1 else 's'}, good")
    if broken:
        raise typer.Exit(FAULTS)


def fields(
    event: Annotated[str | None, typer.Argument(help="An event, e.g. `mr.opened`.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show what rules may ask of an event, and of all of them."""
    from bot.rules import fields as catalogue

    try:
        typer.echo(catalogue.as_json(event) if as_json else catalogue.as_text(event))
    except KeyError as error:
        fail(f"no event `{event}`; {error.args[0]}")


def schema() -> None:
    """Print the JSON Schema of rules.yaml, for completion in an editor."""
    from bot.rules.schema_json import schema as made

    typer.echo(json.dumps(made(), indent=2, ensure_ascii=False))


def rules_path() -> Path:
    return Path(environ().get("RULES") or "rules.yaml")


def loaded(path: Path) -> Ruleset:
    """The rules of a file; ends the command, showing every fault, when they do not load."""
    try:
        taken = snapshot(path, includes_of)
        return load(taken.files, taken.entry)
    except RulesError as error:
        typer.echo(as_text(error.faults, {}), err=True)
        raise typer.Exit(BAD_USE) from None


def _checked(path: Path) -> tuple[Snapshot | None, tuple[Fault, ...], int]:
    taken = None
    try:
        taken = snapshot(path, includes_of)
        ruleset = load(taken.files, taken.entry)
    except RulesError as error:
        return taken, error.faults, 0
    return taken, ruleset.warnings, len(ruleset.rules)
