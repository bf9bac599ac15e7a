"""What the README and the tutorial say is run: commands, rules, settings, shown faults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
from dotenv import dotenv_values

from bot.config import Settings
from bot.rules.load import load
from bot.rules.testing import run_test
from bot.slack.mrkdwn import render
from tests.ports import free_port
from tests.readme_blocks import ROOT, Block, blocks, pages, with_declared

BIN: Final = Path(sys.executable).parent
PAGES: Final = [page for page in pages() if page != "CHANGELOG.md"]
SHELL: Final = [block for page in PAGES for block in blocks(page, "sh")]
YAML: Final = [block for page in PAGES for block in blocks(page, "yaml")]
ENVIRONMENTS: Final = [block for page in PAGES for block in blocks(page, "dotenv")]
BROKEN: Final = [block for block in YAML if block.note.startswith("broken: ")]
GOOD: Final = [block for block in YAML if block not in BROKEN]


def where(block: Block) -> str:
    return block.where


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running bot, and a folder to run commands in."""

    folder: Path
    environment: Mapping[str, str]


def environment(**settings: str) -> dict[str, str]:
    known = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ}
    return {**known, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **settings}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "rules.yaml", folder)
    settings = environment(PORT=f"{free_port()}", WEBHOOK_SECRET="only for this test")
    settings["WEBHOOK_SECRET"] = settings["WEBHOOK_SECRET"].replace(" ", "-")
    bot = subprocess.Popen(
        [BIN / "bot", "run"], cwd=folder, env=settings, stderr=subprocess.PIPE, text=True
    )
    assert bot.stderr is not None
    said = []
    for line in bot.stderr:
        said.append(line)
        if line.startswith("Listening on"):
            break
    else:
        pytest.fail("".join(said))
    yield Place(folder=folder, environment=settings)
    bot.terminate()
    bot.communicate(timeout=30)


@pytest.mark.parametrize("block", [b for b in SHELL if not b.note], ids=where)
def test_a_shell_block_runs(block: Block, place: Place) -> None:
    done = subprocess.run(
        ["/bin/sh", "-euc", block.text],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, f"{block.where}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", [b for b in SHELL if b.note], ids=where)
def test_a_shell_block_that_cannot_run_here_says_why(block: Block) -> None:
    said, _, why = block.note.partition(": ")
    assert said == "not run"
    assert len(why) > 5


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = {
        line.split("#")[0].split()[1]
        for block in blocks("README.md", "sh")
        for line in block.text.splitlines()
        if line.startswith("make ")
    }
    assert {"demo", "test", "run"} <= targets
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_the_first_block_of_the_readme_is_the_two_commands() -> None:
    first = blocks("README.md")[0].text.splitlines()
    assert [line.split("#")[0].strip() for line in first[:2]] == ["make demo", "make test"]


def test_the_demo_tells_its_story_and_ends(tmp_path: Path) -> None:
    shutil.copy(ROOT / "rules.yaml", tmp_path)
    done = subprocess.run(
        [BIN / "bot", "demo", "--once"],
        cwd=tmp_path,
        env=environment(COLUMNS="200"),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for seen in ("card → #dev", "reply → #dev", "post → #ci", "reply → #ci", "card → #releases"):
        assert seen in done.stdout


@pytest.mark.parametrize("block", GOOD, ids=where)
def test_a_block_of_rules_loads_without_a_warning(block: Block) -> None:
    ruleset = load({"rules.yaml": with_declared(block)}, "rules.yaml")
    told = [f"{fault}" for fault in ruleset.warnings if "is not used" not in fault.text]
    assert told == []


@pytest.mark.parametrize("block", [b for b in GOOD if "\ntests:" in b.text], ids=where)
def test_inline_tests_that_are_shown_pass(block: Block) -> None:
    ruleset = load({"rules.yaml": with_declared(block)}, "rules.yaml")
    assert ruleset.tests
    for one in ruleset.tests:
        result = run_test(one, ruleset, render, lambda _id: None, lambda _path: b"")
        assert [problem.text for problem in result.problems] == []
        assert result.passed


@pytest.mark.parametrize("block", BROKEN, ids=where)
def test_a_shown_fault_is_what_the_bot_says(block: Block, tmp_path: Path) -> None:
    name = block.note.removeprefix("broken: ")
    (tmp_path / name).write_text(block.text, "utf-8")
    shown = next(b for b in blocks(block.file, "text") if b.line > block.line)
    done = subprocess.run(
        [BIN / "bot", "check", name],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == shown.text


@pytest.mark.parametrize("block", ENVIRONMENTS, ids=where)
def test_a_block_of_settings_is_accepted(block: Block) -> None:
    values = {k: v for k, v in dotenv_values(stream=StringIO(block.text)).items() if v}
    assert values
    Settings.from_env(values)


def test_there_is_something_of_each_kind() -> None:
    assert len(GOOD) > 15
    assert BROKEN
    assert ENVIRONMENTS
    assert any(not block.note for block in SHELL)
