"""The compiled rules: what `decide` walks and `explain` shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.rules.times import NOW, Timing

if TYPE_CHECKING:
    from datetime import datetime

    from bot.actions.spec import ActionSpec, Lookup
    from bot.model import Fault
    from bot.rules.inline import InlineTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test on an event's fields."""

    #: `project`, `labels`, `if` for an expression, `any` / `all` / `not` for a nest.
    field: str
    #: As written, for traces.
    wanted: str
    #: Never raises; absent fields fail positive tests.
    passed: Callable[[Lookup], bool]
    #: What the event held, shortened; None when absent.
    seen: Callable[[Lookup], str | None]
    #: The parts of a nest.
    parts: tuple[Condition, ...] = ()
    #: How the groups of a nest, or of an expression, combine: `any`, `all`, `not`.
    join: str = ""
    #: A group holds when all of its conditions do; `not` holds when not every group does.
    groups: tuple[tuple[Condition, ...], ...] = ()
    #: The texts it compares with, for hints.
    patterns: tuple[str, ...] = ()
    #: Of which the value must match one; empty when that is not all that it asks of the value.
    positive: tuple[str, ...] = ()
    #: Fields it reads that only the forge's API may know, for some event of the rules.
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of rules.yaml with its parents' conditions folded in."""

    #: Its `name`, else `file:line`.
    name: str
    file: str
    line: int
    #: Event names, bare kinds, `any`, `unmatched`; empty for a time rule.
    on: tuple[str, ...]
    #: Cheapest first: project, branch, then `if`.
    conditions: tuple[Condition, ...] = ()
    #: Plain text of the `project` matcher for the index and for hooks: positive patterns only.
    projects: tuple[str, ...] = ()
    #: False: not for confidential events. True: for them only when sent to declared channels.
    confidential: bool = False
    #: Also for events that the bot caused.
    own: bool = False
    actions: tuple[ActionSpec, ...] = ()
    #: The first of these whose conditions hold acts.
    first: tuple[Rule, ...] = ()
    stop: bool = False
    #: The file's included rank: a `stop` ends its own file only when this is not the entry file.
    included: bool = False
    once: str | None = None
    timing: Timing = NOW
    #: What an event must still show when the index found the rule: without a `project` that the
    #: index tells alone.
    rest: tuple[Condition, ...] = field(init=False, repr=False, compare=False)
    #: The forge's API may have to be asked for one of its conditions.
    asks: bool = field(init=False, repr=False, compare=False)
    #: Of a mute: when it ends; None = never.
    until: datetime | None = None
    #: Of a mute: the one rule or channel (id or `#name`) it is about.
    of_rule: str | None = None
    of_channel: str | None = None

    def __post_init__(self) -> None:
        projects = [one for one in self.conditions if one.field == "project"]
        told = len(projects) == 1 and self.projects and projects[0].patterns == self.projects
        rest = self.conditions
        if told:
            rest = tuple(one for one in rest if one is not projects[0])
        object.__setattr__(self, "rest", rest)
        object.__setattr__(self, "asks", any(one.asks for one in self.conditions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A declared channel."""

    alias: str
    #: Channel id or `#name`.
    to: str
    confidential: bool = False
    shared_ok: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    #: SHA-256 over every file's path and text, hex.
    hash: str
    #: In the order they are tried: included files by path, then the entry file.
    rules: tuple[Rule, ...]
    channels: Mapping[str, Channel] = field(default_factory=dict)
    #: Forge user name (lower case) -> Slack user id.
    people: Mapping[str, str] = field(default_factory=dict)
    #: Forge or own group name -> Slack user group id.
    groups: Mapping[str, str] = field(default_factory=dict)
    #: Where faults are told: a channel id or `#name`; None when `defaults.admin` is not set.
    admin: str | None = None
    timezone: str = "UTC"
    #: `rule` when messages name their rule.
    footer: str | None = None
    #: `declared`: private projects only to channels declared for them.
    private: str | None = None
    #: Whether a user name is a machine's (the `bots:` list).
    is_bot: Callable[[str], bool] = lambda _username: False
    mutes: tuple[Rule, ...] = ()
    warnings: tuple[Fault, ...] = ()
    #: The inline tests, in the order of the files.
    tests: tuple[InlineTest, ...] = ()

    #: (event names, project path) -> the rules that may want it, and those of `on: unmatched`;
    #: each in file order.
    candidates: Callable[[tuple[str, ...], str], tuple[tuple[Rule, ...], tuple[Rule, ...]]] = (
        lambda _names, _project: ((), ())
    )

    # Worked out once: decisions ask for them.

    #: Those with `every`.
    time_rules: tuple[Rule, ...] = field(init=False, repr=False, compare=False)
    #: The `card` of each rule that has one, with its rule, by the rule's name.
    cards: Mapping[str, tuple[Rule, ActionSpec]] = field(init=False, repr=False, compare=False)
    #: The same by the channel as written, numbered in file order: what keeps its cards alive.
    cards_to: Mapping[str, Mapping[int, tuple[Rule, ActionSpec]]] = field(
        init=False, repr=False, compare=False
    )
    #: Every `post` that follows its subject, with its rule, by the rule's name.
    following: Mapping[str, tuple[tuple[Rule, ActionSpec], ...]] = field(
        init=False, repr=False, compare=False
    )
    #: Slack user group ids, or `@handle`s, by lower-case name.
    teams: Mapping[str, str] = field(init=False, repr=False, compare=False)
    #: Slack ids that a rule may name, by lower-case name of a person or group.
    named: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known: dict[str, object] = {
            "time_rules": tuple(rule for rule in self.rules if rule.timing.every is not None),
            "cards": {rule.name: (rule, spec) for rule, spec in _specs("card", self.rules)},
            "cards_to": _by_channel(_specs("card", self.rules)),
            "following": _following(self.rules),
            "teams": {name.lower(): to for name, to in self.groups.items()},
            "named": {**{name.lower(): to for name, to in self.groups.items()}, **self.people},
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def could_match(self, project: str, about: Mapping[str, str] = {}) -> tuple[Rule, ...]:
        """Rules that some event of that project could match, by its path and by what else is known
        of every event of it."""
        known = {"project": project, "group": project.rpartition("/")[0], **about}
        return tuple(
            rule
            for rule in self.rules
            if all(c.passed(known.get) for c in rule.conditions if c.field in known)
        )

    def destinations(self, project: str) -> tuple[str, ...]:
        """Channels (ids or `#names`) that events of that project could go to, in file order."""
        found: dict[str, None] = {}
        for top in self.could_match(project):
            for rule in (top, *top.first):
                for spec in rule.actions:
                    found.update(dict.fromkeys(spec.to.channels))
        return tuple(found)

    def names(self) -> frozenset[str]:
        """Channels that some action goes to by `#name`."""
        specs = (spec for top in self.rules for rule in (top, *top.first) for spec in rule.actions)
        return frozenset(name for spec in specs for name in spec.to.channels if name[:1] == "#")


def _specs(verb: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, ActionSpec]]:
    for top in rules:
        for rule in (top, *top.first):
            for spec in rule.actions:
                if spec.verb == verb:
                    yield rule, spec


def _by_channel(
    specs: Iterable[tuple[Rule, ActionSpec]],
) -> Mapping[str, Mapping[int, tuple[Rule, ActionSpec]]]:
    found: dict[str, dict[int, tuple[Rule, ActionSpec]]] = {}
    for number, (rule, spec) in enumerate(specs):
        for channel in spec.to.channels:
            found.setdefault(channel, {})[number] = rule, spec
    return found


def _following(rules: Iterable[Rule]) -> Mapping[str, tuple[tuple[Rule, ActionSpec], ...]]:
    found: dict[str, tuple[tuple[Rule, ActionSpec], ...]] = {}
    for rule, spec in _specs("post", rules):
        if spec.follow:
            found[rule.name] = (*found.get(rule.name, ()), (rule, spec))
    return found
