"""Candidates: never fewer than the rules that match, found by event and project."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.catalogue import ANY, UNMATCHED
from bot.rules.index import make_candidates
from bot.rules.patterns import glob
from bot.rules.ruleset import Rule


def rule(*projects: str, on: tuple[str, ...] = ("push",)) -> Rule:
    return Rule(name="x", file="f", line=1, on=on, projects=projects)


def found(rules: list[Rule], names: tuple[str, ...], project: str) -> tuple[int, ...]:
    """The numbers of the candidates, those of `on: unmatched` at the end."""
    numbers = {id(one): number for number, one in enumerate(rules)}
    first, last = make_candidates(rules)(names, project)
    return tuple(numbers[id(one)] for one in (*first, *last))


def test_exact_prefix_parent_and_other_patterns_are_found_in_file_order() -> None:
    rules = [
        rule("a/b/c"),
        rule("a/**"),
        rule("a/b/*"),
        rule("*/*/c"),
        rule("/^A/"),
        rule("{a,x}/b/c"),
        rule(),
        rule("a/*"),
        rule("b/**"),
    ]
    assert found(rules, ("push",), "A/b/C") == (0, 1, 2, 3, 4, 5, 6)


def test_an_event_without_a_project_meets_only_rules_that_name_none() -> None:
    assert found([rule("**"), rule(), rule("a")], ("push",), "") == (1,)


def test_what_is_for_the_unmatched_comes_last_whatever_else_it_is_for() -> None:
    rules = [rule(on=(UNMATCHED,)), rule(on=("push", UNMATCHED)), rule(), rule(on=("tag",))]
    assert found(rules, ("push",), "a/b") == (2, 0, 1)


def test_each_name_of_an_event_counts_and_any_takes_all() -> None:
    rules = [rule(on=("mr.labeled",)), rule(on=("tag",)), rule(on=(ANY,)), rule(on=(UNMATCHED,))]
    assert found(rules, ("mr.opened", "mr.labeled"), "a/b") == (0, 2, 3)


PARTS = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(st.sampled_from(["a", "b", "*", "**", "{a,b}"]), min_size=1, max_size=4).map(
    "/".join
)


@given(st.lists(st.lists(PATTERNS, max_size=2), max_size=6), PATHS)
def test_the_index_finds_what_trying_every_rule_finds(
    wanted: list[list[str]], project: str
) -> None:
    rules = [rule(*patterns) for patterns in wanted]
    expected = tuple(
        number
        for number, patterns in enumerate(wanted)
        if not patterns or any(glob(p, path=True, fold=True)(project) for p in patterns)
    )
    assert found(rules, ("push",), project) == expected
