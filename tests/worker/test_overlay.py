"""What a claim's decisions see of each other is what the store gives afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.message import Message, text
from bot.model import Action, Decision, DeliveryId, Needs, SubjectKey, Thread, action_id
from bot.ports import Settled
from bot.worker.overlay import Overlay
from tests.store.make import next_deliveries, settle_deliveries
from tests.worker.bench import MR, START, Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

BRANCH = SubjectKey("gitlab:15:branch:main")
KEYS = ("a", "b", "c")


def claiming(number: int, verb: str, *subjects: SubjectKey, channel: str = "C0DEV") -> Action:
    return Action(
        id=action_id(DeliveryId(f"D{number:025}"), 0),
        verb=verb,
        rule=f"rule {number}",
        channel=channel,
        subject=subjects[0],
        message=Message(text=text("x")),
        claims=subjects,
    )


def decision(*actions: Action, **remember: Any) -> Decision:
    return Decision(ruleset="r", names=("push",), actions=actions, remember=remember)


STORIES: dict[str, list[Decision]] = {
    "a root": [decision(claiming(1, "post", MR))],
    "a later root takes over": [
        decision(claiming(1, "post", MR)),
        decision(claiming(2, "post", MR)),
    ],
    "a card and a root stand beside each other": [
        decision(claiming(1, "card", MR)),
        decision(claiming(2, "post", MR)),
    ],
    "a root and then a card": [
        decision(claiming(1, "post", MR)),
        decision(claiming(2, "card", MR)),
    ],
    "two channels": [
        decision(claiming(1, "post", MR), claiming(2, "post", MR, channel="C0CI")),
    ],
    "one message of two subjects": [decision(claiming(1, "post", MR, BRANCH))],
    "memory": [decision(a=1, b={"x": [1, 2]}), decision(a=None, c="text")],
}


def shown(threads: Sequence[Thread]) -> list[tuple[str, str, str, bool]]:
    return [(thread.channel, thread.root, thread.rule, thread.card) for thread in threads]


@pytest.mark.parametrize("asked_first", [True, False])
@pytest.mark.parametrize("story", STORIES)
async def test_the_next_decision_sees_what_the_store_will_give(
    bench: Bench, story: str, asked_first: bool
) -> None:
    needs = Needs(memory=KEYS, threads=(MR, BRANCH))
    overlay = Overlay(bench.store)
    if asked_first:
        await overlay.load(needs)
    settled: list[Settled] = []
    for made in STORIES[story]:
        overlay.apply(made, START)
        delivery = await bench.receive()
        lanes = tuple(bench.lane(action.channel) for action in made.actions)
        settled.append(Settled(delivery=delivery, status="decided", decision=made, lanes=lanes))
    await overlay.load(needs)
    claimed = await next_deliveries(bench.store, now=START, limit=50)
    assert claimed is not None
    await settle_deliveries(bench.store, claimed.claim, settled, now=START)

    stored = (await bench.store.load_state((), (MR, BRANCH)))[1]
    for key in (MR, BRANCH):
        assert sorted(shown(overlay.state.threads[key])) == sorted(shown(stored[key]))
        last_card = [thread.card for thread in overlay.state.threads[key]]
        assert last_card == sorted(last_card), "the card is last"
    memory = await bench.store.load_memory(KEYS)
    assert {key: overlay.state.memory[key] for key in KEYS} == memory


async def test_what_was_loaded_is_not_asked_for_again(bench: Bench) -> None:
    asked: list[tuple[str, ...]] = []

    class Memories:
        async def load_state(
            self, memory: Sequence[str], threads: Sequence[SubjectKey]
        ) -> tuple[dict[str, Any], dict[SubjectKey, tuple[Thread, ...]]]:
            asked.append((*memory, *threads))
            return dict.fromkeys(memory), dict.fromkeys(threads, ())

    overlay = Overlay(Memories())
    await overlay.load(Needs(memory=("a",), threads=(MR,)))
    await overlay.load(Needs(memory=("a", "b"), threads=(MR, BRANCH)))
    await overlay.load(Needs(memory=("a",)))
    assert asked == [("a", MR), ("b", BRANCH)]
