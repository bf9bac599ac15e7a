"""One body through everything that is pure: read, decide, render; and what must hold of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, get_args

from bot import events
from bot.errors import PayloadError
from bot.forges import markdown as forge_markdown
from bot.message import Message, dump_message, load_message
from bot.model import DeliveryId, Outcome
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from bot.sizes import Size, sized
from bot.slack.blocks import blocks
from tests.fakes.slack_contract import complaints

if TYPE_CHECKING:
    from bot.model import Decision, Event
    from tests.fuzz.mutations import Seed

RULES: Final = """
people: {alice: U0ALICE01, bob: U0BOB0001}
rules:
  - {on: any, post: "#all"}
  - {on: any, post: {to: "#lines", size: line}}
  - {on: any, post: {to: "#rows", size: compact}}
  - {on: any, post: {to: "#cards", size: card, mention: [author, reviewers, assignees]}}
  - {on: [mr, pipeline, comment, issue], card: {to: "#live", follow: [comments, reviews, state, pipeline]}}
  - {on: any, reply: {}}
  - name: own words
    on: any
    post:
      to: "#own"
      text: >-
        *{{ actor }}* {{ title | code }} {{ mr | link }} {{ description | markdown(500) }}
        {{ comment.text | excerpt(80) }} {{ labels | join(', ') }} {{ payload.user }}
        {{ reviewers | mention }} {{ url | link('here') }} {{ branch }} {{ duration | duration }}
"""  # noqa: E501 - YAML reads better so
#: Of processor time, for the way from the parsed body to what Slack would be sent.
LIMIT_MS: Final = 50.0
#: After so many bodies what is remembered is forgotten: states grow, and are not what is tried.
_LIFE: Final = 200
_START: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Broken(AssertionError):
    """Something that must hold does not."""


@dataclass
class Way:
    """Keeps what the bot would remember between deliveries."""

    ruleset: Any = field(default_factory=lambda: load({"rules.yaml": RULES}, "rules.yaml"))
    count: int = 0
    playback: Playback = field(init=False)

    def __post_init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.playback = Playback(self.ruleset, Surroundings(specs=events.SPECS))

    def go(self, seed: Seed) -> float:
        """Milliseconds of processor time. Raises Broken, and whatever the bot raises."""
        if self.count % _LIFE == 0:
            self._forget()
        self.count += 1
        began = time.process_time()
        sent = self._sent(seed)
        took = (time.process_time() - began) * 1000
        for one in sent:
            check(one)
        return took

    def _sent(self, seed: Seed) -> list[dict[str, Any]]:
        source = Source(forge=seed.forge, instance=seed.forge, event=seed.header)
        try:
            event = events.understand(source, seed.body)
        except PayloadError:
            return []  # told to whoever runs the bot, by its path
        now = _START + timedelta(seconds=self.count)
        delivery = DeliveryId(f"d{self.count}")
        decision = self.playback.feed(event, delivery=delivery, now=now)
        _no_errors(decision)
        return [
            _rendered(action.message) for action in decision.actions if action.message is not None
        ]

    def looks(self, seed: Seed) -> None:
        """What rules would seldom show: every size, the reply, the form for forges."""
        source = Source(forge=seed.forge, instance=seed.forge, event=seed.header)
        try:
            event = events.understand(source, seed.body)
        except PayloadError:
            return
        for message in _messages(event):
            check(_rendered(message))
            for part in (message.text, *message.body, *message.context):
                _harmless(forge_markdown.render(part))


def _messages(event: Event) -> list[Message]:
    spec = events.SPECS[event.kind]
    line = spec.line(event)
    said = [Message(text=spec.reply(event))] if spec.reply else []
    return [line, *said, *(sized(line, size, event) for size in get_args(Size))]


def _no_errors(decision: Decision) -> None:
    wrong = [v for v in decision.verdicts if v.outcome is Outcome.ERROR and v.rule != "own words"]
    if wrong:
        raise Broken(f"a default text failed: {wrong[0]}")


def _rendered(message: Message) -> dict[str, Any]:
    if load_message(dump_message(message)) != message:
        raise Broken("the outbox would lose a part of the message")
    sent = blocks(message)
    return {"text": sent.text, "blocks": [*sent.blocks], "attachments": [*sent.attachments]}


def check(sent: dict[str, Any]) -> None:
    """Within Slack's limits, every `<` one of the bot's own."""
    call = {"channel": "C0DEV", "parse": "none", "link_names": False, **sent}
    told = complaints("chat.postMessage", call)
    if told:
        raise Broken(told[0])


def _harmless(shown: str) -> None:
    if any(line.lstrip().startswith("/") for line in shown.split("\n")):
        raise Broken(f"a quick action of the forge: {shown[:80]!r}")
