"""`bot --help` knows the commands without reading their files, and says what those say."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app as cli
from bot.cli import examples


@pytest.mark.parametrize("file", sorted({file for file, _ in cli.ALL.values()}))
def test_the_list_says_what_each_file_says(file: str) -> None:
    said = {name: one.get_short_help_str(200) for name, one in cli.read(file).items()}
    assert said == {name: line for name, (where, line) in cli.ALL.items() if where == file}


def test_every_file_of_commands_is_listed() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"]).output
    assert all(name in shown for name in cli.ALL)


def test_a_word_that_is_no_command_is_met_with_the_nearest() -> None:
    answer = CliRunner().invoke(cli.app, ["chek"])
    assert answer.exit_code == 2
    assert "'check'" in answer.output


HEAVY = ("aiohttp", "sqlalchemy", "slack_sdk", "gitlab", "asyncpg", "cryptography")


@pytest.mark.parametrize("words", [["--help"], ["check", "rules.yaml"]], ids=" ".join)
def test_short_commands_read_no_library_of_the_running_bot(words: list[str]) -> None:
    script = (
        "import sys\nfrom bot.cli.app import app\n"
        f"try: app({words!r})\nexcept SystemExit as end: assert not end.code, end.code\n"
        f"print('read:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "read: []"


def _commands(commands: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in commands.items():
        nested = getattr(command, "commands", None)
        if nested is None:
            yield f"{before}{name}", command
        else:
            yield from _commands(nested, f"{before}{name} ")


EVERY = {
    name: command
    for file in sorted({file for file, _ in cli.ALL.values()})
    for name, command in _commands(cli.read(file))
}


def test_every_command_has_examples() -> None:
    assert sorted(examples.ALL) == sorted(EVERY)


@pytest.mark.parametrize("name", examples.ALL)
def test_examples_are_typed_as_the_command_takes_them(name: str) -> None:
    for example in examples.ALL[name][0].splitlines():
        words = shlex.split(example.partition(" > ")[0])
        while "=" in words[0]:
            del words[0]
        assert " ".join(words[: len(name.split()) + 1]) == f"bot {name}"
        # Raises what `bot` would complain of.
        EVERY[name].make_context(name, words[len(name.split()) + 1 :], resilient_parsing=False)


def test_help_shows_the_examples_of_a_nested_command() -> None:
    shown = CliRunner().invoke(cli.app, ["outbox", "retry", "--help"]).output
    assert "bot outbox retry --all" in shown
