"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.metrics import Metrics
    from bot.web.rules_state import RulesState

log = structlog.get_logger()

#: A load balancer asks every few seconds and gives up soon.
PROBE_TIMEOUT_S: Final = 3.0


class Probe(Protocol):
    """What readiness asks of `ports.Inbox`."""

    async def probe(self) -> None: ...


class Health:
    def __init__(
        self,
        *,
        inbox: Probe,
        rules: Callable[[], RulesState],
        metrics: Metrics,
        probe_timeout_s: float = PROBE_TIMEOUT_S,
    ) -> None:
        self._inbox = inbox
        self._rules = rules
        self._metrics = metrics
        self._probe_timeout_s = probe_timeout_s

    async def healthz(self, _request: web.Request) -> web.Response:
        """The process answers; whether it can work is readyz's to say."""
        return web.Response(text="ok\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        rules = self._rules().status
        writable = await self._writable()
        ready = writable and rules != "none"
        answer = {
            "status": "ready" if ready else "not ready",
            "store": "ok" if writable else "cannot write",
            "rules": rules,
        }
        return web.json_response(answer, status=200 if ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        rules = self._rules()
        self._metrics.rules_stale.set(rules.status != "ok")
        self._metrics.rules.set(rules.rules)
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _writable(self) -> bool:
        try:
            async with asyncio.timeout(self._probe_timeout_s):
                await self._inbox.probe()
        except (StoreError, TimeoutError) as error:
            log.warning("store not writable", error=str(error) or "timed out")
            return False
        return True
