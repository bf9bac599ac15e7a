"""The answer to "why did / didn't it" for one delivery: its trace, with each rule explained.
Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bot.model import Check, Outcome, Verdict
from bot.rules.decide import lookup_of
from bot.rules.explain import Explained, explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.actions.spec import Lookup
    from bot.model import Decision, Event, Json, Value
    from bot.rules.ruleset import Rule, Ruleset

#: Rules of the same kind of event whose project fits, though no candidates: shown beside them.
NEAR_LIMIT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What became of one planned action."""

    verb: str
    rule: str
    channel: str
    #: `todo`, `sending`, `done`, `dead`, `dropped`, `merged`; `planned` where nothing is sent.
    state: str
    edit: bool = False
    emoji: str | None = None
    ts: str | None = None
    error: str | None = None
    #: The action that says it too.
    into: str | None = None
    #: From the decision to the answer of what it was sent to.
    took_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What was kept of a decision."""

    names: tuple[str, ...]
    ruleset: str
    verdicts: tuple[Verdict, ...]
    effects: tuple[Effect, ...]
    skipped: int
    #: Fields that state or the forge's API told.
    learned: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule's part in the story."""

    rule: str
    file: str
    line: int
    #: None: it was not tried.
    outcome: Outcome | None
    reason: str = ""
    effects: tuple[Effect, ...] = ()
    #: The stored first failing condition, when the rule itself is not at hand.
    failed: Check | None = None
    explained: Explained | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    delivery: str
    event: Event | None
    received_at: datetime | None
    trace: Trace
    entries: tuple[Entry, ...]
    #: Rules that are not listed.
    others: int


def trace_of(decision: Decision) -> Trace:
    """Of a decision that nobody carries out."""
    effects = tuple(
        Effect(
            verb=action.verb,
            rule=action.rule,
            channel=action.channel,
            state="planned",
            edit=action.is_edit,
            emoji=f"-{action.emoji}" if action.emoji and action.remove else action.emoji,
        )
        for action in decision.actions
    )
    return Trace(
        names=decision.names,
        ruleset=decision.ruleset,
        verdicts=decision.verdicts,
        effects=effects,
        skipped=decision.skipped,
        learned=decision.learned,
    )


def load_trace(raw: Mapping[str, Json], learned: Mapping[str, Value]) -> Trace:
    """As the store keeps it."""
    return Trace(
        names=tuple(raw["names"]),
        ruleset=raw["ruleset"],
        verdicts=tuple(_verdict(one) for one in raw["verdicts"]),
        effects=tuple(_effect(one) for one in raw["actions"]),
        skipped=raw["skipped"],
        learned=learned,
    )


def _verdict(raw: Mapping[str, Any]) -> Verdict:
    failed = raw["failed"]
    return Verdict(
        rule=raw["rule"],
        file=raw["file"],
        line=raw["line"],
        outcome=Outcome(raw["outcome"]),
        reason=raw["reason"],
        failed=Check(**failed) if failed else None,
    )


def _effect(raw: Mapping[str, Any]) -> Effect:
    place = raw.get("place") or {}
    emoji = raw.get("emoji")
    return Effect(
        verb=raw["verb"],
        rule=raw["rule"],
        channel=raw["channel"],
        state=raw["state"],
        edit=raw.get("edit", raw["verb"] == "card" and raw["root"] is not None),
        emoji=f"-{emoji}" if emoji and raw.get("remove") else emoji,
        ts=place.get("ts"),
        error=raw.get("error"),
        into=raw.get("into"),
        took_ms=raw.get("took_ms"),
    )


def report(
    delivery: str,
    trace: Trace,
    *,
    event: Event | None = None,
    ruleset: Ruleset | None = None,
    received_at: datetime | None = None,
    everything: bool = False,
) -> Report:
    """Without `event` and `ruleset` what the trace holds; with `everything` every other rule of
    the ruleset as well."""
    entries = _traced(trace)
    if event is not None:
        event = replace(event, names=trace.names, fields={**event.fields, **trace.learned})
    if event is not None and ruleset is not None:
        entries = _explained(entries, trace, event, ruleset, everything=everything)
    total = len(trace.verdicts) + trace.skipped if ruleset is None else len(ruleset.rules)
    listed = {entry.rule for entry in entries}
    if ruleset is not None:
        # A `first:` is one rule, listed by its children.
        parents = {child.name: rule.name for rule in ruleset.rules for child in rule.first}
        listed = {parents.get(name, name) for name in listed}
    return Report(
        delivery=delivery,
        event=event,
        received_at=received_at,
        trace=trace,
        entries=tuple(entries),
        others=max(0, total - len(listed)),
    )


