"""Between what a verb plans and what is done: once, mutes, throttle, hours, batch (1.4.11-12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.actions import keys
from bot.rules.holding import Turn, hold, throttle_key, turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot import actions
    from bot.actions.plan import Asker, Plan, View
    from bot.actions.spec import ActionSpec
    from bot.model import Action, Json
    from bot.rules.mutes import Muting
    from bot.rules.ruleset import Rule
    from bot.rules.state_reader import StateReader
    from bot.waiting import Held


class Gates:
    """Lets each action of a rule through, keeps it for later, or drops it."""

    def __init__(self, view: View, plan: Plan, reader: StateReader, muting: Muting) -> None:
        self.view = view
        self.plan = plan
        self.reader = reader
        self.muting = muting
        self.held: list[Held] = []
        self.remember: dict[str, Json] = {}
        #: What was seen under keys that other lanes may write as well.
        self.expect: dict[str, Json] = {}

    def pass_on(self, verb: actions.Verb, rule: Rule, spec: ActionSpec, asker: Asker) -> str | None:
        """Why nothing was sent at once; None when something was."""
        muted = self.muting.of(rule.name)
        if muted is not None:
            return muted.reason
        denied: dict[str, str] = {}
        barred: dict[str, str] = {}
        asker = replace(
            asker,
            spent=lambda channel: self._denied(rule, spec, channel, denied),
            barred=_noting(asker.barred, barred),
        )
        before = len(self.plan.actions)
        if rule.timing.gated:
            reason, reached = self._timed(verb, rule, spec, asker)
        else:
            reason = verb.plan(spec, asker, self.plan)
            reached = {action.channel for action in self.plan.actions[before:]}
        if rule.once is not None:
            self._spend(rule, spec, reached)
        if reason is not None and (barred or denied) and not reached:
            return next(iter((*barred.values(), *denied.values())))
        for why in barred.values():
            self.plan.remark(asker, f"withheld from one channel: {why}")
        return reason

    # -- once and mutes ------------------------------------------------------------------------

    def _denied(self, rule: Rule, spec: ActionSpec, channel: str, denied: dict[str, str]) -> bool:
        mute = self.muting.of(rule.name, channel)
        if mute is not None:
            denied[channel] = mute.reason
        elif rule.once is not None:
            since = self.reader.get(self._once_key(rule, spec, channel))
            if since is not None:
                denied[channel] = f"once={rule.once} (sent {str(since)[:16]} to {channel})"
        return channel in denied

    def _once_key(self, rule: Rule, spec: ActionSpec, channel: str) -> str:
        subject = keys.of_kind(rule.once or "", self.view) or self.view.subjects[0]
        return f"once:{rule.name}:{spec.verb}:{channel}:{subject}"

    def _spend(self, rule: Rule, spec: ActionSpec, reached: Iterable[str]) -> None:
        for channel in reached:
            key = self._once_key(rule, spec, channel)
            self.expect[key] = self.reader.get(key)
            self.remember[key] = self.view.now.isoformat()

    # -- time ----------------------------------------------------------------------------------

    def _timed(
        self, verb: actions.Verb, rule: Rule, spec: ActionSpec, asker: Asker
    ) -> tuple[str | None, set[str]]:
        """Plans aside what the rule wants, then each action takes its turn."""
        aside = self.plan.aside()
        reason = verb.plan(replace(spec, mention=()), asker, aside)
        if not aside.actions:
            return reason, set()
        going: set[str] = set()
        reasons: dict[str, None] = {}
        reached: set[str] = set()
        for action in aside.actions:
            made = self._turn(rule, action)
            if made.outcome == "go":
                going.add(action.channel)
            else:
                reasons[made.reason] = None
            if made.outcome == "hold":
                self.held.append(hold(rule, spec, action, self.view, made))
            if made.outcome != "drop":
                reached.add(action.channel)
        if not going:
            return "; ".join(reasons), reached
        return verb.plan(spec, replace(asker, only=frozenset(going)), self.plan), reached

    def _turn(self, rule: Rule, action: Action) -> Turn:
        if rule.timing.throttle is None:
            return turn(rule, action.verb, self.view, None)
        key = throttle_key(rule, action.verb, action.channel, self.view)
        made = turn(rule, action.verb, self.view, self.reader.get(key))
        if made.opens_until is not None:
            self.expect[key] = self.reader.get(key)
            self.remember[key] = made.opens_until.isoformat()
        return made


def _noting(
    ask: Callable[[str], str | None], barred: dict[str, str]
) -> Callable[[str], str | None]:
    """Keeps what is answered of channels that may not learn of the event."""

    def asked(channel: str) -> str | None:
        why = ask(channel)
        if why is not None:
            barred[channel] = why
        return why

    return asked
