"""Time rules: `every` with `list` (one message) or `each` (one by one) of what is open. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.actions import plan as planning
from bot.actions.plan import Asker, Plan
from bot.actions.spec import Routing
from bot.events import wording
from bot.message import Message, Part, Text, join, text
from bot.model import Decision, DeliveryId, Event, Outcome, Person, SubjectKey, Verdict, action_id
from bot.rules.decide import view_of
from bot.rules.open_subjects import event_of
from bot.rules.releasing import scope
from bot.rules.state_reader import StateReader
from bot.rules.times import spell_duration
from bot.rules.walk import Walk
from bot.waiting import Held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.actions.plan import View
    from bot.actions.spec import ActionSpec
    from bot.model import Action, ActionId, Json, Needs, State, Value
    from bot.rules.decide import Surroundings
    from bot.rules.ruleset import Rule, Ruleset
    from bot.waiting import OpenSubject

_LINES: Final = 30
_NOTHING: Final = "nothing to list"


def schedule_key(rule: Rule) -> str:
    return f"every:{rule.name}"


def firing_id(rule: Rule, due: datetime) -> DeliveryId:
    """Of one occurrence of a time rule: the same for the same, so that it fires once."""
    digest = hashlib.sha256(f"{rule.name}\n{due.isoformat()}".encode(errors="replace"))
    return DeliveryId(f"every-{digest.hexdigest()[:20]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    event: Event
    view: View
    #: The rule, or the child of its `first`, that wants it.
    rule: Rule


def fire(
    rule: Rule,
    items: Sequence[OpenSubject],
    state: State,
    *,
    due: datetime,
    now: datetime,
    ruleset: Ruleset,
    around: Surroundings,
) -> Decision | Needs:
    """What a time rule does. `items`: everything that is open of the kind it goes through."""
    run = _Run(rule, state, firing_id(rule, due), now, ruleset, around)
    run.choose(items)
    if rule.timing.listed is not None:
        run.list_()
    else:
        run.each()
    return run.reader.needs or run.decision()


class _Run:
    def __init__(
        self,
        rule: Rule,
        state: State,
        release: DeliveryId,
        now: datetime,
        ruleset: Ruleset,
        around: Surroundings,
    ) -> None:
        self.rule = rule
        self.reader = StateReader(state)
        self._release = release
        self._now = now
        self._ruleset = ruleset
        self._around = around
        self._wanted: list[_Item] = []
        self._tried = 0
        self._actions: list[Action] = []
        self._held: list[Held] = []
        self._remember: dict[str, Json] = {}
        self._expect: dict[str, Json] = {}
        self._verdicts: list[Verdict] = []

    def choose(self, items: Sequence[OpenSubject]) -> None:
        """Keeps those that the rule wants."""
        for item in items:
            self._tried += 1
            event = event_of(item, now=self._now)
            view = self._view(event, item.facts)
            chosen = self._walk(view).wants(self.rule)
            if chosen is not None:
                self._wanted.append(_Item(event=event, view=view, rule=chosen))

    def each(self) -> None:
        for item in self._wanted:
            self._act(item.view, item.rule)

    def list_(self) -> None:
        """One message for each channel, of what goes there."""
        for rule in dict.fromkeys(item.rule.name for item in self._wanted):
            items = [item for item in self._wanted if item.rule.name == rule]
            fixed = [spec for spec in items[0].rule.actions if spec.to.by is None]
            if fixed:
                self._act(self._folded(items), replace(items[0].rule, actions=tuple(fixed)))
            for spec in items[0].rule.actions:
                if spec.to.by is not None:
                    self._by_channel(spec, items)

    def _by_channel(self, spec: ActionSpec, items: list[_Item]) -> None:
        routed: dict[str, list[_Item]] = {}
        for item in items:
            for channel in planning.channels(spec.to, Asker(name=item.rule.name), item.view):
                routed.setdefault(channel, []).append(item)
        for channel, some in routed.items():
            fixed = replace(spec, to=Routing(to=(channel,)))
            self._act(self._folded(some), replace(some[0].rule, actions=(fixed,)))

    def _act(self, view: View, rule: Rule) -> None:
        """As for an event: mutes, once, hours and the rest hold for time rules too."""
        walk = self._walk(view)
        walk.act(rule)
        ids: dict[ActionId, ActionId] = {}
        for action in walk.plan.actions:
            ids[action.id] = action_id(self._release, len(self._actions))
            root = ids.get(action.root, action.root) if action.root else None
            self._actions.append(replace(action, id=ids[action.id], root=root))
        self._held += walk.gates.held
        self._remember |= walk.gates.remember
        self._expect = {**walk.gates.expect, **self._expect}
        self._verdicts += walk.verdicts

    def _walk(self, view: View) -> Walk:
        threads = {key: self.reader.threads(key) for key in view.subjects}
        return Walk(view, self._ruleset, Plan(view, threads), self.reader)

    def _view(self, event: Event, facts: Mapping[str, Json]) -> View:
        view = view_of(
            event,
            delivery=self._release,
            facts={event.subjects[0]: facts},
            now=self._now,
            ruleset=self._ruleset,
            around=self._around,
        )
        # There is no event that a forge could be asked about.
        spec = replace(self._around.specs[event.kind], line=_line, reply=None, fields=())
        return replace(view, specs={**self._around.specs, event.kind: spec})

    def _folded(self, items: list[_Item]) -> View:
        """What a text sees of all of them: `count`, `items`, and what they have in common."""
        events = [item.event for item in items]
        shared = _shared([event.fields for event in events])
        authors = [event.fields["author"] for event in events if "author" in event.fields]
        lookup = scope(
            [{**event.fields, "ref": event.fields.get("mr")} for event in events],
            [author for author in authors if isinstance(author, Person)],
            shared,
        )
        first = events[0]
        event = replace(
            first,
            subjects=(SubjectKey(f"{first.instance}:-:list:{items[0].rule.name}"),),
            fields=shared,
            project=first.project if "project" in shared else None,
            url="",
        )
        view = self._view(event, {})
        spec = replace(view.specs[event.kind], line=lambda _event: _listed(events), reply=None)
        return replace(view, lookup=lookup, specs={**view.specs, event.kind: spec})

    def decision(self) -> Decision:
        sent = [v for v in self._verdicts if v.outcome is Outcome.SENT]
        errors = [v for v in self._verdicts if v.outcome is Outcome.ERROR]
        told = f"{len(self._wanted)} of {self._tried} open"
        reasons = dict.fromkeys(v.reason for v in (errors or self._verdicts) if v.reason)
        if not self._wanted:
            reasons = {_NOTHING: None}
        outcome = Outcome.SENT if sent else Outcome.ERROR if errors else Outcome.WITHHELD
        verdict = Verdict(
            rule=self.rule.name,
            file=self.rule.file,
            line=self.rule.line,
            outcome=outcome,
            reason="; ".join([told, *list(reasons)[:5]]),
        )
        return Decision(
            ruleset=self._ruleset.hash,
            names=("every",),
            verdicts=(verdict,),
            actions=tuple(self._actions),
            remember=self._remember,
            expect=self._expect,
            held=tuple(self._held),
        )


def _shared(every: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """What all have alike; people of any of them."""
    first, *rest = every
    shared = {
        name: value for name, value in first.items() if all(o.get(name) == value for o in rest)
    }
    for name in ("author", "reviewers", "assignees"):
        people: dict[str, Person] = {}
        for fields in every:
            value = fields.get(name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Person):
                    people.setdefault(one.username.lower(), one)
        if people:
            shared[name] = tuple(people.values())
    return shared


# -- default texts -------------------------------------------------------------------------------


def _line(event: Event) -> Message:
    """`!12 Title · waiting 2 d 3 h`."""
    return Message(text=_told(event))


def _told(event: Event) -> Text:
    ref = event.fields["mr"]
    parts: list[Part] = [wording.linked(getattr(ref, "label", ""), event.url)]
    for name in ("waiting", "idle"):
        value = event.fields.get(name)
        if isinstance(value, timedelta):
            parts.append(f"{name} {spell_duration(value)}")
            break
    return join(" · ", parts)


def _listed(events: Sequence[Event]) -> Message:
    head = text(wording.count(len(events), "open merge request"))
    return Message(text=head, body=(wording.rows([_told(event) for event in events], _LINES),))
