"""The cookbook: over thirty recipes, each loaded as it stands and proved by its own tests."""

from __future__ import annotations

import re
from typing import Final

import pytest

from bot.rules.load import load
from bot.rules.testing import coverage, run_tests
from bot.slack.mrkdwn import render
from tests.readme_blocks import ROOT, Block, blocks, with_declared

PAGE: Final = "docs/cookbook.md"
TEXT: Final = (ROOT / PAGE).read_text("utf-8")
#: What follows each heading, up to the next.
RECIPES: Final = re.findall(r"^### (.+)\n((?:(?!^##).*\n)*)", TEXT, re.MULTILINE)
BLOCKS: Final = blocks(PAGE, "yaml")


def where(block: Block) -> str:
    return block.where


def test_there_are_over_thirty_recipes_each_with_one_block_of_rules() -> None:
    assert len(RECIPES) > 30
    assert [text.count("```yaml") for _, text in RECIPES] == [1] * len(RECIPES)
    assert len(BLOCKS) == len(RECIPES)


def test_no_two_recipes_have_the_same_heading() -> None:
    titles = [title.lower() for title, _ in RECIPES]
    assert sorted(set(titles)) == sorted(titles)


def test_each_recipe_says_its_wish_in_one_line() -> None:
    wishes = [text.strip().partition("\n")[0] for _, text in RECIPES]
    assert [wish for wish in wishes if not re.fullmatch(r"\*[^*]{20,118}\*", wish)] == []
    assert len(set(wishes)) == len(RECIPES)


def test_the_index_lists_every_recipe_in_order() -> None:
    index = TEXT.partition("[[[end]]]")[0]
    listed = re.findall(r"^(\d+)\. \[(.+)\]\(#.+\)$", index, re.MULTILINE)
    assert listed == [(f"{number}", title) for number, (title, _) in enumerate(RECIPES, 1)]


@pytest.mark.parametrize("block", BLOCKS, ids=where)
def test_a_recipe_loads_and_its_tests_pass_and_fire_every_rule(block: Block) -> None:
    ruleset = load({"rules.yaml": with_declared(block)}, "rules.yaml")
    told = [f"{fault}" for fault in ruleset.warnings if "is not used" not in fault.text]
    assert told == []
    results = run_tests(ruleset, render=render)
    assert results
    assert [(one.test.name, one.problems) for one in results if not one.passed] == []
    assert [one.test.name for one in results if one.skipped] == []
    assert [rule.name for rule in coverage(ruleset, results).missed] == []


@pytest.mark.parametrize("block", BLOCKS, ids=where)
def test_the_tests_of_a_recipe_fail_when_nothing_is_done(block: Block) -> None:
    muted = 'mute: [{project: "**"}]\n' + with_declared(block)
    results = run_tests(load({"rules.yaml": muted}, "rules.yaml"), render=render)
    expecting = [result for result in results if result.test.expected]
    assert expecting
    assert [result.test.name for result in expecting if result.passed] == []
