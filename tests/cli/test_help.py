"""`bot --help` knows the commands without reading their files, and says what those say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot import cli


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
        "import sys\nfrom bot.cli import app\n"
        f"try: app({words!r})\nexcept SystemExit as end: assert not end.code, end.code\n"
        f"print('read:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "read: []"
