"""The candidates among many rules: by event name, then by exact project, prefix or parent."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.rules.catalogue import ANY, UNMATCHED
from bot.rules.patterns import PatternError, glob, is_glob, regex, split_regex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.rules.ruleset import Rule

#: Remembered answers, each per (event names, project).
_MEMO: Final = 16_384


@dataclass(slots=True)
class _Bucket:
    """The rules of one event name, by what their `project` says."""

    #: For every project, and for events without one.
    every: list[int] = field(default_factory=list)
    exact: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: `a/b/**` under `a/b`.
    prefix: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: `a/b/*` under `a/b`.
    parent: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: Any other pattern; each is tried.
    residual: list[tuple[Callable[[str], bool], int]] = field(default_factory=list)

    def add(self, number: int, patterns: Sequence[str]) -> None:
        if not patterns:
            self.every.append(number)
        for pattern in patterns:
            self._pattern(number, pattern)

    def _pattern(self, number: int, pattern: str) -> None:
        folded = pattern.casefold()
        if split_regex(pattern) is None and not is_glob(pattern):
            self.exact[folded].append(number)
        elif match := _PREFIX.fullmatch(folded):
            self.prefix[match[1]].append(number)
        elif match := _PARENT.fullmatch(folded):
            self.parent[match[1]].append(number)
        else:
            self.residual.append((_compiled(pattern), number))

    def find(self, project: str) -> set[int]:
        found = set(self.every)
        if not project:
            return found
        folded = project.casefold()
        found.update(self.exact.get(folded, ()))
        above = folded.rpartition("/")[0]
        found.update(self.parent.get(above, ()))
        while above:
            found.update(self.prefix.get(above, ()))
            above = above.rpartition("/")[0]
        found.update(number for test, number in self.residual if test(project))
        return found


#: No forge has longer paths (GitLab: twenty groups of 255 letters). One that somebody made up would
#: be looked at for minutes, and kept.
_LONGEST: Final = 6_000
_PREFIX: Final = re.compile(r"([^*{}]+)/\*\*")
_PARENT: Final = re.compile(r"([^*{}]+)/\*")


def _compiled(pattern: str) -> Callable[[str], bool]:
    body = split_regex(pattern)
    try:
        return regex(*body) if body else glob(pattern, path=True, fold=True)
    except PatternError:  # told as a fault of its condition
        return lambda _project: False


def make_candidates(
    rules: Sequence[Rule],
) -> Callable[[tuple[str, ...], str], tuple[tuple[Rule, ...], tuple[Rule, ...]]]:
    """(event names, project path) -> the rules that may want it, and those of `on: unmatched`,
    which may when none of the others did; each in file order."""
    buckets: dict[str, _Bucket] = defaultdict(_Bucket)
    for number, rule in enumerate(rules):
        for name in rule.on:
            buckets[name].add(number, rule.projects)
    frozen = dict(buckets)
    last = frozenset(number for number, rule in enumerate(rules) if UNMATCHED in rule.on)

    @functools.lru_cache(maxsize=_MEMO)
    def candidates(
        names: tuple[str, ...], project: str
    ) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        found: set[int] = set()
        for name in (*names, ANY, UNMATCHED):
            bucket = frozen.get(name)
            if bucket is not None:
                found |= bucket.find(project)
        return named(found - last), named(found & last)

    def cut(names: tuple[str, ...], project: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        return candidates(names, project if len(project) <= _LONGEST else "")

    def named(found: set[int]) -> tuple[Rule, ...]:
        return tuple(rules[number] for number in sorted(found))

    return cut
