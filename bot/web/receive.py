"""`POST /hooks/…`: verify, store, acknowledge. Nothing is believed before it is verified, and
nothing is answered 2xx before it is on disk."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

import structlog
from aiohttp import HttpVersion11, web

from bot.errors import PayloadError, StoreError
from bot.model import Delivery, Lane
from bot.outside import Identity, Received
from bot.web.attempts import WINDOW, Attempts
from bot.web.reading import (
    Refusal,
    Room,
    body_of,
    check_length,
    check_type,
    headers_of,
    is_form,
    members_of,
)
from bot.web.ready import DUPLICATE, SEEN, STORED, Ready
from bot.web.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prometheus_client import Counter

    from bot.metrics import Metrics
    from bot.model import DeliveryId, HookRecord, Json
    from bot.outside import Forge
    from bot.ports import Clock, Inbox
    from bot.web.hook_cache import HookCache
    from bot.web.precedence import Precedence

log = structlog.get_logger()

#: Longer than forges wait for an answer (GitLab, github.com: ten seconds).
BODY_TIMEOUT_S: Final = 12.0
#: A hook's `last_seen_at` is written at most this often.
SEEN_EVERY: Final = timedelta(minutes=1)
#: After a delivery with the new secret: those of the old one may still be under way.
OLD_SECRET_FOR: Final = timedelta(minutes=10)
#: `Delivery.hook` of the paths that share WEBHOOK_SECRET.
SHARED: Final = "shared"

#: Headers worth keeping; everything else, and above all every secret, is left behind.
KEPT_HEADERS: Final = frozenset(
    {
        "content-type",
        "user-agent",
        "idempotency-key",
        "webhook-id",
        "webhook-timestamp",
        "x-gitlab-event",
        "x-gitlab-event-uuid",
        "x-gitlab-instance",
        "x-gitlab-webhook-uuid",
        "x-github-delivery",
        "x-github-enterprise-host",
        "x-github-enterprise-version",
        "x-github-event",
        "x-github-hook-id",
        "x-github-hook-installation-target-id",
        "x-github-hook-installation-target-type",
    }
)

_TOO_MANY: Final = 429
_PROJECT_ID: Final = re.compile(r"[\w./-]{1,100}", re.ASCII)
_MAX_KEY: Final = 128
_MAX_EVENT: Final = 100


class KnownInstance(Protocol):
    """What the receiver needs of a configured instance."""

    @property
    def name(self) -> str: ...
    @property
    def forge(self) -> str: ...
    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Door:
    """Who may come in by a path: its hook id, instance and secrets."""

    forge: Forge
    hook_id: str
    secrets: tuple[str, ...]
    record: HookRecord | None = None


class Receiver:
    """The handlers of `/hooks/{forge}` and `/hooks/{forge}/{hook_id}`."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        hooks: HookCache,
        forges: Sequence[Forge],
        shared_secret: str | None,
        instances: Sequence[KnownInstance],
        clock: Clock,
        new_id: Callable[[datetime], DeliveryId],
        metrics: Metrics,
        precedence: Precedence,
        sources: Sources | None = None,
        body_timeout_s: float = BODY_TIMEOUT_S,
    ) -> None:
        self._inbox = inbox
        self._hooks = hooks
        self._forges = {forge.name: forge for forge in forges}
        self._shared_secret = shared_secret
        self._shared = {
            forge.name: _Door(forge=forge, hook_id=SHARED, secrets=(shared_secret or "",))
            for forge in forges
        }
        self._instances = {
            forge.name: tuple(one for one in instances if one.forge == forge.name)
            for forge in forges
        }
        self._clock = clock
        self._new_id = new_id
        self._metrics = metrics
        self._precedence = precedence
        self._body_timeout_s = body_timeout_s
        self._room = Room()
        self._counters: dict[tuple[str, str], Counter] = {}
        self._seen: dict[str, datetime] = {}
        self._attempts = Attempts(clock)
        self._sources = sources or Sources()
        # Bound once: each call of `log` looks its settings up anew.
        self._log = log.bind()

    async def expect(self, request: web.Request) -> web.StreamResponse | None:
        """Answers `Expect: 100-continue`: a body that will be refused is not asked for."""
        try:
            check_length(request)
        except Refusal as refusal:
            found = request.match_info
            return self._refused(request, found["forge"], found.get("hook_id"), refusal)
        if request.version == HttpVersion11 and request.headers["Expect"].lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # an interim answer is no part of the final one
        return None

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """As the router found it."""
        found = request.match_info
        return await self.take(request, found["forge"], found.get("hook_id"))

    async def take(
        self, request: web.BaseRequest, forge: str, hook_id: str | None
    ) -> web.StreamResponse:
        """`forge`, `hook_id`: the words of its path; None for the path that all share."""
        try:
            return await self._take(request, forge, hook_id)
        except Refusal as refusal:
            return self._refused(request, forge, hook_id, refusal)
        except StoreError as error:
            log.warning("delivery not stored", error=str(error), **_place(forge, hook_id))
            again = Refusal(503, "cannot store it now: try again")
            return self._refused(request, forge, hook_id, again)

    async def _take(
        self, request: web.BaseRequest, forge: str, hook_id: str | None
    ) -> web.StreamResponse:
        headers = headers_of(request)
        door = await self._door(forge, hook_id, headers)
        source = self._sources.of(request)
        if self._attempts.is_turned_away(source):
            raise Refusal(429, "too many deliveries from here did not fit their hook's secret")
        check_length(request)
        check_type(request, headers, door.forge)
        body = await body_of(request, self._body_timeout_s, self._room)
        received = Received(headers=headers, body=body)
        now = self._clock.now()
        door = await self._verified(door, received, source, now)
        await self._notice_rotation(door, received, now)
        started = perf_counter()
        with self._precedence.request():
            found = members_of(body, door.forge, form=is_form(request, door.forge))
            if door.record is not None and door.record.status == "proving":
                await self._proved(door.record)
                return SEEN.to(request)
            delivery = self._delivery(door, received, found, now)
            stored = await self._inbox.append(delivery)
            if door.record is not None:
                await self._mark_seen(door.record, now)
        self._metrics.receive_s.observe(perf_counter() - started)
        self._note(delivery, stored=stored)
        return (STORED if stored else DUPLICATE).to(request)

    async def _door(self, name: str, hook_id: str | None, headers: Mapping[str, str]) -> _Door:
        forge = self._forges.get(name)
        if forge is None:
            raise Refusal(404, f"no such forge; one of {', '.join(sorted(self._forges))}")
        stranger = forge.disowned(headers)
        if stranger:
            raise Refusal(
                404,
                f"{stranger} is not supported, though its deliveries look like those of"
                f" {forge.name}; supported: {', '.join(sorted(self._forges))}",
            )
        if hook_id is not None:
            return _own_door(forge, await self._hooks.get(hook_id), self._clock.now())
        if not self._shared_secret:
            raise Refusal(404, "no such hook: this path needs WEBHOOK_SECRET to be set")
        return self._shared[forge.name]

    async def _verified(self, door: _Door, received: Received, source: str, now: datetime) -> _Door:
        """The door as its secrets are now; a rotation of a moment ago is looked up."""
        if door.secrets and door.forge.verify(received, door.secrets, now=now):
            self._attempts.passed(source)
            return door
        if door.record is not None:
            fresh = await self._hooks.reread(door.record.id)
            door = _own_door(door.forge, fresh, now)
            if door.secrets and door.forge.verify(received, door.secrets, now=now):
                self._attempts.passed(source)
                return door
        self._attempts.failed(source)
        raise Refusal(401, "the token or signature does not fit this hook's secret")

    async def _proved(self, record: HookRecord) -> None:
        """A test delivery on a one-time proof path: noted, never routed."""
        await self._hooks.mark_seen(record.id, proved=True, now=self._clock.now())
        self._counted(record.forge, "proof").inc()
        log.info("hook proved", project=record.project, **_place(record.forge, record.id))

    async def _notice_rotation(self, door: _Door, received: Received, now: datetime) -> None:
        """The first delivery with a new secret says that the forge uses it."""
        record = door.record
        if record is None or len(door.secrets) == 1 or record.retire_at is not None:
            return
        if not door.forge.verify(received, door.secrets[:1], now=now):
            return
        try:
            await self._hooks.mark_rotated(record, retire_at=now + OLD_SECRET_FOR)
        except StoreError as error:
            log.warning("rotation not noticed", error=str(error))
            return
        log.info("new secret proved", hook=record.id, project=record.project)

    async def _mark_seen(self, record: HookRecord, now: datetime) -> None:
        if abs(now - self._seen.get(record.id, _LONG_AGO)) < SEEN_EVERY:
            return
        self._seen[record.id] = now
        try:
            await self._hooks.mark_seen(record.id, proved=False, now=now)
        except StoreError as error:
            # The delivery is on disk: only the date of the last one stays old.
            log.warning("hook not marked as seen", error=str(error))

    def _delivery(
        self, door: _Door, received: Received, body: Mapping[str, Json], now: datetime
    ) -> Delivery:
        identity = _identity(door.forge, received, body)
        instance = door.record.instance if door.record else self._instance(door.forge, identity)
        project = identity.project_id or ""
        keep = _PROJECT_ID.fullmatch(project)
        return Delivery(
            id=self._new_id(now),
            forge=door.forge.name,
            instance=instance,
            hook=door.hook_id,
            key=identity.key if len(identity.key) <= _MAX_KEY else _digest(identity.key.encode()),
            event=identity.event[:_MAX_EVENT],
            lane=Lane(f"decide:{instance}:{project if keep else f'hook-{door.hook_id}'}"),
            headers={k: v for k, v in received.headers.items() if k in KEPT_HEADERS},
            body=received.body,
            received_at=now,
        )

    def _instance(self, forge: Forge, identity: Identity) -> str:
        """The configured instance that sent it, else the forge's first."""
        ours = self._instances[forge.name]
        for instance in ours:
            if identity.place and _same_place(identity.place, instance.url):
                return instance.name
        return ours[0].name if ours else forge.name

    def _refused(
        self, request: web.BaseRequest, forge: str, hook_id: str | None, refusal: Refusal
    ) -> web.Response:
        known = forge if forge in self._forges else "unknown"
        self._counted(known, f"{refusal.status}").inc()
        self._log.info(
            "delivery refused",
            status=refusal.status,
            reason=refusal.text,
            **_place(forge, hook_id),
        )
        # What is left of a body is not read, so that nothing can follow it.
        rest = not request.content.is_eof()
        return _answer(refusal.status, refusal.text, closing=rest).to(request)

    def _note(self, delivery: Delivery, *, stored: bool) -> None:
        self._counted(delivery.forge, "stored" if stored else "duplicate").inc()
        self._log.info(
            "delivery stored" if stored else "delivery known",
            delivery=delivery.id,
            kind=delivery.event,
            lane=delivery.lane,
            bytes=len(delivery.body),
            forge=delivery.forge,
            hook=delivery.hook,
        )

    def _counted(self, forge: str, outcome: str) -> Counter:
        """Looking a counter up by its labels costs more than counting."""
        found = self._counters.get((forge, outcome))
        if found is None:
            found = self._metrics.deliveries.labels(forge=forge, outcome=outcome)
            self._counters[forge, outcome] = found
        return found


