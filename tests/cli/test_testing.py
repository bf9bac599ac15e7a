"""`bot test`: results, coverage, recording, and what `bot check` says of tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from tests.cli.test_explain import Shell, shell

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["shell"]

RULES = """\
rules:
  - {name: pushes, on: push, post: "#dev"}
  - {name: tags, on: tag, post: "#dev"}
tests:
  - {name: told, given: [{event: push}], expect: [{post: "#dev"}]}
"""
WRONG = '  - {name: wrong, given: [{event: push}], expect: [{post: "#ops"}]}\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    return path


def bot(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words])
    return done.exit_code, done.output


def test_tests_that_pass_are_listed_and_end_with_0(rules: Path) -> None:
    assert bot("test", str(rules)) == (0, "✓ told\n1 inline test: 1 passed\n")


def test_a_failure_is_shown_with_its_place_and_ends_with_1(rules: Path) -> None:
    rules.write_text(RULES + WRONG, "utf-8")
    code, told = bot("test", str(rules))
    assert code == 1
    assert told.splitlines()[1:3] == [
        "✗ wrong",
        f"    {rules}:6  expected post: #ops: it goes to #dev",
    ]
    assert told.endswith("2 inline tests: 1 passed, 1 failed\n")


def test_coverage_lists_the_rules_that_no_test_fires(rules: Path) -> None:
    code, told = bot("test", str(rules), "--coverage")
    assert code == 0
    assert told.splitlines()[-3:] == [
        "1 of 2 rules fired by tests, 50 %",
        "no test fires:",
        f"  {rules}:3  tags",
    ]


@pytest.mark.parametrize(("least", "code"), [("50", 0), ("51", 1)])
def test_too_little_coverage_ends_with_1(rules: Path, least: str, code: int) -> None:
    assert bot("test", str(rules), "--fail-under", least)[0] == code


def test_results_are_given_as_json(rules: Path) -> None:
    rules.write_text(RULES + WRONG, "utf-8")
    code, told = bot("test", str(rules), "--json")
    good, bad, covered = [json.loads(line) for line in told.splitlines()]
    assert code == 1
    assert (good["test"], good["passed"], good["fired"]) == ("told", True, ["pushes"])
    assert (bad["passed"], bad["problems"][0]["line"]) == (False, 6)
    assert (covered["coverage"], covered["missed"][0]["rule"]) == (50.0, "tags")


def test_check_wants_what_a_running_bot_wants(rules: Path) -> None:
    code, told = bot("check", str(rules))
    assert code == 0
    assert told.endswith("2 rules, good; 1 inline test passed\n")
    rules.write_text(RULES + WRONG, "utf-8")
    code, told = bot("check", str(rules))
    assert code == 1
    assert "rules.yaml:6:" in told
    assert "fails" in told
    assert "good" not in told


def test_a_recorded_delivery_is_a_test_that_passes(shell: Shell) -> None:
    (opened,) = shell.kept("mr.opened")
    rules = shell.folder / "rules.yaml"
    code, stanza = shell.bot("test", "--record", opened)
    assert code == 0
    assert f"stored: {opened}" in stanza
    rules.write_text(f"{rules.read_text('utf-8')}tests:\n{stanza}", "utf-8")
    code, told = shell.bot("test")
    assert (code, told.splitlines()[-1]) == (0, "1 inline test: 1 passed")
    assert 'card: "dev"' in stanza
