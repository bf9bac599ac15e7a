"""`bot hook key add|rotate … --to FILE`: the pair is made here, so its private half never leaves
this machine and the running bot never sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from bot.cli.environment import FAULTS, fail
from bot.commands.handing import names_variable
from bot.commands.key_pair import new_pair


@contextmanager
def key_file(words: Sequence[str]) -> Iterator[list[str]]:
    """The words to give to the bot: `--to FILE` becomes the public key of the pair in the file.
    A command that fails takes the file away again."""
    path, rest = _taken(words)
    if path is None:
        yield rest
        return
    pair = new_pair()
    _write(path, pair.private)
    try:
        yield [*rest, "--public-key", pair.public]
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    typer.echo(f"The private key is in {path}, readable by you alone.")


def _taken(words: Sequence[str]) -> tuple[Path | None, list[str]]:
    """The file, and the words without it."""
    rest = list(words)
    if [word.lower() for word in rest[:2]] not in (["key", "add"], ["key", "rotate"]):
        return None, rest
    for at, word in enumerate(rest):
        name, mark, value = word.partition("=")
        if name.lower() != "--to":
            continue
        value = value if mark else (rest[at + 1] if at + 1 < len(rest) else "")
        if not value or names_variable(value):
            return None, rest
        return Path(value), rest[:at] + rest[at + (1 if mark else 2) :]
    return None, rest


def _write(path: Path, private: str) -> None:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{path} is there already; name another file, or move it away", code=FAULTS)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}", code=FAULTS)
    with os.fdopen(number, "w") as file:
        file.write(private)