_LONG_AGO: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _own_door(forge: Forge, record: HookRecord | None, now: datetime) -> _Door:
    if record is None or record.forge != forge.name:
        raise Refusal(404, "no such hook")
    return _Door(forge=forge, hook_id=record.id, secrets=record.accepted(now), record=record)


def _identity(forge: Forge, received: Received, body: Mapping[str, Json]) -> Identity:
    try:
        return forge.identify(received, body)
    except PayloadError:
        # Authentic and an object: it is kept, whatever it is.
        return Identity(key=_digest(received.body), event="", project_id=None)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@lru_cache(maxsize=256)
def _answer(status: int, text: str, *, closing: bool) -> Ready:
    """The same refusal is sent again and again: strangers shall cost little."""
    later = {"Retry-After": f"{WINDOW.seconds}"} if status == _TOO_MANY else {}
    return Ready(status, f"{text}\n", headers=later, closing=closing)


@lru_cache(maxsize=1024)
def _same_place(said: str, url: str) -> bool:
    """Whether an address or host name is that of a configured instance."""
    if "://" not in said:
        # GitHub's API has a host of its own where it is not an own server's.
        host = (urlsplit(url).hostname or "").lower()
        return said.lower() in {host, host.removeprefix("api.")}
    return said.rstrip("/").lower() == url.rstrip("/").lower()


def _place(forge: str, hook_id: str | None) -> dict[str, str]:
    """The path's own words, for log lines; they are no secrets."""
    return {"forge": forge, "hook": hook_id or SHARED}
