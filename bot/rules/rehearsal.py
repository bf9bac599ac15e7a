"""Which rules want nothing of what really happened: stored events through the rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot import events
from bot.errors import PayloadError
from bot.model import Fault, Level, Outcome
from bot.payload import read_object
from bot.rules.backtest import Recorded, askable
from bot.rules.comparison import every_rule
from bot.rules.decide import Surroundings
from bot.rules.remembered import Playback

if TYPE_CHECKING:
    from bot.rules.ruleset import Rule, Ruleset


@dataclass(slots=True)
class Rehearsal:
    """Feed it deliveries, oldest first, until nothing is `left`."""

    ruleset: Ruleset
    #: Rules that an event could start and none has, by name.
    left: dict[str, Rule] = field(init=False)
    events: int = 0
    _playback: Playback = field(init=False)

    def __post_init__(self) -> None:
        timed = {rule.name for rule in self.ruleset.time_rules}
        self.left = {
            rule.name: rule
            for rule in every_rule(self.ruleset)
            if not rule.first and rule.name not in timed
        }
        self._playback = Playback(self.ruleset, Surroundings(specs=events.SPECS))

    def feed(self, recorded: Recorded) -> None:
        try:
            event = events.understand(recorded.source, read_object(recorded.body))
        except PayloadError:
            return
        self.events += 1
        decision = self._playback.feed(
            event,
            delivery=recorded.id,
            now=recorded.received_at,
            around=Surroundings(specs=events.SPECS, late=recorded.late),
            history=askable(event, recorded.history),
        )
        for verdict in decision.verdicts:
            # What is unknown may have wanted it.
            if verdict.outcome is not Outcome.NO_MATCH:
                self.left.pop(verdict.rule, None)

    def faults(self, span: str) -> tuple[Fault, ...]:
        """A warning for each that is left. `span`: `30 d`."""
        if not self.events:
            return ()
        said = f"wants none of the {self.events:,} events of the last {span}".replace(",", " ")
        return tuple(
            Fault(
                file=rule.file,
                line=rule.line,
                column=1,
                level=Level.WARNING,
                text=f"rule `{name}` {said}",
                hint="`bot explain --all DELIVERY` says why not, condition by condition",
            )
            for name, rule in self.left.items()
        )
