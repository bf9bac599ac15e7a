"""What two sets of rules make of the same deliveries, counted; it can be kept, read and joined."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bot.model import Decision, Outcome
from bot.rules.sides import Kind, Pairing, kind_of, pair, seen, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.model import Action, Json
    from bot.rules.ruleset import Rule, Ruleset

#: Examples kept: of one rule with one sign, and in all.
_EXAMPLES_OF_RULE: Final = 3
_EXAMPLES: Final = 60
#: The moment something fell due, and what is done then.
Due: TypeAlias = "tuple[datetime, tuple[Action, ...]]"
_FIRED: Final = frozenset({Outcome.SENT, Outcome.WITHHELD, Outcome.ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One message that only one side sends (`+` the new, `-` the old), that moved (`>`) or whose
    text differs (`~`)."""

    sign: str
    #: When the delivery came, in ISO form.
    at: str
    delivery: str
    channel: str
    #: As a reader sees it, cut.
    text: str
    rule: str
    #: `rules.yaml:12`; empty when the rule is not in that file (a hook's default route).
    place: str
    #: Why the other side does not send it; for `~` the text before, for `>` the channel before.
    why: str = ""


#: What is counted, each by a key of its own; `old` and `new` are the two sides.
_BY_CHANNEL: Final = ("old", "new", "removed", "added", "reworded")
_COUNTERS: Final = (
    *_BY_CHANNEL,
    "old_hours", "new_hours", "old_people", "new_people", "new_days",
    "totals", "old_fired", "new_fired", "old_unknown", "new_unknown", "errors",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """The counts. `totals` holds: deliveries, unreadable, skipped, failed, moved, and per kind of
    action `<kind>+` and `<kind>-`."""

    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in _COUNTERS}
    )
    examples: list[Example] = field(default_factory=list)
    _kept: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __getitem__(self, name: str) -> Counter[str]:
        return self.counts[name]

    @property
    def added(self) -> int:
        """Messages that only the new rules send; moved ones are not new."""
        return sum(self["added"].values()) - self["totals"]["moved"]

    def keep(self, example: Example) -> None:
        slot = (example.sign, example.rule)
        if len(self.examples) < _EXAMPLES and self._kept[slot] < _EXAMPLES_OF_RULE:
            self._kept[slot] += 1
            self.examples.append(example)

    def join(self, other: Tally) -> None:
        """Adds what another process counted."""
        for name, counter in other.counts.items():
            self.counts[name].update(counter)
        for example in sorted(other.examples, key=lambda one: one.at):
            self.keep(example)

    def dump(self) -> Json:
        return {
            "counts": {name: dict(counter) for name, counter in self.counts.items() if counter},
            "examples": [_dumped(example) for example in self.examples],
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Tally:
        """What `dump` made."""
        tally = cls()
        for name, counter in raw["counts"].items():
            tally.counts[name].update(counter)
        for example in raw["examples"]:
            tally.keep(Example(**example))
        return tally


def _dumped(example: Example) -> Json:
    return {name: getattr(example, name) for name in Example.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    old: Decision
    new: Decision
    #: Empty for what fell due by itself.
    delivery: str
    now: datetime


class Comparison:
    """Takes the two decisions of one delivery after the other."""

    def __init__(
        self, old: Ruleset, new: Ruleset, *, rule: str | None = None, tally: Tally | None = None
    ) -> None:
        self.tally = tally or Tally()
        self._rules = (_by_name(old), _by_name(new))
        self._only = rule

    def take(self, old: Decision, new: Decision, *, delivery: str, now: datetime) -> None:
        tally = self.tally
        tally["totals"]["deliveries"] += 1
        self._verdicts(old, "old")
        self._verdicts(new, "new")
        self._actions(_Sides(old=old, new=new, delivery=delivery, now=now))

    def due(self, old: Iterable[Due], new: Iterable[Due]) -> None:
        """What fell due by itself: batches, windows that opened, time rules."""
        moments: defaultdict[datetime, tuple[list[Action], list[Action]]]
        moments = defaultdict(lambda: ([], []))
        for side, found in enumerate((old, new)):
            for now, actions in found:
                moments[now][side].extend(actions)
        for now, (before, after) in sorted(moments.items(), key=lambda item: item[0]):
            first, second = (
                Decision(ruleset="", names=(), actions=tuple(found)) for found in (before, after)
            )
            self._actions(_Sides(old=first, new=second, delivery="", now=now))

    def _actions(self, sides: _Sides) -> None:
        before, after = self._wanted(sides.old.actions), self._wanted(sides.new.actions)
        if not before and not after:
            return
        for side, actions in (("old", before), ("new", after)):
            for action in actions:
                self._count(action, side, sides.now)
        pairing = pair(before, after)
        self._reworded(pairing, sides)
        self._moved(pairing, sides)
        for action in pairing.removed:
            self._single("-", action, sides)
        for action in pairing.added:
            self._single("+", action, sides)

    def skip(self) -> None:
        """One that could not be read."""
        self.tally["totals"]["unreadable"] += 1

    def _wanted(self, actions: Iterable[Action]) -> list[Action]:
        return [a for a in actions if self._only is None or a.rule == self._only]

    def _verdicts(self, decision: Decision, side: str) -> None:
        fired, unknown = self.tally[f"{side}_fired"], self.tally[f"{side}_unknown"]
        for verdict in decision.verdicts:
            if verdict.outcome in _FIRED:
                fired[verdict.rule] += 1
            elif verdict.outcome is Outcome.UNKNOWN:
                unknown[verdict.rule] += 1
            if verdict.outcome is Outcome.ERROR and side == "new":
                self.tally["errors"][verdict.rule] += 1

    def _count(self, action: Action, side: str, now: datetime) -> None:
        kind = kind_of(action)
        if kind is Kind.MESSAGE:
            self.tally[side][action.channel] += 1
            self.tally[f"{side}_hours"][f"{now:%Y-%m-%dT%H}\t{action.channel}"] += 1
        elif kind is Kind.DM:
            self.tally[f"{side}_people"][action.channel] += 1
            if side == "new":
                self.tally["new_days"][f"{now:%Y-%m-%d}\t{action.channel}"] += 1

    def _single(self, sign: str, action: Action, sides: _Sides) -> None:
        kind = kind_of(action)
        self.tally["totals"][f"{kind.value}{sign}"] += 1
        if kind not in {Kind.MESSAGE, Kind.DM}:
            return
        if kind is Kind.MESSAGE:
            self.tally["added" if sign == "+" else "removed"][action.channel] += 1
        mine, others = self._rules if sign == "-" else self._rules[::-1]
        why = told(action.rule, mine, others, sides.new if sign == "-" else sides.old)
        self._example(sign, action, mine, why, sides)

    def _reworded(self, pairing: Pairing, sides: _Sides) -> None:
        for before, after in pairing.same:
            if before.message == after.message and before.call == after.call:
                continue
            kind = kind_of(after)
            self.tally["totals"][f"{kind.value}~"] += 1
            if kind is Kind.MESSAGE:
                self.tally["reworded"][after.channel] += 1
            if kind in {Kind.MESSAGE, Kind.DM}:
                self._example("~", after, self._rules[1], seen(before), sides)

    def _moved(self, pairing: Pairing, sides: _Sides) -> None:
        self.tally["totals"]["moved"] += len(pairing.moved)
        for before, after in pairing.moved:
            self.tally["removed"][before.channel] += 1
            self.tally["added"][after.channel] += 1
            self._example(">", after, self._rules[1], before.channel, sides)

    def _example(
        self, sign: str, action: Action, rules: Mapping[str, Rule], why: str, sides: _Sides
    ) -> None:
        rule = rules.get(action.rule)
        self.tally.keep(
            Example(
                sign=sign,
                at=sides.now.isoformat(timespec="seconds"),
                delivery=sides.delivery,
                channel=action.channel,
                text=seen(action),
                rule=action.rule,
                place=f"{rule.file}:{rule.line}" if rule is not None else "",
                why=why,
            )
        )


def _by_name(ruleset: Ruleset) -> dict[str, Rule]:
    return {rule.name: rule for rule in every_rule(ruleset)}


def every_rule(ruleset: Ruleset) -> Sequence[Rule]:
    """Those of `first:` too."""
    return [rule for top in ruleset.rules for rule in (top, *top.first)]
