"""One walk over the rules for one event: who matches, what they plan, and why the others do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot import actions
from bot.actions import card as cards
from bot.actions import follow
from bot.actions.follow import Follower
from bot.actions.plan import Asker
from bot.actions.spec import ActionSpec
from bot.errors import RenderError
from bot.model import Check, Outcome, Verdict
from bot.rules.doubts import Doubts
from bot.rules.facts import Facts
from bot.rules.gates import Gates
from bot.rules.mutes import CHAT_MUTES, Muting, mutes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bot.actions.plan import Plan, View
    from bot.actions.spec import Lookup
    from bot.model import Thread
    from bot.rules.ruleset import Condition, Rule, Ruleset
    from bot.rules.state_reader import StateReader

#: Candidate verdicts kept with a delivery, and how many of them are of rules that do not match; the
#: rest are worked out on demand.
VERDICT_LIMIT: Final = 200
_UNMATCHED_LIMIT: Final = 160
#: The rule's name in traces and messages of a hook's own channel.
DEFAULT_ROUTE: Final = "default route of the hook"
_DEFAULT_POST: Final = ActionSpec(verb="post", line=0)


class Walk:
    """One walk over the rules."""

    def __init__(self, view: View, ruleset: Ruleset, plan: Plan, reader: StateReader) -> None:
        self.view = view
        self.ruleset = ruleset
        self.plan = plan
        plan.recall = reader.get
        plan.look = reader.threads
        self.reader = reader
        self.verdicts: list[Verdict] = []
        chat_mutes = reader.get(CHAT_MUTES)
        mutes = mutes_of(ruleset, chat_mutes, now=view.now)
        self.muting = Muting(mutes, view.lookup, view.channel)
        self.gates = Gates(view, plan, reader, self.muting)
        self.tried = 0
        self._wanted: list[tuple[Rule, ActionSpec]] = []
        self._matched: list[Rule] = []
        self._facts = Facts(view.event, view.spec, reader)
        #: Of conditions that did not hold; many rules share one.
        self._failed: dict[int, Check] = {}

    def walk(self, default_route: str | None) -> None:
        if self._muted():
            return
        project = self.view.event.project
        rules, last = self.ruleset.candidates(self.view.names, project.path if project else "")
        doubts = Doubts(past=self.reader.past, verdicts=self.verdicts)
        stopped = self._try(rules, doubts)
        if not self._matched and not stopped:
            self._try(last, doubts.of_all())
        edited = cards.edit(self.plan, self._followers())
        self._carry()
        if followed := (*edited, *self._new_cards(), *self._posts()):
            # What the bot did itself changes its messages, and is not echoed below them.
            if not self.view.own:
                follow.follow(self.plan, followed)
            follow.mark(self.plan, followed, self.reader.get)
        if not self._matched and not stopped and default_route is not None:
            self._default(default_route)

    def wish(self) -> None:
        """Asks for what the cards of this delivery show and the event does not tell."""
        wishes, own = self.view.spec.wishes, self.view.subjects[0]
        cards = (action for action in self.plan.actions if action.verb == "card")
        if wishes is not None and any(action.subject == own for action in cards):
            self._facts.wish(wishes(self.view.event))

    def wants(self, rule: Rule) -> Rule | None:
        """The rule, or the first of its children, when it wants the event."""
        return None if self.muting.everything() else self._match(rule, rule.conditions)

    def act(self, rule: Rule) -> None:
        """Does what a rule wants that was found to match."""
        self._matched.append(rule)
        self._wanted += [(rule, spec) for spec in rule.actions]
        self._carry()

    def _muted(self) -> bool:
        mute = self.muting.everything()
        if mute is None:
            return False
        self.verdicts.append(
            Verdict(
                rule="(all)",
                file=mute.file,
                line=mute.line,
                outcome=Outcome.WITHHELD,
                reason=mute.reason,
            )
        )
        return True

    def _try(self, rules: Sequence[Rule], doubts: Doubts) -> bool:
        """Whether a `stop` ended the evaluation of this delivery."""
        closed: set[str] = set()
        for rule in self._passing(rules, closed):
            chosen = self._match(rule, rule.rest)
            if chosen is None and rule.stop and self.reader.asking:
                return True  # what is below may never be tried: it asks for nothing yet
            if chosen is None:
                doubts.look(rule)
                continue
            if (doubt := doubts.about(rule)) is not None:
                self._note(chosen, Outcome.UNKNOWN, doubt)
                continue
            self._accept(chosen)
            if not (chosen.stop or rule.stop):
                continue
            if not rule.included:
                return True
            closed.add(rule.file)
        return False

    def _accept(self, chosen: Rule) -> None:
        self._matched.append(chosen)
        self._wanted += [(chosen, spec) for spec in chosen.actions]
        if not chosen.actions:
            self._note(chosen, Outcome.SENT, "stop" if chosen.stop else "no action")

    def _passing(self, rules: Sequence[Rule], closed: set[str]) -> Iterator[Rule]:
        """Those not in a closed file whose conditions hold, or may hold if that must be asked.

        The way of nearly every candidate ends here: it is worth no call more than it needs. Rules
        share what they ask alike, and it is asked once.
        """
        lookup, secret = self.view.lookup, self.view.event.confidential
        known: dict[Callable[[Lookup], bool], bool] = {}
        self.tried += len(rules)
        room = _UNMATCHED_LIMIT
        for rule in rules:
            if closed and rule.file in closed:
                continue
            if secret or rule.asks:
                yield rule
                continue
            for condition in rule.rest:
                test = condition.passed
                held = known.get(test)
                if held is None:
                    held = known[test] = test(lookup)
                if not held:
                    if room:
                        room -= 1
                        self._note(rule, Outcome.NO_MATCH, failed=condition)
                    break
            else:
                yield rule

    def _match(self, rule: Rule, conditions: tuple[Condition, ...]) -> Rule | None:
        """The rule, or the first of its children, that wants the event; `conditions`: those of
        the rule that are not known to hold."""
        if self.view.event.confidential and not rule.confidential:
            self._note(rule, Outcome.NO_MATCH, "confidential")
            return None
        if not self._holds(rule, conditions):
            return None
        if not rule.first:
            return rule if self._can_say(rule) else None
        for child in rule.first:
            held = self._holds(child, child.conditions)
            if held is None:
                return None
            if held:
                return child if self._can_say(child) else None
        return None

    def _holds(self, rule: Rule, conditions: tuple[Condition, ...]) -> bool | None:
        """Whether these conditions of the rule hold; None when that cannot be known, or not
        yet."""
        lookup = self.view.lookup
        for condition in conditions:
            if condition.asks and not self._knows(rule, _asks(rule.conditions)):
                return None
            if not condition.passed(lookup):
                self._note(rule, Outcome.NO_MATCH, failed=condition)
                return False
        return True

    def _can_say(self, rule: Rule) -> bool:
        """Whether its texts are known; without an API to ask they go without."""
        asks = _asks(rule.actions)
        return not asks or self.reader.offline or self._knows(rule, asks)

    def _knows(self, rule: Rule, asks: Sequence[str]) -> bool:
        """Whether all of the fields are known; the forge's API is asked for what is not."""
        why = self._facts.unknown(asks)
        if why is not None:
            self._note(rule, Outcome.UNKNOWN, why)
            return False
        return not self._facts.missing(asks)

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
                    "; ".join(dict.fromkeys((*filter(None, found), *self._remarks(rule)))),
                )

    def _remarks(self, rule: Rule) -> list[str]:
        return self.plan.remarks.get(rule.name, [])

    def _plan(self, verb: actions.Verb, rule: Rule, spec: ActionSpec) -> str | None:
        if self.view.own and (verb.outside or not rule.own):
            return "own: the bot itself caused it"
        # What goes to people, or to the forge itself, goes to no channel.
        elsewhere = verb.outside or verb.name == "dm"
        asker = Asker(name=rule.name) if elsewhere else self._asker(rule)
        return self.gates.pass_on(verb, rule, spec, asker)

    def _asker(self, rule: Rule) -> Asker:
        return Asker(name=rule.name, barred=self.view.barred, apart=rule.timing.apart)

    def _followers(self) -> dict[str, list[Follower]]:
        """The card rules of each channel that holds a card of the event's, in file order."""
        held = {thread.channel for thread in self.plan.cards()}
        found: dict[str, dict[int, tuple[Rule, ActionSpec]]] = {}
        for written, specs in self.ruleset.cards_to.items() if held else ():
            channel = self.view.channel(written)
            if channel in held:
                found.setdefault(channel, {}).update(specs)
        return {
            channel: [self._follower(*specs[number], channel) for number in sorted(specs)]
            for channel, specs in found.items()
        }

    def _follower(self, rule: Rule, spec: ActionSpec, channel: str) -> Follower:
        asker = self._asker(rule)
        may = asker.may(channel) and self.muting.of(rule.name, channel) is None
        return Follower(rule=rule.name, asker=asker if may else None, topics=spec.follow, spec=spec)

    def _new_cards(self) -> list[tuple[Thread, Follower]]:
        """Those of this delivery: what was known before may have left marks."""
        fresh = {action.id for action in self.plan.actions if action.verb == "card"}
        specs = self.ruleset.cards
        return [
            (thread, self._follower(*specs[thread.rule], thread.channel))
            for thread in (self.plan.cards() if fresh else ())
            if thread.root in fresh and thread.rule in specs
        ]

    def _posts(self) -> list[tuple[Thread, Follower]]:
        """The event's messages, new ones included, whose rules follow what they are about."""
        found: list[tuple[Thread, Follower]] = []
        for thread in self.plan.roots() if self.ruleset.following else ():
            for rule, spec in self.ruleset.following.get(thread.rule, ()):
                channels = map(self.view.channel, spec.to.channels)
                if not thread.card and thread.channel in channels:
                    found.append((thread, self._follower(rule, spec, thread.channel)))
                    break
        return found

    def _default(self, channel: str) -> None:
        """The hook's own channel, for what no rule wanted; never anything confidential."""
        event = self.view.event
        echoes = {name.name for name in self.view.spec.names if name.is_echo}
        if event.confidential or self.view.own or set(event.names) <= echoes:
            return
        post = next(verb for verb in actions.ALL if verb.name == "post")
        spec = replace(_DEFAULT_POST, to=replace(_DEFAULT_POST.to, to=(channel,)))
        idle = "it does not tell what changed" if self.view.spec.idle(event) else None
        reason = idle or self._barred(channel)
        reason = reason or post.plan(spec, Asker(name=DEFAULT_ROUTE), self.plan)
        self.verdicts.append(
            Verdict(
                rule=DEFAULT_ROUTE,
                file="",
                line=0,
                outcome=Outcome.WITHHELD if reason else Outcome.SENT,
                reason=reason or "no rule wanted it",
            )
        )

    def _barred(self, channel: str) -> str | None:
        return self.view.barred(self.view.channel(channel))

    def _note(
        self, rule: Rule, outcome: Outcome, reason: str = "", failed: Condition | None = None
    ) -> None:
        if outcome is Outcome.NO_MATCH and len(self.verdicts) >= _UNMATCHED_LIMIT:
            return
        check = None
        if failed is not None:
            check = self._failed.get(id(failed))
            if check is None:
                check = self._failed[id(failed)] = _check(failed, self.view.lookup, passed=False)
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


def _asks(parts: Iterable[Condition | ActionSpec]) -> list[str]:
    return [name for part in parts for name in part.asks]


def failed_check(conditions: tuple[Condition, ...], lookup: Lookup) -> Condition | None:
    """The first condition that does not hold."""
    for condition in conditions:
        if not condition.passed(lookup):
            return condition
    return None


def _check(condition: Condition, lookup: Lookup, *, passed: bool) -> Check:
    seen = condition.seen(lookup)
    return Check(field=condition.field, wanted=condition.wanted, seen=seen, passed=passed)
