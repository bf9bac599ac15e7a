"""Which branches' pushes some rules could want. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.outside import EVERY_BRANCH, BranchFilter
from bot.rules.match import DEFAULT, is_pattern
from bot.rules.patterns import as_regex, split_regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.rules.ruleset import Rule

#: A longer filter helps nobody who reads it at the forge.
_LONGEST: Final = 1000
#: What a forge certainly takes for a branch name, in which `*` matches no less than ours does.
_WILDCARD: Final = re.compile(r"[\w*-]+(?:[./][\w*-]+)*", re.ASCII)


def branches_of(rules: Iterable[Rule], default_branch: str) -> BranchFilter:
    """Of rules that pushes could match; of every branch when one of them does not say, or says it
    in a way that only the rule itself can tell. `default_branch` is empty when it is not known."""
    named: dict[str, None] = {}
    for rule in rules:
        patterns = _patterns(rule)
        if not patterns or (DEFAULT in patterns and not default_branch):
            return EVERY_BRANCH
        named |= {(default_branch if one == DEFAULT else one): None for one in patterns}
    return _filter(sorted(named))


def _patterns(rule: Rule) -> tuple[str, ...]:
    """Of which a branch must match one; empty when any branch could do."""
    for condition in rule.conditions:
        if condition.field == "branch" and condition.positive:
            return condition.positive
    if rule.actions or not rule.first:
        return ()
    below = [_patterns(child) for child in rule.first]
    return tuple(one for part in below for one in part) if all(below) else ()


def _filter(patterns: list[str]) -> BranchFilter:
    if not patterns:
        return EVERY_BRANCH
    if len(patterns) == 1 and _is_wildcard(patterns[0]):
        return BranchFilter("wildcard", patterns[0])
    plain = [re.escape(one) for one in patterns if not is_pattern(one)]
    # Names in one pair of brackets, so that people can read it at the forge.
    parts = [f"^(?:{'|'.join(plain)})$"] if plain else []
    parts += [as_regex(one) for one in patterns if is_pattern(one)]
    joined = "|".join(parts)
    return BranchFilter("regex", joined) if len(joined) <= _LONGEST else EVERY_BRANCH


def _is_wildcard(text: str) -> bool:
    """`**/x` is no wildcard: ours matches `x` too. Nor are braces."""
    if split_regex(text) is not None or text.endswith(".lock"):
        return False
    return _WILDCARD.fullmatch(text) is not None and "**/" not in text
