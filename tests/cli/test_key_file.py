"""A private key for a file is made on the command line and never given to the running bot."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import typer

from bot.cli.key_file import key_file


def test_the_bot_gets_the_public_half_only(tmp_path: Path) -> None:
    file = tmp_path / "deploy"
    with key_file(["key", "add", "group/repo", "--to", f"{file}", "--write"]) as words:
        assert words[:4] == ["key", "add", "group/repo", "--write"]
        assert words[4] == "--public-key"
        assert words[5].startswith("ssh-ed25519 AAAA")
        assert "PRIVATE" not in " ".join(words)
    assert file.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_command_that_fails_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "deploy"
    with pytest.raises(typer.Exit), key_file(["key", "rotate", "g/r", f"--to={file}"]):
        raise typer.Exit(1)
    assert not file.exists()


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "deploy"
    file.write_text("precious")
    with pytest.raises(SystemExit), key_file(["key", "add", "g/r", "--to", f"{file}"]):
        raise AssertionError
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    "words",
    [
        ["key", "add", "g/r"],
        ["key", "add", "g/r", "--to", "group/ci:DEPLOY_KEY"],
        ["add", "g/r", "--to", "x"],
        ["key", "add", "g/r", "--to"],
    ],
)
def test_everything_else_is_given_as_it_is(words: list[str]) -> None:
    with key_file(words) as given:
        assert given == words
