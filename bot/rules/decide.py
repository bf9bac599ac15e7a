"""Decides one event: which rules want it, what is done, what is remembered. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot import actions
from bot.actions import card as cards
from bot.actions.plan import Asker, Plan, View, kind_of
from bot.actions.spec import ActionSpec
from bot.errors import RenderError
from bot.message import Mention, Plain, one_line
from bot.model import Check, Decision, Needs, Outcome, Person, State, SubjectKey, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from bot.actions.spec import Lookup
    from bot.message import Span
    from bot.model import DeliveryId, Event, Json, Thread, Value
    from bot.registry import Spec
    from bot.rules.ruleset import Condition, Rule, Ruleset

#: Candidate verdicts kept with a delivery; the rest are worked out on demand.
VERDICT_LIMIT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a decision depends on besides the event, its state and the rules."""

    specs: Mapping[str, Spec]
    #: Channel ids by lower-case name without `#`, as far as the chat told them.
    channels: Mapping[str, str] = field(default_factory=dict)
    #: The default route of the hook that brought the delivery.
    default_route: str | None = None


def decide(
    event: Event,
    state: State,
    *,
    delivery: DeliveryId,
    now: datetime,
    ruleset: Ruleset,
    around: Surroundings,
) -> Decision | Needs:
    """Needs names the state to load before deciding again; it never asks twice for the same."""
    reader = _Reader(state)
    subjects = _subjects(event, reader)
    remember: dict[str, Json] = dict(_remembered(event, around.specs))
    names, fields = _derive(event, reader, around.specs, remember)
    facts = _facts(event, subjects, reader, around.specs, remember)
    threads = {key: reader.threads(key) for key in subjects}
    if reader.needs:
        return reader.needs
    event = replace(event, names=names, fields={**event.fields, **fields})
    view = View(
        delivery=delivery,
        event=event,
        names=names,
        subjects=subjects,
        facts=facts,
        lookup=lookup_of(event, ruleset),
        specs=around.specs,
        now=now,
        person=_person(ruleset),
        named={**{k.lower(): v for k, v in ruleset.groups.items()}, **ruleset.people},
        channel=_channel(around.channels),
    )
    run = _Run(view, ruleset, Plan(view, threads), reader)
    run.walk(around.default_route)
    if reader.needs:
        return reader.needs
    return Decision(
        ruleset=ruleset.hash,
        names=names,
        verdicts=tuple(run.verdicts[:VERDICT_LIMIT]),
        actions=tuple(run.plan.actions),
        remember={**remember, **run.remember},
        skipped=len(ruleset.rules) - run.tried,
    )


def lookup_of(event: Event, ruleset: Ruleset) -> Lookup:
    """A field's value by name, absent fields None; `payload.a.b` reads the body."""
    fields = dict(event.fields)
    if event.actor is not None and ruleset.is_bot(event.actor.username):
        fields["bot"] = True

    def lookup(name: str) -> Value | None:
        if name.startswith("payload."):
            return _dig(event.payload, name.split(".")[1:])
        return fields.get(name)

    return lookup


def _dig(value: Json, path: list[str]) -> Value | None:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    if isinstance(value, list):
        return tuple(str(item) for item in value if isinstance(item, str | int | float))
    return value if isinstance(value, str | bool | int | float) else None


