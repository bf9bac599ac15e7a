"""Commands that are promised and not there yet: they say so and end with 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.environment import BAD_USE

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_YET: Final = {
    "explain": "say why a delivery made a message or did not",
}


def register(app: typer.Typer) -> None:
    for name, doc in NOT_YET.items():
        app.command(
            name,
            help=f"Will {doc}; not built yet.",
            context_settings={"ignore_unknown_options": True},
        )(_stub(name, doc))


def _stub(name: str, doc: str) -> Callable[..., None]:
    def command(
        _words: Annotated[list[str] | None, typer.Argument(metavar="...")] = None,
    ) -> None:
        typer.echo(f"bot {name}: not built yet; it will {doc}", err=True)
        raise typer.Exit(BAD_USE)

    return command
