"""What the rules want of the forges' hooks, for the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from bot import events
from bot.events.github import CONFIDENTIAL, ECHOES
from bot.forges import github, gitlab
from bot.rules.branches import branches_of
from bot.rules.catalogue import LISTS
from bot.rules.patterns import is_glob, split_regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.model import Project
    from bot.outside import BranchFilter
    from bot.registry import Spec
    from bot.rules.ruleset import Rule, Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooked:
    """What the hooks of one kind of forge may bring."""

    every: frozenset[str]
    #: What is not confidential.
    open: frozenset[str]
    #: What its test call can send, the likeliest first.
    tests: tuple[str, ...]
    #: What brings some of a family's names; without any, all of them.
    of: Callable[[Spec, frozenset[str]], frozenset[str]]
    #: What is only for rules with `confidential: true`.
    secret: frozenset[str] = frozenset()
    #: What another one tells too, which is enough, and the end of the names that only it brings.
    echoes: frozenset[str] = frozenset()
    #: What a hook can bring of some branches only.
    filtered: frozenset[str] = frozenset()
    #: The confidential twin of a trigger, asked for only by rules with `confidential: true`.
    twins: Mapping[str, str] = field(default_factory=dict)


def _of_gitlab(spec: Spec, _names: frozenset[str]) -> frozenset[str]:
    return frozenset(spec.gitlab_triggers)


def _of_github(spec: Spec, names: frozenset[str]) -> frozenset[str]:
    every = frozenset((*spec.github, *spec.github_also))
    if not names or not names <= set(spec.github_by_name):
        return every
    return frozenset(event for name in names for event in spec.github_by_name[name])


HOOKED: Final[Mapping[str, Hooked]] = {
    "gitlab": Hooked(
        every=gitlab.TRIGGERS,
        open=gitlab.OPEN_TRIGGERS,
        tests=gitlab.TEST_TRIGGERS,
        of=_of_gitlab,
        filtered=frozenset({"push_events"}),
        twins={
            "issues_events": "confidential_issues_events",
            "note_events": "confidential_note_events",
        },
    ),
    "github": Hooked(
        every=github.TRIGGERS,
        open=github.OPEN_TRIGGERS,
        tests=github.TEST_TRIGGERS,
        of=_of_github,
        secret=CONFIDENTIAL,
        echoes=frozenset(ECHOES),
    ),
}
#: The families that a rule's `follow` brings.
_FOLLOWED: Final = {"comments": "comment", "pipeline": "pipeline"}


class Book(Protocol):
    @property
    def current(self) -> Ruleset: ...


class RulesForHooks:
    """`commands.RulesView` over the rules in force."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def triggers(self, project: str, forge: str = "gitlab") -> frozenset[str]:
        hooked = HOOKED[forge]
        found: set[str] = set()
        for rule in self._rules(project, forge):
            found |= _triggers(rule, hooked)
        return frozenset(found & hooked.every)

    def branches(self, project: Project, forge: str = "gitlab") -> BranchFilter:
        hooked = HOOKED[forge]
        rules = self._rules(project.path, forge)
        pushed = [rule for rule in rules if _triggers(rule, hooked) & hooked.filtered]
        return branches_of(pushed, project.default_branch)

    def destinations(self, project: str) -> tuple[str, ...]:
        ruleset = self._book.current
        shown = {channel.to: f"#{channel.alias}" for channel in ruleset.channels.values()}
        return tuple(
            to if to.startswith("#") else shown.get(to, to) for to in ruleset.destinations(project)
        )

    def names(self) -> tuple[str, ...]:
        return tuple(rule.name for top in self._book.current.rules for rule in (top, *top.first))

    def timezone(self) -> str:
        return self._book.current.timezone

    def projects(self) -> tuple[str, ...]:
        named = (
            pattern
            for rule in self._book.current.rules
            for pattern in rule.projects
            if split_regex(pattern) is None and not is_glob(pattern)
        )
        return tuple(dict.fromkeys(named))

    def _rules(self, project: str, forge: str) -> Iterator[Rule]:
        """Those that do something."""
        for rule in self._book.current.could_match(project, {"forge": forge}):
            if rule.actions or any(child.actions for child in rule.first):
                yield rule


def _triggers(rule: Rule, hooked: Hooked) -> frozenset[str]:
    whole = {
        trigger
        for kind in _kinds_besides(rule)
        for trigger in hooked.of(events.SPECS[kind], frozenset())
    }
    found = _named(rule, hooked) | whole
    if not any(name.endswith(".echoed") for name in rule.on):
        found -= hooked.echoes
    if not rule.confidential:
        return found - hooked.secret
    return found | {hooked.twins[trigger] for trigger in found if trigger in hooked.twins}


def _named(rule: Rule, hooked: Hooked) -> frozenset[str]:
    """What brings the events that it names."""
    found: set[str] = set()
    for name in rule.on:
        if name in {events.ANY, events.UNMATCHED, "other"}:
            found |= hooked.open
        elif (kind := events.kind_of(name)) is not None:
            found |= hooked.of(events.SPECS[kind], events.names_of(name))
    return frozenset(found)


def _discussed(rule: Rule) -> set[str]:
    """A merge request's card shows open threads, and who has begun to review."""
    return {"comment"} if any(events.kind_of(name) == "mr" for name in rule.on) else set()


def _kinds_besides(rule: Rule) -> set[str]:
    """Families that what it makes of them needs besides."""
    kinds: set[str] = set()
    listed = rule.timing.listed or rule.timing.each
    if listed is not None:
        # What is open is known from events.
        kinds |= {LISTS[listed], "comment"}
    for spec in (*rule.actions, *(spec for child in rule.first for spec in child.actions)):
        if spec.verb == "card":
            # It shows the pipeline besides its own events.
            kinds |= {"pipeline", *_discussed(rule)}
        kinds |= {_FOLLOWED[topic] for topic in spec.follow if topic in _FOLLOWED}
    return kinds
