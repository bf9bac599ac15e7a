"""The `bot` command: every verb in a file of its own or with its kin, all listed here."""

from __future__ import annotations

import typer

from bot.cli import (
    backtest,
    demo,
    explain,
    hook,
    listings,
    maintain,
    rules,
    send,
    serve,
    simulate,
    testing,
    trial,
)

app = typer.Typer(
    name="bot",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Webhooks of GitLab and GitHub, routed by rules.yaml to Slack.",
)

ALL = (
    serve,
    rules,
    testing,
    simulate,
    explain,
    backtest,
    trial,
    send,
    listings,
    hook,
    maintain,
    demo,
)
for module in ALL:
    module.register(app)
