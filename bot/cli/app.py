"""The `bot` command: every verb in a file of its own or with its kin, all listed here.

A command's file is read when the command is given: most need a part of the bot only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from bot.cli.examples import epilog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click import Command, Context, HelpFormatter

#: By command: its file, and the line of `bot --help`.
ALL: Final[Mapping[str, tuple[str, str]]] = {
    "run": ("serve", "Run the whole bot in one process: receive, decide, send."),
    "web": (
        "serve",
        "Run a process that only receives (PostgreSQL; start as many as you like).",
    ),
    "worker": (
        "serve",
        "Run a process that only decides and sends (PostgreSQL; start as many as you like).",
    ),
    "migrate": (
        "serve",
        "Make the database's tables, or bring them up to this version; `--to` goes back.",
    ),
    "check": ("rules", "Say everything that is wrong in the rules, with place and remedy."),
    "fields": ("rules", "Show what rules may ask of an event, and of all of them."),
    "schema": ("rules", "Print the JSON Schema of rules.yaml, for completion in an editor."),
    "test": ("testing", "Run the inline tests of the rules."),
    "simulate": ("simulate", "Show what rules.yaml would do with recorded deliveries."),
    "explain": (
        "explain",
        "Say which rules wanted a delivery, which did not, and what became of it.",
    ),
    "backtest": (
        "backtest",
        "Compare changed rules with those in force on deliveries of the past.",
    ),
    "try": (
        "trial",
        "Run a changed rules file beside the live one in the running bot, and show the difference.",
    ),
    "send": ("send", "Send a running bot one delivery, signed as the forge signs it."),
    "deliveries": ("listings", "Deliveries as received."),
    "outbox": ("listings", "Actions that wait or were given up."),
    "hook": (
        "hook",
        "Webhooks and deploy keys of projects: `bot hook add group/repo`, `bot hook help`.",
    ),
    "people": ("people", "Whose account at a forge is whose in Slack."),
    "audit": (
        "people",
        "Show who did what, by commands and by rules that act outside of chat, newest first.",
    ),
    "doctor": (
        "doctor",
        "Look at the settings, the rules, the database and what waits; say what needs a hand.",
    ),
    "backup": ("backup", "Copy SQLite's database and the key beside it, while the bot runs."),
    "prune": (
        "maintain",
        "Forget deliveries and receipts that ended long ago; what waits or is dead stays.",
    ),
    "erase": (
        "maintain",
        "Write `someone` for a person's names in all that is kept, and forget their links.",
    ),
    "secrets": ("maintain", "Stored secrets."),
    "demo": (
        "demo",
        "Start the bot in preview, send it a day of a project, and show what it posts and why.",
    ),
}


class _Late(TyperGroup):
    """Knows its commands by name; reads the file of the one that is given."""

    _listing = False

    def __init__(self, **settings: Any) -> None:  # typer's own, passed on as they are
        super().__init__(**settings)
        self.commands.update(
            {name: TyperCommand(name, help=line) for name, (_, line) in ALL.items()}
        )

    @override
    def list_commands(self, ctx: Context) -> list[str]:
        return list(ALL)

    @override
    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if self._listing or cmd_name not in ALL:
            return self.commands.get(cmd_name)
        return read(ALL[cmd_name][0])[cmd_name]

    @override
    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def read(file: str) -> dict[str, Command]:
    """The commands of one file of this folder."""
    alone = typer.Typer(rich_markup_mode="markdown")
    import_module(f"bot.cli.{file}").register(alone)
    alone.callback()(_nothing)  # or one command alone would be no group
    found = dict(typer.main.get_group(alone).commands)
    _teach(found, "")
    return found


def _teach(commands: Mapping[str, Command], before: str) -> None:
    """Gives every command its examples."""
    for name, command in commands.items():
        if isinstance(command, TyperGroup):
            _teach(command.commands, f"{before}{name} ")
        else:
            command.epilog = epilog(f"{before}{name}")


def _nothing() -> None:
    pass


app = typer.Typer(
    cls=_Late,
    name="bot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Webhooks of GitLab and GitHub, routed by rules.yaml to Slack.",
    epilog=(
        "First steps:\n\n    bot demo\n    bot check\n    bot doctor\n    bot run\n\n"
        "`bot COMMAND --help` shows examples of each. README.md has the whole way."
    ),
)
app.callback()(_nothing)
