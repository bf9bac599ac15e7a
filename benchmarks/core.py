"""One push of 12 kB through the pure part: read, understood, decided, written, shown."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson

from benchmarks import deliveries
from benchmarks.table import Figure, Repeats
from bot import events
from bot.model import DeliveryId
from bot.payload import open_object
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.load import load
from bot.rules.remembered import Playback
from bot.slack.blocks import blocks
from bot.store.codec import dump_action, dump_json, dump_trace, load_action, load_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from pathlib import Path

    from bot.message import Message
    from bot.model import Action, Decision, Event

Taken = TypeVar("Taken")
Made = TypeVar("Made")

#: As many as a worker takes at once.
_BATCH: Final = 50
_BATCHES: Final = 8
_NOW: Final = datetime(2026, 3, 2, 10, tzinfo=UTC)
_SOURCE: Final = Source(forge="gitlab", instance="gitlab", event="Push Hook")
#: Candidates of every push beside the project's own rule; none of them wants these.
_OTHERS: Final = """\
  - {on: push, project: shop/**, branch: [$default, release/*], post: "#releases"}
  - {on: push, project: shop/**, if: {paths: "**/*.proto"}, post: "#api"}
  - {on: push, if: {bot: true}, post: "#machines"}
  - {on: push, if: not bot and commit_count > 100, post: "#large"}
  - {on: push, branch: [hotfix/*, "!hotfix/old"], batch: daily 09:00, name: fixes, post: "#hot"}
  - {on: mr, card: "#dev"}
"""


async def core(_folder: Path, repeats: Repeats) -> AsyncIterator[Figure]:
    """Each step on its own by processor time, the best of the rounds; and their sum."""
    requests = deliveries.Requests("localhost")
    bodies = [requests.next().partition(b"\r\n\r\n")[2] for _ in range(_BATCH * _BATCHES)]
    batches = [bodies[start : start + _BATCH] for start in range(0, len(bodies), _BATCH)]
    steps = _Steps()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # as in a running bot
    rounds = []
    for _ in range(repeats.rounds + 1):
        steps.took = {}
        for batch in batches:
            steps.go(batch)
        rounds.append(steps.took)
    best = {name: min(one[name] for one in rounds) / len(bodies) * 1e6 for name in rounds[0]}
    for name, took in best.items():
        yield Figure(f"one push of 12 kB: {name}", took, "us")
    yield Figure("one push of 12 kB, all of it", sum(best.values()), "us", wanted=250)


class _Steps:
    def __init__(self) -> None:
        rules = load({"rules.yaml": deliveries.rules() + _OTHERS}, "rules.yaml")
        self._playback = Playback(rules, Surroundings(specs=events.SPECS))
        self._number = 0
        #: Seconds by step.
        self.took: dict[str, float] = {}

    def go(self, bodies: Sequence[bytes]) -> None:
        read = self._timed("read the JSON", partial(open_object, member="commits"), bodies)
        known = self._timed("understand", lambda body: events.understand(_SOURCE, body), read)
        decided = self._timed("decide, its default text made", self._decide, known)
        actions = [action for one in decided for action in one.actions]
        assert len(actions) == len(bodies)  # noqa: S101 - else something else is measured
        self._timed("write the trace", lambda one: dump_json(dump_trace(one)), decided)
        written = self._timed("write the action", lambda one: dump_json(dump_action(one)), actions)
        taken = self._timed("read the action", lambda raw: load_action(load_json(raw)), written)
        self._timed("show it as Slack wants it", _wire, _messages(taken))

    def _decide(self, event: Event) -> Decision:
        self._number += 1
        delivery = DeliveryId(f"d{self._number:025}")
        return self._playback.feed(event, delivery=delivery, now=_NOW, facts={})

    def _timed(
        self, name: str, work: Callable[[Taken], Made], given: Sequence[Taken]
    ) -> list[Made]:
        started = process_time()
        made = [work(one) for one in given]
        self.took[name] = self.took.get(name, 0.0) + process_time() - started
        return made


def _messages(actions: Iterable[Action]) -> list[Message]:
    return [action.message for action in actions if action.message is not None]


def _wire(message: Message) -> bytes:
    shown = blocks(message)
    body: dict[str, Any] = {"text": shown.text, "blocks": shown.blocks}
    return orjson.dumps(body | {"attachments": shown.attachments})
