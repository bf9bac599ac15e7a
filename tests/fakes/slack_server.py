"""A server that speaks Slack's Web API, strictly; also `python -m tests.fakes.slack_server`.

It signs and sends slash commands, holds Socket Mode connections and takes what is posted to a
response_url. Under `/_fake/` it shows and does the same for another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from aiohttp import web

from tests.fakes import slack_faults
from tests.fakes.slack_arguments import METHODS, SlackFault
from tests.fakes.slack_commands import Ack, Commands
from tests.fakes.slack_contract import answer_complaints, complaints
from tests.fakes.slack_faults import Fault
from tests.fakes.slack_messages import Channel, Posted
from tests.fakes.slack_workspace import Workspace

TOKEN: Final = "xoxb-fake-token"
APP_TOKEN: Final = "xapp-fake-token"
SIGNING_SECRET: Final = "fake-signing-secret"
CHANNELS: Final = (
    Channel("C0GENERAL", "general"),
    Channel("C0DEV", "dev"),
    Channel("C0CI", "ci"),
    Channel("C0PUBLIC", "elsewhere", member=False),
    Channel("C0HIDDEN", "hidden", private=True, member=False),
    Channel("C0SECRET", "secret", private=True),
    Channel("C0OLD", "old", archived=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    method: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    at: float
    #: Slack's error; empty for success; `fault` when a queued fault answered.
    outcome: str


class FakeSlack:
    """`async with FakeSlack() as slack: … slack.url … slack.messages("dev")`."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        channels: tuple[Channel, ...] = CHANNELS,
        gap_s: float = 0.0,
        port: int = 0,
        strict: bool = True,
    ) -> None:
        self.token = token
        self.app_token = app_token
        self.workspace = Workspace({each.id: Channel(**asdict(each)) for each in channels})
        self.calls: list[Call] = []
        #: What Slack's documents do not allow; when `strict`, it fails the test at the end.
        self.complaints: list[str] = []
        self.strict = strict
        #: Seconds between two messages of one channel before Slack answers 429; 0 = no limit.
        self.gap_s = gap_s
        #: Asked for a fault where none is queued.
        self.weather: Callable[[str, Mapping[str, Any]], Fault | None] = lambda _method, _given: (
            None
        )
        self.commands = Commands(signing_secret=signing_secret)
        self._faults: dict[str, list[Fault]] = {}
        self._posted_at: dict[str, float] = {}
        self._port = port
        self._closing = asyncio.Event()
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._origin = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 << 20)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link", self.commands.socket)
        app.router.add_post("/commands/{number}", self._answer)
        app.router.add_get("/_fake/state", self._state)
        app.router.add_post("/_fake/fail", self._fail)
        app.router.add_post("/_fake/command", self._command)
        # A short wait at the end, because a queued `hang` is still being answered.
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.commands.origin = self._origin
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self.commands.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self.strict and self.complaints:
            raise AssertionError("\n".join(["against Slack's documents:", *self.complaints]))

    @property
    def url(self) -> str:
        """For SLACK_API_URL."""
        return f"{self._origin}/api/"

    @property
    def signing_secret(self) -> str:
        return self.commands.signing_secret

    @property
    def answers(self) -> list[dict[str, Any]]:
        """Bodies posted to response URLs, the earliest first."""
        return self.commands.answers

    def messages(self, channel: str) -> list[Posted]:
        """All of a channel (by id or name), replies included, in the order they were posted."""
        return self.workspace.history.get(self.workspace.channel(channel).id, [])

    def texts(self, channel: str) -> list[str]:
        return [posted.text for posted in self.messages(channel)]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def fail(self, method: str, *faults: Fault) -> None:
        """What the next calls of the method get instead of an answer, the first first."""
        if method not in METHODS and method != "response_url":
            raise KeyError(method)
        self._faults.setdefault(method, []).extend(faults)

    async def until(self, true: Callable[[], bool], *, timeout_s: float = 20.0) -> None:
        """Returns once it is true; looked at after every call and answer."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(true)

    async def command(
        self, bot_url: str, text: str, *, user: str = "U0ALICE", channel: str = "general"
    ) -> Ack:
        """Sends `/hook add x` as Slack does; `bot_url` is the bot's address, without a path."""
        where = self.workspace.channel(channel)
        return await self.commands.send(bot_url, text, user=user, channel=where)

    async def socket_command(
        self, text: str, *, user: str = "U0ALICE", channel: str = "general"
    ) -> dict[str, Any]:
        """The same through Socket Mode: the payload of the bot's acknowledgement."""
        where = self.workspace.channel(channel)
        return await self.commands.send_by_socket(text, user=user, channel=where)

    # -- the Web API -------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        queue = self._faults.get(method)
        fault = queue.pop(0) if queue else None
        given: dict[str, Any] = {}
        outcome, answer = "fault", web.json_response({})
        try:
            given = await _arguments(request)
            if self.strict:
                self.complaints += complaints(method, given)
            fault = fault or self.weather(method, given)
            if fault is None or fault.record:
                answer = web.json_response(self._result(request, method, given))
                outcome = ""
        except SlackFault as refused:
            outcome = refused.code
            answer = _refusal(refused)
        call = Call(method=method, arguments=given, at=time.monotonic(), outcome=outcome)
        self.calls.append(call)
        await self._touch()
        return answer if fault is None else await self._failed(request, fault)

    def _result(self, request: web.Request, method: str, given: dict[str, Any]) -> dict[str, Any]:
        self._authorise(request, method, given)
        if method == "apps.connections.open":
            return {"ok": True, "url": self.commands.ticket()}
        if method == "chat.postMessage":
            self._limit(str(given.get("channel")))
        return {"ok": True} | self.workspace.call(method, given)

    def _authorise(self, request: web.Request, method: str, given: dict[str, Any]) -> None:
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = given.pop("token", "") or header
        if not token:
            raise SlackFault("not_authed")
        if token not in {self.token, self.app_token}:
            raise SlackFault("invalid_auth")
        wanted = self.app_token if method == "apps.connections.open" else self.token
        if token != wanted:
            raise SlackFault("not_allowed_token_type")

    def _limit(self, channel: str) -> None:
        with suppress(KeyError):
            channel = self.workspace.channel(channel).id
        now = time.monotonic()
        if now - self._posted_at.get(channel, -self.gap_s) < self.gap_s:
            raise SlackFault("ratelimited")
        self._posted_at[channel] = now

    async def _failed(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await self._closing.wait()
        if (fault.reset or fault.hang) and request.transport is not None:
            request.transport.abort()
        return web.Response(
            status=fault.status,
            body=fault.body,
            content_type=fault.content_type,
            headers=dict(fault.headers),
        )

    async def _touch(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # -- response URLs -----------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.strict:
            self.complaints += answer_complaints(json.loads(await request.text()))
        queue = self._faults.get("response_url")
        fault = queue.pop(0) if queue else None
        if fault is not None and not fault.record:
            return await self._failed(request, fault)
        answer = self.commands.accept(request.match_info["number"], await request.text())
        await self._touch()
        return answer if fault is None else await self._failed(request, fault)

    # -- for another process -----------------------------------------------------------------

    async def _state(self, _request: web.Request) -> web.Response:
        channels = {
            channel.name: [asdict(posted) for posted in self.messages(channel.id)]
            for channel in self.workspace.channels.values()
        }
        ephemerals = [asdict(each) for each in self.workspace.ephemerals]
        state = {"channels": channels, "answers": self.answers, "ephemerals": ephemerals}
        state["complaints"] = self.complaints
        return web.json_response(state | {"calls": [asdict(call) for call in self.calls]})

    async def _fail(self, request: web.Request) -> web.Response:
        """`{"method": "chat.postMessage", "fault": "status", "arguments": [503]}`."""
        wish = await request.json()
        fault = getattr(slack_faults, wish["fault"])(*wish.get("arguments", ()))
        self.fail(wish["method"], fault)
        return web.json_response({"ok": True})

    async def _command(self, request: web.Request) -> web.Response:
        """`{"bot_url": …, "text": "/hook list", "user": …, "channel": …}`."""
        ack = await self.command(**await request.json())
        return web.json_response({"status": ack.status, "body": ack.body})


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Of the body: a bot that puts them into the address leaves them in the logs of proxies."""
    method = METHODS.get(request.match_info["method"])
    if method is None:
        raise SlackFault("unknown_method")
    if request.method != "POST":
        raise SlackFault("http_verb_not_supported")
    if request.query:
        raise SlackFault("invalid_arguments", response_metadata={"messages": ["[ERROR] query"]})
    body = await request.text()
    if not body:
        return {}
    if request.content_type == "application/json" and method.json:
        return _json_object(body)
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body, keep_blank_values=True))
    raise SlackFault("invalid_post_type")


def _json_object(body: str) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        raise SlackFault("invalid_json") from None
    if not isinstance(given, dict):
        raise SlackFault("json_not_object")
    return given


def _refusal(refused: SlackFault) -> web.Response:
    body = {"ok": False, "error": refused.code} | refused.extra
    if refused.code == "ratelimited":
        return web.json_response(body, status=429, headers={"Retry-After": "1"})
    return web.json_response(body)


async def serve(options: argparse.Namespace, wait: Callable[[], Awaitable[object]]) -> None:
    fake = FakeSlack(
        token=options.token,
        app_token=options.app_token,
        signing_secret=options.signing_secret,
        gap_s=options.gap,
        port=options.port,
        strict=False,
    )
    async with fake:
        print(f"SLACK_API_URL={fake.url}", flush=True)  # noqa: T201 - its user reads it
        await wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Slack on this machine, for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--app-token", default=APP_TOKEN)
    parser.add_argument("--signing-secret", default=SIGNING_SECRET)
    parser.add_argument("--gap", type=float, default=0.0, help="seconds between two messages")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args(), asyncio.Event().wait))


if __name__ == "__main__":
    main()
