"""Who is who, prepared for decisions: read often, asked rarely, never in the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.errors import CredentialRefused, NotSent
from bot.model import Person
from bot.people import Account
from bot.rules.load import load
from bot.worker.faces import Acquaintances
from tests.deciding import event_of
from tests.fakes.chat import FakeChat
from tests.fakes.people import MemoryPeople
from tests.worker.bench import Clock

if TYPE_CHECKING:
    from bot.model import Event
    from bot.people import Faces

MENTIONS = "channels: {dev: C0DEV0001}\nrules:\n- {on: push, post: {to: dev, mention: author}}"
SILENT = "channels: {dev: C0DEV0001}\nrules:\n- {on: push, post: dev}"
BOB = Account(slack="U0BOB0001", instance="gitlab", username="Bob")


@dataclass
class Desk:
    people: MemoryPeople = field(default_factory=MemoryPeople)
    chat: FakeChat = field(default_factory=FakeChat)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.who = Acquaintances(store=self.people, chat=self.chat, clock=self.clock)

    async def known(self, *people: Person, rules: str = MENTIONS) -> Faces:
        ruleset = load({"rules.yaml": rules}, "rules.yaml")
        return await self.who.known(ruleset, asked(*people) if people else None)


def asked(*people: Person) -> Event:
    event = event_of("mr.opened")
    return replace(event, actor=None, fields={"reviewers": people})


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.chat.members = {"carl@example.com": "U0CARL001"}
    return made


CARL = Person(username="carl", email="Carl@Example.com")
DAVE = Person(username="dave", email="dave@example.com")


async def test_links_and_quiet_people_are_fresh_within_seconds(desk: Desk) -> None:
    assert (await desk.known()).linked == {}
    await desk.people.save_account(BOB)
    await desk.people.set_quiet("U0BOB0001", quiet=True, now=desk.clock.now())
    desk.clock.at += timedelta(seconds=2)
    faces = await desk.known()
    assert faces.linked == {("gitlab", "bob"): BOB}
    assert faces.quiet == {"U0BOB0001"}


async def test_an_address_is_looked_up_once_found_or_not(desk: Desk) -> None:
    for _ in range(3):
        assert (await desk.known(CARL, DAVE)).by_email == {"carl@example.com": "U0CARL001"}
    assert desk.chat.looked_up == ["carl@example.com", "dave@example.com"]
    desk.clock.at += timedelta(hours=7)
    await desk.known(CARL, DAVE)
    assert desk.chat.looked_up[2:] == ["dave@example.com"]


async def test_whoever_is_known_otherwise_is_not_looked_up(desk: Desk) -> None:
    await desk.people.save_account(replace(BOB, username="carl"))
    robot = Person(username="robo", email="robo@example.com", bot=True)
    await desk.known(CARL, robot, Person(username="nobody"))
    assert desk.chat.looked_up == []


async def test_rules_that_mention_nobody_look_nobody_up(desk: Desk) -> None:
    await desk.known(CARL, rules=SILENT)
    assert desk.chat.looked_up == []
    await desk.known(CARL, rules=SILENT.replace("post: dev", "dm: author"))
    assert desk.chat.looked_up == ["carl@example.com"]


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (NotSent("busy", code="ratelimited"), timedelta(seconds=5)),
        (CredentialRefused("no scope", code="missing_scope"), timedelta(hours=1)),
    ],
)
async def test_a_failure_leaves_them_unmentioned_for_a_while(
    desk: Desk, error: Exception, later: timedelta
) -> None:
    desk.chat.fail("member", error)  # type: ignore[arg-type]  # both are CallErrors
    assert (await desk.known(CARL, DAVE)).by_email == {}
    assert (await desk.known(CARL)).by_email == {}
    assert len(desk.chat.looked_up) == 1
    desk.clock.at += later
    assert (await desk.known(CARL)).by_email == {"carl@example.com": "U0CARL001"}


async def test_who_could_not_be_asked_for_is_told(desk: Desk) -> None:
    await desk.known(DAVE)
    for wait_s in (5, 10, 20):
        desk.chat.fail("member", NotSent("busy", code="ratelimited"))
        for _ in range(2):
            assert (await desk.known(CARL, DAVE)).unasked == {"carl@example.com"}
        desk.clock.at += timedelta(seconds=wait_s)
    assert (await desk.known(CARL)).unasked == frozenset()
    assert len(desk.chat.looked_up) == 5


async def test_user_groups_are_listed_only_for_handles(desk: Desk) -> None:
    desk.chat.handles = {"platform-team": "S0PLAT001"}
    assert (await desk.known()).teams == {}
    faces = await desk.known(rules=f'groups: {{platform: "@platform-team"}}\n{MENTIONS}')
    assert faces.teams == {"platform-team": "S0PLAT001"}
