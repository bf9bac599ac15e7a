"""Both loops over a real store, with a chat in memory and a clock that is moved by hand."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from bot.errors import NotSent
from bot.events.samples import sample
from bot.message import Message, text
from bot.metrics import Metrics
from bot.model import Action, Delivery, DeliveryId, Lane, SubjectKey, action_id
from bot.rules.load import load
from bot.slack.mrkdwn import render
from bot.store import Store, open_store
from bot.worker.deciding import Decider
from bot.worker.delivering import Deliverer
from bot.worker.directory import Directory
from bot.worker.privacy import Privacy
from tests.fakes.chat import FakeChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.model import OutboxItem
    from bot.outside import Trace
    from bot.ports import ClaimedItem
    from bot.rules.ruleset import Ruleset

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MR = SubjectKey("gitlab:15:mr:7")
RULES = """\
version: 1
channels: {dev: "#dev", ci: "#ci"}
rules:
  - name: pushes
    on: push
    post: dev
"""


@dataclass
class Clock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Book:
    """The rules in force, changed by the test."""

    current: Ruleset


def rules(text_: str) -> Ruleset:
    return load({"rules.yaml": text_}, "rules.yaml")


@dataclass
class Bench:
    store: Store
    clock: Clock = field(default_factory=Clock)
    gap_s: float = 0.0
    trace: Trace | None = None
    #: The one that nobody sets, when it is another one.
    steady: Clock | None = None
    given_up: list[tuple[Action, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chat = FakeChat(now=self.clock.now)
        self.directory = self._directory()
        self.book = Book(rules(RULES))
        self.metrics = Metrics(CollectorRegistry())
        self.decider = self._decider()
        self.deliverer = self._deliverer()
        self.count = 0

    def restart(self) -> None:
        """What a process knows is gone."""
        self.directory = self._directory()
        self.decider, self.deliverer = self._decider(), self._deliverer()

    def unlisted(self) -> None:
        """Slack's channels cannot be listed: names stay names until a receipt teaches an id."""
        for _ in range(1000):
            self.chat.fail("channels", NotSent("no scope"))

    def use(self, text_: str) -> None:
        self.book.current = rules(text_)

    # -- deliveries --------------------------------------------------------------------------

    async def receive(self, name: str = "push", **overrides: Any) -> DeliveryId:
        headers, body = sample(name, overrides=overrides)
        project = f"{overrides.get('project', 'shop/api')}"
        return await self.keep(body, headers["X-Gitlab-Event"], project=project)

    async def keep(
        self, body: bytes, event: str, *, project: str = "shop/api", hook: str = "shared"
    ) -> DeliveryId:
        self.count += 1
        delivery = Delivery(
            id=DeliveryId(f"D{self.count:025}"),
            forge="gitlab",
            instance="gitlab",
            hook=hook,
            key=f"key {self.count}",
            event=event,
            lane=Lane(f"decide:gitlab:{project}"),
            headers={"x-gitlab-event": event},
            body=body,
            received_at=self.clock.now(),
        )
        assert await self.store.append(delivery)
        return delivery.id

    async def decide(self) -> None:
        """Everything that waits."""
        while await decide_one(self.decider):
            pass

    async def take(self, name: str = "push", **overrides: Any) -> DeliveryId:
        """Received and decided."""
        delivery = await self.receive(name, **overrides)
        await self.decide()
        return delivery

    # -- actions -----------------------------------------------------------------------------

    async def plan(self, words: str = "", **changes: Any) -> Action:
        """A post to #dev, unless changed, that waits in its channel's lane."""
        self.count += 1
        given: dict[str, Any] = {
            "id": action_id(DeliveryId(f"P{self.count:025}"), 0),
            "verb": "post",
            "rule": "a rule",
            "channel": "C0DEV",
            "subject": MR,
            "message": Message(text=text(words or f"message {self.count}")),
        }
        action = Action(**(given | changes))
        await self.store.enqueue([(action, self.lane(action.channel))], now=self.clock.now())
        return action

    def lane(self, channel: str) -> Lane:
        return Lane(f"send:slack:{channel}")

    async def claim(self) -> ClaimedItem | None:
        claimed = (await self.deliverer.turn((), limit=1)).claimed
        return claimed[0] if claimed else None

    async def handle(self, claimed: ClaimedItem) -> None:
        ended = await self.deliverer.handle(claimed)
        if ended is not None:
            await self.deliverer.turn([ended], limit=0)

    async def step(self) -> bool:
        """One action of a lane that is ready; False when none is."""
        claimed = await self.claim()
        if claimed is not None:
            await self.handle(claimed)
        return claimed is not None

    async def send(self) -> None:
        """Everything that is ready now."""
        while await self.step():
            pass

    async def send_all(self) -> None:
        """Everything, however long it takes by the clock."""
        await self.send()
        while (ready := await self.store.next_ready(now=self.clock.now())) is not None:
            self.clock.at = max(ready, self.clock.at)
            await self.send()

    async def items(self, state: str | None = None) -> tuple[OutboxItem, ...]:
        return await self.store.list_outbox(state=state, limit=1000)

    def said(self, channel: str = "dev") -> list[str]:
        return [render(post.message.text) for post in self.chat.in_channel(f"#{channel}")]

    # -- parts -------------------------------------------------------------------------------

    def _directory(self) -> Directory:
        used = lambda: self.book.current.names()  # noqa: E731 - of the rules as they are then
        return Directory(chat=self.chat, store=self.store, clock=self.clock, used=used)

    def _decider(self) -> Decider:
        return Decider(
            store=self.store,
            hooks=self.store,
            book=self.book,
            channels=self.directory.ids,
            clock=self.clock,
            metrics=self.metrics,
        )

    def _deliverer(self) -> Deliverer:
        return Deliverer(
            store=self.store,
            chat=self.chat,
            privacy=Privacy(self.book, self.directory.ids, readers=self.chat, quiet=self.store),
            clock=self.clock,
            gap=timedelta(seconds=self.gap_s),
            jitter=lambda: 0.0,
            metrics=self.metrics,
            trace=self.trace,
            given_up=self._dead,
            learnt=self.directory.learn,
            steady=self.steady,
        )

    def _dead(self, action: Action, *, error: str, code: str) -> None:
        self.given_up.append((action, code or error))


async def decide_one(decider: Decider) -> bool:
    """What one lane holds, again when another lane changed what it saw; False when none waits."""
    cases = (await decider.turn((), limit=1)).claimed
    found = bool(cases)
    while cases:
        judged = [one for one in [await decider.handle(case) for case in cases] if one is not None]
        cases = (await decider.turn(judged, limit=0)).claimed
    return found


async def root(bench: Bench, **changes: Any) -> Action:
    """A posted first message."""
    action = await bench.plan("root", claims=("gitlab:15:mr:7",), **changes)
    await bench.send()
    return action


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{folder}/bot.db", secret_key="a key for tests") as store:
        yield store