class _Reader:
    """Reads the loaded state and notes what was not loaded."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._memory: dict[str, None] = {}
        self._threads: dict[SubjectKey, None] = {}

    def get(self, key: str) -> Json:
        if key not in self._state.memory:
            self._memory[key] = None
        return self._state.memory.get(key)

    def threads(self, key: SubjectKey) -> tuple[Thread, ...]:
        if key not in self._state.threads:
            self._threads[key] = None
        return self._state.threads.get(key, ())

    @property
    def needs(self) -> Needs | None:
        if not self._memory and not self._threads:
            return None
        return Needs(memory=tuple(self._memory), threads=tuple(self._threads))


def _subjects(event: Event, reader: _Reader) -> tuple[SubjectKey, ...]:
    linked = [reader.get(key) for key in event.links]
    found = [SubjectKey(key) for key in linked if isinstance(key, str)]
    return tuple(dict.fromkeys((*event.subjects, *found)))


def _remembered(event: Event, specs: Mapping[str, Spec]) -> Mapping[str, Json]:
    remembers = specs[event.kind].remembers
    return remembers(event) if remembers is not None else {}


def _derive(
    event: Event, reader: _Reader, specs: Mapping[str, Spec], remember: dict[str, Json]
) -> tuple[tuple[str, ...], Mapping[str, Value]]:
    spec = specs[event.kind]
    key = spec.state_key(event) if spec.state_key is not None else ""
    if spec.derive is None or not key:
        return event.names, {}
    derived = spec.derive(event, reader.get(key))
    remember[key] = derived.state
    return tuple(dict.fromkeys((*derived.names, *event.names))), derived.fields


def _facts(
    event: Event,
    subjects: tuple[SubjectKey, ...],
    reader: _Reader,
    specs: Mapping[str, Spec],
    remember: dict[str, Json],
) -> dict[SubjectKey, Mapping[str, Json]]:
    facts: dict[SubjectKey, Mapping[str, Json]] = {}
    for subject in subjects:
        spec = specs.get(kind_of(subject))
        if spec is None or spec.fold is None:
            continue
        key = f"facts:{subject}"
        known = reader.get(key)
        folded = spec.fold(known, event)
        if folded is not None:
            facts[subject] = folded
            if folded != known:
                remember[key] = folded
    return facts


def _person(ruleset: Ruleset) -> Callable[[Person], Span]:
    def person(who: Person) -> Span:
        slack_id = ruleset.people.get(who.username.lower())
        if slack_id is None:
            return Plain(one_line(who.shown))
        return Mention(slack_id, who.shown)

    return person


def _channel(known: Mapping[str, str]) -> Callable[[str], str]:
    def channel(name: str) -> str:
        return known.get(name[1:].lower(), name) if name.startswith("#") else name

    return channel


class _Run:
    """One walk over the rules."""

    def __init__(self, view: View, ruleset: Ruleset, plan: Plan, reader: _Reader) -> None:
        self.view = view
        self.ruleset = ruleset
        self.plan = plan
        self.reader = reader
        self.verdicts: list[Verdict] = []
        self.remember: dict[str, Json] = {}
        self.tried = 0
        self._wanted: list[tuple[Rule, ActionSpec]] = []
        self._matched: list[Rule] = []

    def walk(self, default_route: str | None) -> None:
        if self._muted():
            return
        project = self.view.event.project
        numbers = self.ruleset.candidates(self.view.names, project.path if project else "")
        candidates = [self.ruleset.rules[number] for number in numbers]
        ordinary = [rule for rule in candidates if "unmatched" not in rule.on]
        stopped = self._try(ordinary)
        if not self._matched and not stopped:
            self._try([rule for rule in candidates if "unmatched" in rule.on])
        self._carry()
        self._follow_cards()
        if not self._matched and not stopped and default_route is not None:
            self._default(default_route)

    def _muted(self) -> bool:
        for mute in self.ruleset.mutes:
            over = mute.until is not None and mute.until <= self.view.now
            if not over and failed_check(mute.conditions, self.view.lookup) is None:
                self._note(mute, Outcome.WITHHELD, "muted")
                return True
        return False

    def _try(self, rules: list[Rule]) -> bool:
        """Whether a `stop` ended the evaluation of this delivery."""
        closed: set[str] = set()
        for rule in rules:
            if rule.file in closed:
                continue
            self.tried += 1
            chosen = self._match(rule)
            if chosen is None:
                continue
            self._matched.append(chosen)
            self._wanted += [(chosen, spec) for spec in chosen.actions]
            if not chosen.actions:
                self._note(chosen, Outcome.SENT, "stop" if chosen.stop else "no action")
            if not (chosen.stop or rule.stop):
                continue
            if not rule.included:
                return True
            closed.add(rule.file)
        return False

    def _match(self, rule: Rule) -> Rule | None:
        """The rule, or the first of its children, that wants the event."""
        if self.view.event.confidential and not rule.confidential:
            self._note(rule, Outcome.NO_MATCH, "confidential")
            return None
        failed = failed_check(rule.conditions, self.view.lookup)
        if failed is not None:
            self._note(rule, Outcome.NO_MATCH, failed=failed)
            return None
        if not rule.first:
            return rule
        for child in rule.first:
            child_failed = failed_check(child.conditions, self.view.lookup)
            if child_failed is None:
                return child
            self._note(child, Outcome.NO_MATCH, failed=child_failed)
        return None

    def _carry(self) -> None:
        """Plans what the matching rules want, verb by verb; a rule's failure is its own."""
        reasons: dict[str, list[str | None]] = {}
        broken: dict[str, str] = {}
        for verb in actions.ALL:
            for rule, spec in self._wanted:
                if spec.verb != verb.name:
                    continue
                try:
                    reasons.setdefault(rule.name, []).append(self._plan(verb, rule, spec))
                except RenderError as error:
                    broken[rule.name] = str(error)
        for rule in self._matched:
            if rule.name in broken:
                self._note(rule, Outcome.ERROR, broken[rule.name])
            elif found := reasons.get(rule.name):
                sent = None in found
                self._note(
                    rule,
                    Outcome.SENT if sent else Outcome.WITHHELD,
                    "; ".join(dict.fromkeys(r for r in found if r)),
                )

    def _plan(self, verb: actions.Verb, rule: Rule, spec: ActionSpec) -> str | None:
        asker = self._asker(rule)
        if rule.once is None:
            return verb.plan(spec, asker, self.plan)
        subject = self.view.subject(rule.once) or self.view.subjects[0]
        spent: dict[str, str] = {}

        def key(channel: str) -> str:
            return f"once:{rule.name}:{spec.verb}:{channel}:{subject}"

        def is_spent(channel: str) -> bool:
            since = self.reader.get(key(channel))
            if since is not None:
                spent[channel] = str(since)
            return since is not None

        before = len(self.plan.actions)
        reason = verb.plan(spec, replace(asker, spent=is_spent), self.plan)
        for action in self.plan.actions[before:]:
            self.remember[key(action.channel)] = self.view.now.isoformat()
        if reason is None or not spent:
            return reason
        channel, since = next(iter(spent.items()))
        return f"once={rule.once} (sent {since[:16]} to {channel})"

    def _asker(self, rule: Rule) -> Asker:
        """A confidential event goes only to channels declared for such (1.4.14)."""
        if not self.view.event.confidential:
            return Asker(name=rule.name)
        allowed = {
            self.view.channel(channel.to)
            for channel in self.ruleset.channels.values()
            if channel.confidential
        }
        return Asker(name=rule.name, only=frozenset(allowed))

    def _follow_cards(self) -> None:
        follows: dict[str, tuple[str, ...]] = {}
        askers: dict[str, Asker] = {}
        for rule, spec in self.ruleset.card_specs:
            asker = self._asker(rule)
            for name in (
                *spec.to.to,
                *spec.to.default,
                *(c for _, to in spec.to.cases for c in to),
            ):
                channel = self.view.channel(name)
                if asker.only is None or channel in asker.only:
                    askers.setdefault(channel, asker)
                    follows[channel] = tuple(
                        dict.fromkeys((*follows.get(channel, ()), *spec.follow))
                    )
        cards.follow_up(self.plan, follows, askers)

    def _default(self, channel: str) -> None:
        """The hook's own channel, for what no rule wanted; never anything confidential."""
        event = self.view.event
        if event.confidential or not event.names:
            return
        post = next(verb for verb in actions.ALL if verb.name == "post")
        spec = replace(_DEFAULT_POST, to=replace(_DEFAULT_POST.to, to=(channel,)))
        reason = post.plan(spec, Asker(name=DEFAULT_ROUTE), self.plan)
        self.verdicts.append(
            Verdict(
                rule=DEFAULT_ROUTE,
                file="",
                line=0,
                outcome=Outcome.WITHHELD if reason else Outcome.SENT,
                reason=reason or "no rule wanted it",
            )
        )

    def _note(
        self, rule: Rule, outcome: Outcome, reason: str = "", failed: Condition | None = None
    ) -> None:
        check = None
        if failed is not None:
            check = check_of(failed, self.view.lookup)
        self.verdicts.append(
            Verdict(
                rule=rule.name,
                file=rule.file,
                line=rule.line,
                outcome=outcome,
                reason=reason,
                failed=check,
            )
        )


def failed_check(conditions: tuple[Condition, ...], lookup: Lookup) -> Condition | None:
    """The first condition that does not hold."""
    for condition in conditions:
        if not condition.passed(lookup):
            return condition
    return None


def check_of(condition: Condition, lookup: Lookup) -> Check:
    return Check(
        field=condition.field,
        wanted=condition.wanted,
        seen=condition.seen(lookup),
        passed=condition.passed(lookup),
    )


#: The rule's name in traces and messages of a hook's own channel.
DEFAULT_ROUTE: Final = "default route of the hook"
_DEFAULT_POST: Final = ActionSpec(verb="post", line=0)
