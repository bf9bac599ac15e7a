"""The admin channel is told of what needs a person: folded, and never in a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pytest

from bot.errors import RulesError, StoreError
from bot.message import Message, text
from bot.model import Action, ActionId, DeliveryId, Fault, Lane, Level, SubjectKey
from bot.slack.mrkdwn import plain
from bot.worker.notices import NOTICES, Notices
from tests.worker.bench import Clock


@dataclass
class Outbox:
    kept: list[tuple[Action, Lane]] = field(default_factory=list)
    broken: bool = False

    async def enqueue(self, actions: Sequence[tuple[Action, Lane]], *, now: datetime) -> None:
        if self.broken:
            raise StoreError("down")
        self.kept += actions

    def lines(self) -> list[str]:
        [(action, _)] = self.kept
        assert action.message is not None
        return [plain(line) for line in action.message.body]


@dataclass
class Desk:
    channel: str | None = "#admin"
    outbox: Outbox = field(default_factory=Outbox)

    def __post_init__(self) -> None:
        numbers = count(1)
        self.notices = Notices(
            store=self.outbox,
            channel=lambda: self.channel,
            clock=Clock(),
            new_id=lambda: DeliveryId(f"N{next(numbers):025}"),
            workspace="slack",
        )

    def dead(self, channel: str = "#dev", *, rule: str = "a rule", code: str = "gone") -> None:
        action = Action(
            id=ActionId("D.0"),
            verb="post",
            rule=rule,
            channel=channel,
            subject=SubjectKey("gitlab:1:mr:7"),
            message=Message(text=text("hello")),
        )
        self.notices.dead(action, error=f"chat.postMessage for {channel}: {code}", code=code)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def broken(*texts: str) -> RulesError:
    return RulesError(
        [
            Fault(file="rules.yaml", line=3, column=5, level=Level.ERROR, text=words)
            for words in texts
        ]
    )


async def test_nothing_to_tell_is_not_told(desk: Desk) -> None:
    await desk.notices.flush()
    assert desk.outbox.kept == []


async def test_a_dead_letter_is_told_once(desk: Desk) -> None:
    desk.dead(code="is_archived")
    await desk.notices.flush()
    await desk.notices.flush()
    [(action, lane)] = desk.outbox.kept
    assert (action.rule, action.channel, lane) == (NOTICES, "#admin", "send:slack:#admin")
    [line] = desk.outbox.lines()
    assert "1 message to #dev" in line
    assert "archived" in line


async def test_many_dead_letters_of_a_kind_are_one_line(desk: Desk) -> None:
    for _ in range(500):
        desk.dead()
    desk.dead("#ci")
    await desk.notices.flush()
    one, other = desk.outbox.lines()
    assert "500 messages to #dev" in one
    assert "1 message to #ci" in other


async def test_many_kinds_are_cut_and_counted(desk: Desk) -> None:
    for number in range(15):
        desk.dead(f"#c{number}")
    await desk.notices.flush()
    *shown, last = desk.outbox.lines()
    assert len(shown) == 10
    assert "5 more" in last


async def test_a_dead_notice_is_not_told_again(desk: Desk) -> None:
    desk.dead("#admin", rule=NOTICES)
    await desk.notices.flush()
    assert desk.outbox.kept == []


async def test_broken_rules_are_told_with_their_place(desk: Desk) -> None:
    desk.notices.rules_broken(broken("unknown key `onn`", "no verb"))
    await desk.notices.flush()
    [line] = desk.outbox.lines()
    assert "rules.yaml:3:5" in line
    assert "and 1 more" in line


async def test_only_the_latest_state_of_the_rules_is_told(desk: Desk) -> None:
    desk.notices.rules_broken(broken("first"))
    desk.notices.rules_broken(broken("second"))
    await desk.notices.flush()
    [line] = desk.outbox.lines()
    assert "second" in line


async def test_without_an_admin_channel_nothing_gathers(desk: Desk) -> None:
    desk.channel = None
    desk.dead()
    await desk.notices.flush()
    desk.channel = "#admin"
    await desk.notices.flush()
    assert desk.outbox.kept == []


async def test_a_store_that_fails_delays_the_notice(desk: Desk) -> None:
    desk.outbox.broken = True
    desk.dead()
    await desk.notices.flush()
    desk.outbox.broken = False
    await desk.notices.flush()
    assert len(desk.outbox.kept) == 1


async def test_what_gathered_is_told_when_the_bot_stops(desk: Desk) -> None:
    stop = asyncio.Event()
    desk.dead()
    stop.set()
    running = asyncio.ensure_future(desk.notices.run(stop))
    await running
    assert len(desk.outbox.kept) == 1


async def test_a_person_is_told_at_once(desk: Desk) -> None:
    await desk.notices.tell("U0ALICE01", Message(text=text("hello")))
    ((action, lane),) = desk.outbox.kept
    assert (action.verb, action.channel, lane) == ("dm", "U0ALICE01", "send:slack:U0ALICE01")
