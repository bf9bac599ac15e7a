"""A project's path that nobody has is not looked for."""

from __future__ import annotations

from bot.rules.load import load
from tests.rules.days import HEAD


def test_a_made_up_path_meets_only_rules_for_every_project() -> None:
    some = '{name: some, on: push, project: "a/**", post: ci}'
    rules = f"rules:\n- {{name: all, on: push, post: dev}}\n- {some}"
    ruleset = load({"r": HEAD + rules}, "r")
    names = [rule.name for rule in ruleset.candidates(("push",), "a/" * 2_000_000)[0]]
    assert names == ["all"]
    assert [rule.name for rule in ruleset.candidates(("push",), "a/b")[0]] == ["all", "some"]
