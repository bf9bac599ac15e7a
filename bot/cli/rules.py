"""`bot check`, `fields`, `schema`: the rules file without a running bot."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.environment import BAD_USE, FAULTS, environ, fail
from bot.errors import RulesError
from bot.rules.faults import FORMATS, as_text, format_faults, lines_of
from bot.rules.load import includes_of, load
from bot.rules.testing import check_tests
from bot.slack.mrkdwn import render
from bot.worker.rulebook import reader, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask Slack too: is there each channel, and the bot in it?"),
    ] = False,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="Ask the database too: which rules want no event of the last `30d`?",
        ),
    ] = None,
) -> None:
    """Say everything that is wrong in the rules, with place and remedy. Their inline tests are run
    too. Exit 1 on errors: a running bot would not take the file."""
    if style not in FORMATS:
        fail(f"--format {style}: one of {', '.join(FORMATS)}")
    path = file or rules_path()
    checked = Checked.of(path, prove=True)
    if checked.ruleset is not None and (online or history):
        checked = checked.asked(checked.ruleset, online=online, history=history)
    if checked.faults or style != "text":
        typer.echo(format_faults(checked.faults, checked.sources, as_=style))
    if checked.ruleset is None:
        raise typer.Exit(FAULTS)
    if style == "text":
        rules, tests = len(checked.ruleset.rules), len(checked.ruleset.tests)
        passed = f"; {counted(tests, 'inline test')} passed" if tests else ""
        typer.echo(f"{path}: {counted(rules, 'rule')}, good{passed}")


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


def counted(number: int, word: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def rules_path() -> Path:
    return Path(environ().get("RULES") or "rules.yaml")


def loaded(path: Path) -> Ruleset:
    """The rules of a file; ends the command, showing every fault, when they do not load."""
    checked = Checked.of(path)
    if checked.ruleset is None:
        typer.echo(as_text(checked.faults, checked.sources), err=True)
        raise typer.Exit(BAD_USE)
    return checked.ruleset


#: Of a line that is told as a whole.
_UNDERLINED: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A rules file and what is wrong with it; files are named as seen from here."""

    #: None when there are errors.
    ruleset: Ruleset | None
    faults: tuple[Fault, ...]
    sources: Mapping[str, str]
    folder: Path

    @classmethod
    def of(cls, path: Path, *, prove: bool = False) -> Checked:
        """`prove`: an inline test that fails is an error too, as before an edit goes live."""
        files: Mapping[str, str] = {}
        faults: tuple[Fault, ...] = ()
        ruleset = None
        try:
            taken = snapshot(path, includes_of)
            files = taken.files
            ruleset = load(files, taken.entry)
            faults = ruleset.warnings
            if prove:
                check_tests(ruleset, files, render=render, read=reader(path))
        except RulesError as error:
            ruleset, faults = None, (*faults, *error.faults)

        def shown(file: str) -> str:
            return str(path.parent / file) if file in files else file

        return cls(
            ruleset=ruleset,
            faults=tuple(replace(fault, file=shown(fault.file)) for fault in faults),
            sources={shown(file): text for file, text in files.items()},
            folder=path.parent,
        )

    def asked(self, ruleset: Ruleset, *, online: bool, history: str | None) -> Checked:
        """With what Slack and the database say of it."""
        from bot.cli import asking

        told = asking.channels(ruleset) if online else ()
        told += asking.history(ruleset, history) if history is not None else ()
        found = (*self.faults, *(self._placed(fault) for fault in told))
        return replace(self, faults=tuple(sorted(found, key=lambda one: (one.file, one.line))))

    def _placed(self, fault: Fault) -> Fault:
        """With the line that it is about."""
        file = str(self.folder / fault.file)
        lines = lines_of(self.sources.get(file, ""))
        line = lines[fault.line - 1] if 0 < fault.line <= len(lines) else ""
        start = len(line) - len(line.lstrip(" -"))
        return replace(
            fault,
            file=file,
            column=start + 1,
            excerpt=line or None,
            length=max(1, min(len(line.rstrip()) - start, _UNDERLINED)),
        )
