"""The parts of the bot, introduced to each other: the only file that names them all."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector

from bot import forges
from bot.app.commanding import LateCommands
from bot.app.forges import Forges
from bot.app.listening import LateListener
from bot.app.page import Reads, Repairs, render
from bot.app.signing_in import WaysIn
from bot.metrics import Metrics
from bot.model import Job
from bot.preview.changes import Changes
from bot.preview.chat import PreviewChat
from bot.rules.load import includes_of, load
from bot.rules.testing import check_tests
from bot.slack import mrkdwn
from bot.slack.client import SlackChat
from bot.store import Store
from bot.tracing import NO_TRACES
from bot.web import routes
from bot.web.access import Access
from bot.web.console import Console
from bot.web.health import Health
from bot.web.hook_cache import HookCache
from bot.web.ids import DeliveryIds, delivery_ids
from bot.web.once import OncePage
from bot.web.precedence import Precedence
from bot.web.receive import Receiver
from bot.web.rules_state import RulesState
from bot.web.signing_in import SignInPage
from bot.web.sources import Sources
from bot.web.traced import TracedInbox, timed_hooks
from bot.worker import gauges, loops, upkeep
from bot.worker.deciding import Decider
from bot.worker.delivering import Deliverer
from bot.worker.directory import Directory
from bot.worker.faces import Acquaintances
from bot.worker.jobs import JobRunner
from bot.worker.lateness import Lateness
from bot.worker.notices import Notices
from bot.worker.presence import Presence
from bot.worker.privacy import Privacy
from bot.worker.rulebook import Rulebook, reader
from bot.worker.schedules import Scheduler
from bot.worker.shadow import Shadow
from bot.worker.tending import Tender
from bot.worker.timekeeping import Steady
from bot.worker.webhooks import Webhooks

if TYPE_CHECKING:
    from bot.app.commands import CommandRunner
    from bot.config import Settings
    from bot.message import Message
    from bot.model import DeliveryId
    from bot.slack.listener import CommandRequest
    from bot.tracing import Traces
    from bot.worker.timekeeping import Timekeeper

log = structlog.get_logger()


class Role(Enum):
    """What a process does: `bot run`, `bot web`, `bot worker`."""

    ALL = "run"
    WEB = "web"
    WORKER = "worker"

    @property
    def listens(self) -> bool:
        return self is not Role.WORKER

    @property
    def works(self) -> bool:
        return self is not Role.WEB


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Parts:
    """Everything that is open, introduced to each other."""

    def __init__(
        self,
        settings: Settings,
        role: Role,
        *,
        store: Store,
        chat: SlackChat | PreviewChat,
        changes: Changes,
        web: Webhooks,
        clock: Timekeeper,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.settings = settings
        self.role = role
        self.store = store
        self.chat = chat
        self.changes = changes
        self.webhooks = web
        self.traces = traces
        self.clock = clock
        #: Of what only this process knows.
        self.steady = Steady(self.clock.now())
        self.ways = WaysIn(settings, store)
        registry = CollectorRegistry()
        # Memory, processor time, open files.
        ProcessCollector(registry=registry)
        self.metrics = Metrics(registry)
        self.forges = Forges(settings, self.steady, self.metrics.called)
        self.precedence = Precedence()
        self.new_id = delivery_ids(self.clock)
        self.workspace = "preview" if settings.preview else "slack"
        self.directory = Directory(
            chat=chat, store=store, clock=self.steady, used=lambda: self.rules.current.names()
        )
        self.who = Acquaintances(store=store, chat=chat, clock=self.steady)
        self.notices = Notices(
            store=store,
            channel=self._admin_channel,
            clock=self.clock,
            new_id=self.new_id,
            workspace=self.workspace,
        )
        self.rules = Rulebook(
            path=Path(settings.rules),
            store=store,
            load=load,
            includes=includes_of,
            clock=self.clock,
            told=self.notices.rules_broken,
            prove=partial(check_tests, render=mrkdwn.render, read=reader(Path(settings.rules))),
        )
        self.shadow = Shadow(
            store=store,
            book=self.rules,
            load=load,
            clock=self.clock,
            process=secrets.token_hex(4),
        )
        listens = role.listens and settings.slack_bot_token is not None
        self.commands = LateCommands(settings, store, self._runner)
        self.listener = LateListener(settings, self.submit) if listens else None

    def _admin_channel(self) -> str | None:
        return self.settings.admin_channel or self.rules.current.admin

    async def submit(self, request: CommandRequest) -> None:
        """Keeps a command that Slack sent; one that came before is kept once."""
        await self.store.add_job(
            Job(
                id=request.id,
                command="hook",
                args=tuple(request.text.split()),
                who=request.user_id,
                channel=request.channel_id,
                reply_to=request.response_url,
                created_at=self.clock.now(),
            )
        )

    def rules_state(self) -> RulesState:
        rules, file = self.rules, self.settings.rules
        if not rules.loaded:
            return RulesState(status="none", file=file, faults=rules.faults)
        return RulesState(
            status="stale" if rules.stale else "ok",
            file=file,
            rules=len(rules.current.rules),
            hash=rules.current.hash,
            loaded_at=rules.loaded_at,
            faults=(*rules.faults, *rules.current.warnings),
        )

    def work(self, stop: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        """The loops of this role; each runs until `stop`."""
        both = [
            self.rules.follow(self.store, stop, reads=self.role.works),
            gauges.run(self.store, self.metrics, stop),
            self.clock.run(stop),
        ]
        if not self.role.works:
            return both
        pump = partial(
            loops.pump, clock=self.clock, wakeups=self.store, stop=stop, way=self.precedence
        )
        return [
            *both,
            self.rules.watch(stop),
            self.notices.run(stop),
            self.shadow.run(stop),
            upkeep.run(
                self.store,
                self.clock,
                stop,
                keep=timedelta(days=self.settings.retention_days),
            ),
            pump(self._decider(), "deliveries", width=loops.DECIDERS),
            pump(self._deliverer(), "outbox", width=loops.SENDERS),
            # Several: one that takes many projects in turn must not hold the others back.
            *[loops.turn(self._jobs(), "jobs", self.store, stop) for _ in range(3)],
            loops.turn(self._scheduler(), "schedules", self.store, stop),
            self._tender().run(stop),
            *self._presence(stop),
        ]

    def _presence(self, stop: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        if not isinstance(self.chat, SlackChat):
            return []
        tell, rooms = self.notices.note, self.chat.rooms
        return [Presence(book=self.rules, store=self.store, rooms=rooms, tell=tell).run(stop)]

    def _decider(self) -> Decider:
        return Decider(
            store=self.store,
            hooks=self.store,
            book=self.rules,
            channels=self.directory.ids,
            clock=self.clock,
            metrics=self.metrics,
            workspace=self.workspace,
            facts=self.forges.facts(),
            accounts=self.forges.accounts,
            shadow=self.shadow,
            way=self.precedence,
            lateness=Lateness(self.store, self.steady),
            who=self.who,
            shared=self.directory.shared,
            traces=self.traces,
        )

    def _scheduler(self) -> Scheduler:
        ids, clock = self.directory.ids, self.clock
        return Scheduler(
            store=self.store,
            book=self.rules,
            channels=ids,
            clock=clock,
            workspace=self.workspace,
            who=self.who,
            shared=self.directory.shared,
            traces=self.traces,
        )

    def _deliverer(self) -> Deliverer:
        return Deliverer(
            store=self.store,
            chat=self.chat,
            privacy=Privacy(self.rules, self.directory.ids, readers=self.chat, quiet=self.store),
            clock=self.clock,
            gap=timedelta(seconds=self.settings.channel_gap_s),
            jitter=random.random,
            metrics=self.metrics,
            caller=self.forges.caller(self.webhooks, self.store),
            trace=self.chat if isinstance(self.chat, PreviewChat) else None,
            given_up=self.notices.dead,
            learnt=self.directory.learn,
            traces=self.traces,
            steady=self.steady,
        )

    def _tender(self) -> Tender:
        return Tender(
            store=self.store,
            nurse=self.commands,
            tell=self.notices.note,
            clock=self.clock,
            every=timedelta(seconds=self.settings.hooks_check_s),
            jitter=random.random,
            who=secrets.token_hex(4),
            found_off=self.metrics.found_off,
        )

    def _jobs(self) -> JobRunner:
        return JobRunner(store=self.store, chat=self.chat, commands=self.commands, clock=self.clock)

    def _runner(self) -> CommandRunner:
        from bot.app.commands import CommandRunner

        return CommandRunner(
            settings=self.settings,
            hooks=self.store,
            rules=self.rules,
            clock=self.clock,
            channels=self.directory,
            once=self.store,
            history=self.store,
            mutes=self.store,
            people=self.store,
            audit=self.store,
            tell=self.notices.tell,
            keeper=self.store,
            ways=self.ways,
        )

    def health(self) -> Health:
        return Health(inbox=self.store, rules=self.rules_state, metrics=self.metrics)

    def application(self) -> web.Application:
        settings = self.settings
        receiver = Receiver(
            inbox=TracedInbox(self.store, self.traces) if self.traces.kept else self.store,
            hooks=HookCache(self.store, self.steady),
            forges=forges.ALL,
            shared_secret=settings.webhook_secret.reveal() if settings.webhook_secret else None,
            instances=settings.instances,
            clock=self.clock,
            new_id=self.new_id.at,
            metrics=self.metrics,
            precedence=self.precedence,
            sources=Sources(settings.trusted_proxies),
        )
        access = self._access()
        return routes.build(
            receiver=receiver,
            health=self.health(),
            new_error_id=lambda: secrets.token_hex(6),
            console=self._console(access),
            pages=(
                OncePage(
                    secrets=self.store,
                    access=access,
                    ways=self.ways,
                    write=self._write,
                    clock=self.clock,
                ),
                SignInPage(ways=self.ways, store=self.store, admins=settings.bot_admins),
            ),
            slack=self.listener.handle if self.listener is not None else None,
            outermost=(timed_hooks,) if self.traces.kept else (),
        )

    async def _write(self, person: str, message: Message) -> None:
        """A direct message, at once: somebody waits for it."""
        await self.chat.post(
            person, message, key=secrets.token_hex(8), thread=None, broadcast=False
        )

    def _access(self) -> Access:
        token = self.settings.console_token
        return Access(
            host=self.settings.host,
            token=token.reveal() if token is not None else None,
            clock=self.clock,
            sessions=self.store,
            sources=Sources(self.settings.trusted_proxies),
            public=self.settings.public,
        )

    def _console(self, access: Access) -> Console:
        return Console(
            access=access,
            reads=Reads(self.store),
            repairs=Repairs(self.store, self.clock, self.new_id),
            jobs=self.store,
            rules=self.rules_state,
            live=self.changes,
            render=render,
            new_job_id=lambda: secrets.token_hex(8),
            clock=self.clock,
            preview=self.settings.preview,
        )


def new_delivery_id() -> DeliveryId:
    """For a process that makes only a few."""
    return DeliveryIds(SystemClock(), secrets.randbits)()
