"""The page at `/`: messages of the preview as they come, and why each of them came."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from aiohttp import web

from bot.errors import StoreError
from bot.model import Job
from bot.web.access import Entry, same_origin
from bot.web.console_answers import (
    NO_STORE,
    Refused,
    html_answer,
    json_answer,
    json_body,
    problem,
)
from bot.web.console_history import History
from bot.web.console_json import backlog_json, item_json, message_json, rules_json
from bot.web.pages import LOCAL_ONLY_PAGE, login_page, static_files
from bot.web.reading import form_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp.typedefs import Handler

    from bot.message import Message
    from bot.model import Json
    from bot.ports import Clock
    from bot.web.access import Access
    from bot.web.reads import ConsoleJobs, ConsoleReads, ConsoleRepairs, Live
    from bot.web.rules_state import RulesState

log = structlog.get_logger()

#: How long an open page waits when nothing wakes it.
POLL_S: Final = 1.0
#: Pages open at a time.
MAX_STREAMS: Final = 50
_ROWS: Final = 60
_LONGEST_COMMAND: Final = 2000
_WRITE_TIMEOUT_S: Final = 20.0
_QUIET_POLLS: Final = 15
#: How soon a page comes back after a restart.
_RETRY: Final = b"retry: 1000\n\n"
_WAIT: Final = "Too many wrong tokens: wait a minute."
_WRONG: Final = "That is not the token."


class Console:
    """The handlers of the page. `routes()` mounts them; `stop` ends the open streams."""

    def __init__(
        self,
        *,
        access: Access,
        reads: ConsoleReads,
        repairs: ConsoleRepairs,
        jobs: ConsoleJobs,
        rules: Callable[[], RulesState],
        live: Live,
        render: Callable[[Message], Mapping[str, Json]],
        new_job_id: Callable[[], str],
        clock: Clock,
        preview: bool,
        commands: Sequence[str] = ("hook",),
    ) -> None:
        self._access = access
        self._reads = reads
        self._history = History(reads, repairs)
        self._jobs = jobs
        self._rules = rules
        self._live = live
        self._render = render
        self._new_job_id = new_job_id
        self._clock = clock
        #: Messages are shown here instead of in Slack.
        self._preview = preview
        self._commands = tuple(commands)
        self._streams = 0
        self._stopping = False

    def routes(self) -> list[web.AbstractRouteDef]:
        guarded = self._guarded
        return [
            web.get("/", self.page),
            web.get("/static/{name:[a-z.]+}", static),
            web.post("/login", self.login),
            web.post("/logout", self.logout),
            web.get("/events", guarded(self.events)),
            web.get("/api/state", guarded(self.state)),
            web.get("/api/messages", guarded(self.messages)),
            web.post("/api/command", guarded(self.command)),
            web.get("/api/jobs/{id:[0-9A-Za-z_-]{1,64}}", guarded(self.job)),
            *(
                web.route(one.method, one.path, guarded(one.handler))
                for one in self._history.routes()
            ),
        ]

    async def stop(self, _app: web.Application) -> None:
        """An `on_shutdown` signal: open pages do not hold the process back."""
        self._stopping = True

    # -- the page and its door ---------------------------------------------------------------

    async def page(self, request: web.Request) -> web.Response:
        match await self._access.entry(request):
            case Entry.OPEN:
                return html_answer(static_files()["index.html"].body)
            case Entry.LOGIN:
                return html_answer(login_page(""), status=401)
            case Entry.LOCAL_ONLY:
                return html_answer(LOCAL_ONLY_PAGE, status=403)

    async def login(self, request: web.Request) -> web.Response:
        if not same_origin(request):
            return problem(403, "this must come from the page itself")
        if not self._access.needs_token:
            raise web.HTTPSeeOther("/")
        form = await form_of(request)
        if not self._access.fits(request, form.get("token", "").strip()):
            log.warning("console login refused", remote=request.remote)
            said = _WAIT if self._access.closed(request) else _WRONG
            return html_answer(login_page(said), status=401)
        response = web.Response(status=303, headers={"Location": "/", **NO_STORE})
        self._access.open_session(request, response)
        log.info("console login", remote=request.remote)
        return response

    async def logout(self, request: web.Request) -> web.Response:
        if not same_origin(request):
            return problem(403, "this must come from the page itself")
        response = web.Response(status=303, headers={"Location": "/", **NO_STORE})
        await self._access.close_session(request, response)
        return response

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                entry = await self._access.entry(request)
            except StoreError as error:
                log.warning("console could not read", error=str(error))
                return problem(503, "the store does not answer")
            if entry is not Entry.OPEN:
                status = 401 if entry is Entry.LOGIN else 403
                return problem(status, "open / in a browser to see how to get in")
            if not same_origin(request):
                return problem(403, "this must come from the page itself")
            try:
                return await handler(request)
            except Refused as refused:
                return refused.answer
            except StoreError as error:
                log.warning("console could not read", error=str(error))
                return problem(503, "the store does not answer")

        return answer

    # -- what the page reads -----------------------------------------------------------------

    async def state(self, _request: web.Request) -> web.Response:
        return json_answer(await self._state())

    async def messages(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not re.fullmatch(r"[0-9]{1,18}", since):
            return problem(400, "since: not a whole number")
        found = await self._reads.preview_messages(since=int(since))
        return json_answer({"messages": [message_json(message) for message in found]})

    async def events(self, request: web.Request) -> web.StreamResponse:
        if self._streams >= MAX_STREAMS:
            return problem(503, "too many open pages")
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "X-Accel-Buffering": "no",
                **NO_STORE,
            }
        )
        self._streams += 1
        try:
            await response.prepare(request)
            await response.write(_RETRY)
            await self._stream(request, response)
        except (ConnectionError, TimeoutError):
            log.debug("console page left")
        finally:
            self._streams -= 1
        return response

    async def _stays(self, request: web.Request) -> bool:
        """A page that logged out hears no more, nor does a copy of its cookie."""
        if self._stopping:
            return False
        try:
            return await self._access.entry(request) is Entry.OPEN
        except StoreError:
            return True

    async def _stream(self, request: web.Request, response: web.StreamResponse) -> None:
        """Everything once, then what changed. A page that comes back begins anew."""
        since, told, quiet = -1, b"", 0
        while await self._stays(request):
            parts: list[bytes] = []
            try:
                first = since < 0
                found = await self._reads.preview_messages(since=max(since, 0))
                if found or first:
                    since = max([m.seq for m in found], default=max(since, 0))
                    parts.append(_event("messages", _messages_json(found, reset=first)))
                state = orjson.dumps(await self._state())
                if state != told:
                    told = state
                    parts.append(_event("state", state))
            except StoreError:
                parts.append(_event("trouble", b'"the store does not answer"'))
            quiet = 0 if parts else quiet + 1
            if quiet >= _QUIET_POLLS:
                # A proxy would cut a silent connection, and a dead one shows by this.
                parts, quiet = [b": still here\n\n"], 0
            async with asyncio.timeout(_WRITE_TIMEOUT_S):
                await response.write(b"".join(parts))
            await self._live.wait(POLL_S)

    async def _state(self) -> dict[str, Any]:
        newest = await self._reads.recent_deliveries(limit=1)
        backlog = await self._reads.backlog()
        dead = await self._reads.dead_items(limit=_ROWS) if backlog.dead else ()
        return {
            "preview": self._preview,
            "commands": self._commands,
            "logout": self._access.needs_token,
            "rules": rules_json(self._rules()),
            "backlog": backlog_json(backlog),
            # Changes when the first page of deliveries does.
            "newest": [f"{row.id} {row.status}" for row in newest],
            "dead": [item_json(item) for item in dead],
        }

    # -- commands ----------------------------------------------------------------------------

    async def command(self, request: web.Request) -> web.Response:
        typed = (await json_body(request, longest=_LONGEST_COMMAND)).get("text")
        if not isinstance(typed, str):
            return problem(400, "text: expected a text")
        name, *args = typed.split() or [""]
        if name.removeprefix("/") not in self._commands or not name.startswith("/"):
            known = ", ".join(f"/{known}" for known in self._commands)
            return problem(400, f"Commands here begin with {known}; try /hook help.")
        job = Job(
            id=self._new_job_id(),
            command=name.removeprefix("/"),
            args=tuple(args),
            who="local",
            created_at=self._clock.now(),
        )
        await self._jobs.add_job(job)
        return json_answer({"job": job.id}, status=202)

    async def job(self, request: web.Request) -> web.Response:
        job = await self._jobs.job(request.match_info["id"])
        if job is None:
            return problem(404, "no such command")
        answer = None if job.answer is None else dict(self._render(job.answer))
        return json_answer({"state": job.state, "answer": answer})


async def static(request: web.Request) -> web.Response:
    """The page's own files; they hold no data, so anybody may have them."""
    file = static_files().get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-cache", "ETag": file.etag}
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=file.body, content_type=file.content_type, charset="utf-8", headers=headers
    )


def _messages_json(found: Sequence[Any], *, reset: bool) -> bytes:
    return orjson.dumps({"reset": reset, "messages": [message_json(message) for message in found]})


def _event(name: str, body: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"
