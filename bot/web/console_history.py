"""What the page asks of the history, and what a person may do about it there: look through
deliveries, read one, have it decided again, try again or drop what was given up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiohttp import web

from bot import events
from bot.browsing import Wanted
from bot.model import DeliveryId
from bot.web.console_answers import Refused, json_answer, json_body, problem
from bot.web.console_json import glance_json, kept_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.web.reads import ConsoleReads, ConsoleRepairs

log = structlog.get_logger()

_ROWS: Final = 50
#: Actions named in one request.
_MOST: Final = 200
_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,80}")
_ONE: Final = "{id:[0-9A-Za-z._-]{1,80}}"


class History:
    """Handlers; the console guards them."""

    def __init__(self, reads: ConsoleReads, repairs: ConsoleRepairs) -> None:
        self._reads = reads
        self._repairs = repairs

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/deliveries", self.deliveries),
            web.get("/api/names", self.names),
            web.get(f"/api/deliveries/{_ONE}", self.delivery),
            web.get(f"/api/deliveries/{_ONE}/explained", self.explained),
            web.post(f"/api/deliveries/{_ONE}/replay", self.replay),
            web.post("/api/outbox/retry", self.retry),
            web.post("/api/outbox/drop", self.drop),
        ]

    async def deliveries(self, request: web.Request) -> web.Response:
        query = request.query
        before = query.get("before") or None
        if before is not None and not _ID.fullmatch(before):
            raise Refused(400, "before: no delivery's id")
        stretch, about = await self._reads.browse(
            _wanted(query), limit=_ROWS, before=DeliveryId(before) if before else None
        )
        return json_answer(
            {
                "deliveries": [
                    glance_json(one, about.get(one.summary.id)) for one in stretch.found
                ],
                "after": stretch.after,
                "back_to": stretch.back_to.isoformat() if stretch.back_to else None,
            }
        )

    async def names(self, _request: web.Request) -> web.Response:
        """Every word that an event can be looked for by."""
        found = events.event_names()
        words = [word for word in found if word not in {events.ANY, events.UNMATCHED}]
        return json_answer({"names": words})

    async def delivery(self, request: web.Request) -> web.Response:
        id_ = _id(request)
        kept, trace = await self._reads.delivery(id_), await self._reads.decision_trace(id_)
        if kept is None and trace is None:
            return problem(404, "no such delivery, or it was forgotten")
        about = self._reads.about(kept[0]) if kept is not None else None
        return json_answer(
            {
                "delivery": kept_json(*kept, about) if kept is not None else None,
                "trace": dict(trace) if trace is not None else None,
            }
        )

    async def explained(self, request: web.Request) -> web.Response:
        found = await self._reads.explained(_id(request))
        if found is None:
            return problem(404, "it is not decided")
        return json_answer({"text": found})

    async def replay(self, request: web.Request) -> web.Response:
        await json_body(request)
        original = _id(request)
        if await self._reads.delivery(original) is None:
            return problem(404, "no such delivery, or it was forgotten")
        copy = await self._repairs.replay(original)
        log.info("delivery replayed from the page", delivery=original, copy=copy)
        return json_answer({"id": copy}, status=202)

    async def retry(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        ids = None if body.get("all") is True else _ids(body)
        count = await self._repairs.retry(ids)
        log.info("actions retried from the page", count=count)
        return json_answer({"count": count})

    async def drop(self, request: web.Request) -> web.Response:
        count = 0
        for one in _ids(await json_body(request)):
            count += await self._repairs.drop(one)
        log.info("actions dropped from the page", count=count)
        return json_answer({"count": count})


def _id(request: web.Request) -> DeliveryId:
    return DeliveryId(request.match_info["id"])


def _ids(body: Mapping[str, Any]) -> list[str]:
    ids = body.get("ids")
    fits = isinstance(ids, list) and all(isinstance(one, str) and _ID.fullmatch(one) for one in ids)
    if not fits or not ids or len(ids) > _MOST:
        raise Refused(400, f"ids: a list of up to {_MOST} actions' ids")
    return list(ids)


def _wanted(query: Mapping[str, str]) -> Wanted:
    status = query.get("status") or None
    if status not in {None, "new", "decided", "failed"}:
        raise Refused(400, "status: new, decided or failed")
    acted = query.get("acted") or None
    if acted not in {None, "yes", "no"}:
        raise Refused(400, "acted: yes or no")
    return Wanted(
        status=status,
        project=(query.get("project") or "").strip() or None,
        names=_names(query.get("event") or ""),
        acted=None if acted is None else acted == "yes",
    )


def _names(word: str) -> frozenset[str] | None:
    """`mr` is every event of merge requests; None = any."""
    word = word.strip()
    if word in {"", events.ANY}:
        return None
    found = events.names_of(word) | events.names_of(f"{word}.*")
    if not found:
        raise Refused(400, f"there is no event `{word[:40]}`; `bot fields` lists them")
    return found