def _traced(trace: Trace) -> list[Entry]:
    """Each verdict, then what was done for rules that gave none (cards that follow)."""
    entries = [
        Entry(
            rule=verdict.rule,
            file=verdict.file,
            line=verdict.line,
            outcome=verdict.outcome,
            reason=verdict.reason,
            effects=tuple(one for one in trace.effects if one.rule == verdict.rule),
            failed=verdict.failed,
        )
        for verdict in trace.verdicts
    ]
    known = {verdict.rule for verdict in trace.verdicts}
    for name in dict.fromkeys(one.rule for one in trace.effects if one.rule not in known):
        effects = tuple(one for one in trace.effects if one.rule == name)
        entries.append(Entry(rule=name, file="", line=0, outcome=Outcome.SENT, effects=effects))
    return sorted(entries, key=lambda entry: _RANK[entry.outcome])


#: What was done comes first, then what nearly was.
_RANK: Final[Mapping[Outcome | None, int]] = {
    Outcome.SENT: 0,
    Outcome.ERROR: 1,
    Outcome.WITHHELD: 2,
    Outcome.UNKNOWN: 3,
    Outcome.NO_MATCH: 4,
    None: 5,
}


def _explained(
    entries: Sequence[Entry], trace: Trace, event: Event, ruleset: Ruleset, *, everything: bool
) -> list[Entry]:
    lookup = lookup_of(event, ruleset)
    by_name = {rule.name: rule for rule in (*ruleset.rules, *ruleset.mutes)}
    parents = {child.name: rule for rule in ruleset.rules for child in rule.first}
    found: list[Entry] = []
    for entry in entries:
        rule = by_name.get(entry.rule) or parents.get(entry.rule)
        found.append(_with(entry, rule, trace, event, lookup))
    tried = {parents[entry.rule].name if entry.rule in parents else entry.rule for entry in entries}
    rest = [rule for rule in ruleset.rules if rule.name not in tried]
    if not everything:
        rest = _near(rest, trace.names, lookup)
    return [*found, *(_untried(rule, trace, event, lookup) for rule in rest)]


def _with(entry: Entry, rule: Rule | None, trace: Trace, event: Event, lookup: Lookup) -> Entry:
    if rule is None:
        return entry
    told = explain(rule, trace.names, lookup, confidential=event.confidential)
    if rule.name != entry.rule:
        told = next(child for child in told.children if child.rule.name == entry.rule)
    return replace(entry, explained=told, file=told.rule.file, line=told.rule.line)


def _untried(rule: Rule, trace: Trace, event: Event, lookup: Lookup) -> Entry:
    """No candidate; or one behind a `stop`, or of `unmatched` when another rule matched."""
    told = explain(rule, trace.names, lookup, confidential=event.confidential)
    return Entry(
        rule=rule.name,
        file=rule.file,
        line=rule.line,
        outcome=None if told.matched else Outcome.NO_MATCH,
        reason=_why_not(trace) if told.matched else "",
        explained=told,
    )


def _why_not(trace: Trace) -> str:
    if any(verdict.rule == ALL for verdict in trace.verdicts):
        return "not tried: all of it was withheld"
    return "not reached: a rule above stopped, or another matched before `unmatched`"


#: The rule's name in the verdict of an event that is withheld whatever the rules say.
ALL: Final = "(all)"


def _near(rules: Iterable[Rule], names: Sequence[str], lookup: Lookup) -> list[Rule]:
    """Those that listen to the same kind of event in this project."""
    kinds = {name.partition(".")[0] for name in names}
    found: list[Rule] = []
    for rule in rules:
        same = any(name.partition(".")[0] in kinds for name in rule.on)
        if same and all(c.passed(lookup) for c in rule.conditions if c.field == "project"):
            found.append(rule)
        if len(found) == NEAR_LIMIT:
            break
    return found
