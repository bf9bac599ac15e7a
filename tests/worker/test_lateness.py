"""What comes late says so, and so does what was there before the hook."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.message import Message, text
from bot.model import Action, Decision, Delivery, DeliveryId, Lane, SubjectKey, action_id
from bot.worker.lateness import FRESH, Lateness
from tests.worker.bench import Clock

AT = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)
DELIVERY = Delivery(
    id=DeliveryId("d1"),
    forge="gitlab",
    instance="gitlab",
    hook="h1",
    key="k1",
    event="Push Hook",
    lane=Lane("decide:gitlab:7"),
    headers={},
    body=b"{}",
    received_at=AT,
)
POST = Action(
    id=action_id(DELIVERY.id, 0),
    verb="post",
    rule="r",
    channel="C1",
    subject=SubjectKey("s"),
    message=Message(text=text("pushed"), context=(text("below"),)),
)
REACTION = replace(POST, id=action_id(DELIVERY.id, 1), verb="react", message=None, emoji="eyes")
DECISION = Decision(ruleset="x", names=("push",), actions=(POST, REACTION))


@dataclass
class Announced:
    known: dict[tuple[str, str], datetime] = field(default_factory=dict)
    reads: int = 0

    async def late(self) -> dict[tuple[str, str], datetime]:
        self.reads += 1
        return dict(self.known)


def notes(decision: Decision) -> list[str]:
    first = decision.actions[0].message
    assert first is not None
    return [str(span.value) for part in first.context for span in part if hasattr(span, "value")]


async def test_what_was_announced_is_marked_with_its_time() -> None:
    late = Lateness(Announced({("h1", "k1"): AT}), Clock())
    made = await late.mark(DELIVERY, DECISION)
    assert notes(made) == [
        "below",
        "🕰 late: this was at 2026-11-22 03:15 UTC, while the bot was away",
    ]
    assert made.actions[1] == REACTION


async def test_everything_else_is_left_as_it_is() -> None:
    late = Lateness(Announced({("h1", "k2"): AT, ("h2", "k1"): AT}), Clock())
    assert await late.mark(DELIVERY, DECISION) is DECISION


async def test_what_is_fed_says_that_it_was_open_already() -> None:
    late = Lateness(Announced(), Clock())
    fed = replace(DELIVERY, headers={"x-bot-origin": "open"})
    assert notes(await late.mark(fed, DECISION))[-1] == "it was open already when its hook was made"


async def test_announcements_are_looked_up_once_in_a_while() -> None:
    announced, clock = Announced(), Clock()
    late = Lateness(announced, clock)
    for _ in range(3):
        await late.mark(DELIVERY, DECISION)
    assert announced.reads == 1
    announced.known["h1", "k1"] = AT
    clock.at += FRESH + timedelta(seconds=1)
    assert await late.mark(DELIVERY, DECISION) is not DECISION
