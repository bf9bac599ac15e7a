"""Doubles of what the web process stands on, and a real loopback server around it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry

from bot.errors import PayloadError, StoreError
from bot.forges.github import GITHUB
from bot.metrics import Metrics
from bot.model import Delivery, HookRecord, Json
from bot.outside import Identity, Received
from bot.web.front import open_front
from bot.web.health import Health
from bot.web.hook_cache import HookCache
from bot.web.ids import DeliveryIds
from bot.web.precedence import Precedence
from bot.web.receive import Receiver
from bot.web.routes import Pages, build
from bot.web.rules_state import RulesState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.web.console import Console

SHARED_SECRET = "the shared secret of this test"
HOOK_SECRET = "the own secret of this hook"
JSON_TYPE = {"Content-Type": "application/json"}


@dataclass
class ManualClock:
    """A clock that is moved by hand."""

    at: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class MemoryInbox:
    """An inbox in memory; `broken` makes it refuse."""

    kept: list[Delivery] = field(default_factory=list)
    broken: bool = False
    probes_hang: bool = False

    async def append(self, delivery: Delivery) -> bool:
        if self.broken:
            raise StoreError("disk full")
        if any((d.hook, d.key) == (delivery.hook, delivery.key) for d in self.kept):
            return False
        self.kept.append(delivery)
        return True

    async def probe(self) -> None:
        if self.probes_hang:
            await asyncio.Event().wait()
        if self.broken:
            raise StoreError("disk full")


@dataclass
class MemoryHooks:
    """Hook records in memory, and how often they were asked for."""

    records: dict[str, HookRecord] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    seen: list[tuple[str, bool]] = field(default_factory=list)
    broken: bool = False

    async def hook(self, hook_id: str) -> HookRecord | None:
        self.reads.append(hook_id)
        if self.broken:
            raise StoreError("database does not answer")
        return self.records.get(hook_id)

    async def mark_seen(self, hook_id: str, *, proved: bool, now: datetime) -> None:
        if self.broken:
            raise StoreError("database does not answer")
        self.seen.append((hook_id, proved))

    async def mark_rotated(self, hook_id: str, *, retire_at: datetime) -> None:
        if self.broken:
            raise StoreError("database does not answer")
        if self.records[hook_id].retire_at is None:
            self.records[hook_id] = replace(self.records[hook_id], retire_at=retire_at)

    def add(
        self,
        hook_id: str,
        *,
        status: str = "active",
        instance: str = "gitlab",
        forge: str = "gitlab",
    ) -> HookRecord:
        record = HookRecord(
            id=hook_id,
            forge=forge,
            instance=instance,
            project_id="7",
            project="group/app",
            remote_id="1",
            secrets=(HOOK_SECRET,),
            status=status,
        )
        self.records[hook_id] = record
        return record

    def change(self, hook_id: str, *, secrets: tuple[str, ...]) -> None:
        self.records[hook_id] = replace(self.records[hook_id], secrets=secrets)


@dataclass
class SigningForge:
    """A forge that signs its raw bytes, and that remembers what it was asked to verify."""

    name: str = "gitlab"
    forms: bool = False
    telling: type = dict
    verified: list[bytes] = field(default_factory=list)

    def verify(self, received: Received, secrets: Sequence[str], *, now: datetime) -> bool:
        self.verified.append(received.body)
        given = received.headers.get("x-signature", "")
        return any(hmac.compare_digest(sign(received.body, s), given) for s in secrets)

    def disowned(self, headers: Mapping[str, str]) -> str:
        return ""

    def identify(self, received: Received, body: Json) -> Identity:
        if body.get("unreadable"):
            raise PayloadError("$.project: expected dict, got str")
        event = received.headers.get("x-gitlab-event", "")
        digest = hashlib.sha256(event.encode() + b"\0" + received.body).hexdigest()
        project = body.get("project")
        return Identity(
            key=received.headers.get("idempotency-key", digest),
            event=event,
            project_id=None if project is None else str(project),
            place=received.headers.get("x-gitlab-instance", ""),
        )


def sign(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class KnownForge:
    name: str
    forge: str
    url: str


@dataclass
class Site:
    """A running web process: its address and everything behind it."""

    clock: ManualClock = field(default_factory=ManualClock)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    hooks: MemoryHooks = field(default_factory=MemoryHooks)
    forge: SigningForge = field(default_factory=SigningForge)
    rules: RulesState = field(
        default_factory=lambda: RulesState(status="ok", file="rules.yaml", rules=3)
    )
    shared_secret: str | None = SHARED_SECRET
    body_timeout_s: float = 20.0
    console: Console | None = None
    pages: tuple[Pages, ...] = ()
    extra: tuple[web.AbstractRouteDef, ...] = ()
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> web.Application:
        receiver = Receiver(
            inbox=self.inbox,
            hooks=HookCache(self.hooks, self.clock),
            forges=(self.forge, GITHUB),
            shared_secret=self.shared_secret,
            instances=(
                KnownForge("gitlab", "gitlab", "https://gitlab.com"),
                KnownForge("inner", "gitlab", "https://git.inner.example/gitlab"),
                KnownForge("works", "github", "https://git.works.example/api/v3"),
                KnownForge("github", "github", "https://api.github.com"),
            ),
            clock=self.clock,
            new_id=DeliveryIds(self.clock, random.Random(1).getrandbits).at,
            metrics=self.metrics,
            precedence=Precedence(),
            body_timeout_s=self.body_timeout_s,
        )
        health = Health(
            inbox=self.inbox, rules=lambda: self.rules, metrics=self.metrics, probe_timeout_s=0.01
        )
        app = build(
            receiver=receiver,
            health=health,
            new_error_id=lambda: "error-1",
            console=self.console,
            pages=self.pages,
        )
        app.add_routes(self.extra)
        return app


@asynccontextmanager
async def served(site: Site, *, port: int = 0) -> AsyncIterator[ClientSession]:
    """The site on a loopback port (0 = a free one), and a client whose base it is."""
    runner = web.AppRunner(site.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    open_front(runner)
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        site.port = runner.addresses[0][1]
        async with ClientSession(site.url) as client:
            yield client
    finally:
        await runner.cleanup()
