"""`bot deliveries replay` lists what a filter finds, and has it decided again when told to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.test_explain import Shell, shell

__all__ = ["shell"]


def _listed(shell: Shell) -> list[dict[str, Any]]:
    told = shell.bot("deliveries", "list", "--json")[1]
    return [json.loads(line) for line in told.splitlines()]


def test_a_filter_only_lists_until_it_is_told_yes(shell: Shell) -> None:
    first, second = shell.kept("mr.opened", "mr.pushed")
    code, told = shell.bot("deliveries", "replay", "--status", "decided")
    assert code == 0
    assert told.index(first) < told.index(second)
    assert "2 deliveries; with --yes" in told
    assert len(_listed(shell)) == 2
    code, told = shell.bot("deliveries", "replay", "--status", "decided", "--yes")
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == [first, second]
    assert [one["status"] for one in _listed(shell)] == ["new", "new", "decided", "decided"]


def test_copies_are_not_copied_again(shell: Shell) -> None:
    shell.kept("mr.opened")
    for _ in range(2):
        shell.bot("deliveries", "replay", "--since", "2000-01-01", "--yes")
    assert len(_listed(shell)) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--status", "failed"),
        ("--project", "other/x"),
        ("--since", "2999-01-01"),
    ],
)
def test_what_does_not_fit_is_left_alone(shell: Shell, words: tuple[str, ...]) -> None:
    shell.kept("mr.opened")
    assert shell.bot("deliveries", "replay", *words, "--yes")[0] == 0
    assert len(_listed(shell)) == 1


def test_one_is_replayed_by_its_id(shell: Shell) -> None:
    (kept,) = shell.kept("mr.opened")
    code, told = shell.bot("deliveries", "replay", kept)
    assert (code, told.startswith("Replayed as ")) == (0, True)
    assert len(_listed(shell)) == 2


@pytest.mark.parametrize("words", [(), ("X", "--status", "failed"), ("--status", "new")])
def test_bad_use_says_what_to_name(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.bot("deliveries", "replay", *words)[0] == 2
