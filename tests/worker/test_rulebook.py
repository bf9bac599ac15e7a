"""The rules in force: an edit whose inline tests fail does not go live."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot.errors import RulesError
from bot.rules.load import includes_of, load
from bot.rules.testing import check_tests
from bot.slack.mrkdwn import render
from bot.worker.rulebook import Rulebook, reader
from tests.kept import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from bot.model import Fault
    from bot.ports import StoredRuleset

RULES = """\
rules: [{name: pushes, on: push, post: "#dev"}]
tests: [{name: told, given: [{event: push}], expect: [{post: "#dev"}]}]
"""


class Shelf:
    """`Rulesets` in memory."""

    def __init__(self) -> None:
        self.kept: list[StoredRuleset] = []
        self.wrong: tuple[Fault, ...] = ()

    async def activate_ruleset(self, ruleset: StoredRuleset) -> None:
        self.kept.append(ruleset)

    async def active_ruleset(self) -> StoredRuleset | None:
        return self.kept[-1] if self.kept else None

    async def keep_rules_faults(self, faults: Sequence[Fault]) -> None:
        self.wrong = tuple(faults)

    async def rules_faults(self) -> tuple[Fault, ...]:
        return self.wrong


class Still:
    def now(self) -> datetime:
        return NOW


def book_of(path: Path, shelf: Shelf) -> Rulebook:
    return Rulebook(
        path=path,
        store=shelf,
        load=load,
        includes=includes_of,
        clock=Still(),
        prove=partial(check_tests, render=render, read=reader(path)),
    )


async def test_rules_whose_tests_pass_go_live(tmp_path: Path) -> None:
    path, shelf = tmp_path / "rules.yaml", Shelf()
    path.write_text(RULES, "utf-8")
    book = book_of(path, shelf)
    await book.start()
    assert [rule.name for rule in book.current.rules] == ["pushes"]
    assert not book.stale


async def test_an_edit_whose_tests_fail_leaves_the_rules_in_force(tmp_path: Path) -> None:
    path, shelf = tmp_path / "rules.yaml", Shelf()
    path.write_text(RULES, "utf-8")
    book = book_of(path, shelf)
    await book.start()
    path.write_text(RULES.replace("on: push", "on: tag"), "utf-8")
    await book.reload()
    assert book.stale
    assert [(fault.line, fault.column) for fault in book.faults] == [(2, 55)]
    assert "test `told` fails" in book.faults[0].text
    assert [rule.on for rule in book.current.rules] == [("push",)]
    assert len(shelf.kept) == 1
    path.write_text(RULES, "utf-8")
    await book.reload()
    assert not book.stale


async def test_a_bot_that_never_had_good_rules_does_not_start_with_such(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.replace("on: push", "on: tag"), "utf-8")
    with pytest.raises(RulesError, match="test `told` fails"):
        await book_of(path, Shelf()).start()


async def test_files_that_tests_give_are_read_beside_the_rules_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.json").write_text("{}", "utf-8")
    (tmp_path / "in" / "a.json").write_text("{}", "utf-8")
    read = reader(tmp_path / "in" / "rules.yaml")
    assert read("a.json") == b"{}"
    (tmp_path / "in" / "link.json").symlink_to(tmp_path / "out.json")
    for name in ("../out.json", "link.json", "gone.json"):
        with pytest.raises(OSError, match=name):
            read(name)
