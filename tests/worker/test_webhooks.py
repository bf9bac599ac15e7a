"""Webhooks of rules over real HTTP: what is sent, what is refused, what is never told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from typing_extensions import override

from bot.errors import CallError, ContentRefused, NotSent, Refused, TargetRefused, Unsure
from bot.message import Plain, Text, Trusted, text
from bot.outside import WebRequest
from bot.worker.webhooks import Webhooks
from tests.worker.test_addresses import Names

SECRETS = {"HOOK_TOKEN": "sesame", "PLAIN": "http://127.0.0.1:9/x"}
LOOPBACK = ("127.0.0.0/8",)


class Receiver:
    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.got.append((request.method, dict(request.headers), body))
        return web.Response(status=self.status, headers=self.headers, text="x" * 10)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield found
    await runner.cleanup()


@asynccontextmanager
async def webhooks(
    *allow: str, secrets: Mapping[str, str] = SECRETS, names: tuple[str, ...] = ()
) -> AsyncIterator[Webhooks]:
    resolver = Names(*names) if names else None
    async with Webhooks.connect(secrets=secrets.get, allow=allow, resolver=resolver) as found:
        yield found


def wish(url: str, **values: Any) -> WebRequest:
    given: dict[str, Any] = {
        "method": "POST",
        "headers": {},
        "body": {"a": text("b")},
        "timeout_s": 30.0,
    }
    return WebRequest(url=url, **{**given, **values})


async def failure(url: str, *allow: str, **values: Any) -> CallError:
    names = values.pop("names", ())
    async with webhooks(*allow, names=names) as hooks:
        with pytest.raises(CallError) as told:
            await hooks.send(wish(url, **values), key="d1.0")
    return told.value


async def test_json_is_sent_with_a_key_against_repetition(receiver: Receiver) -> None:
    body = {"n": 1, "t": text('a "q" <&>\n'), "l": [text("x"), None, True]}
    async with webhooks(*LOOPBACK) as hooks:
        made = await hooks.send(wish(receiver.url, body=body), key="d1.0")
    ((method, headers, got),) = receiver.got
    assert (method, got) == ("POST", {"n": 1, "t": 'a "q" <&>\n', "l": ["x", None, True]})
    assert headers["Idempotency-Key"] == "d1.0"
    assert headers["Content-Type"] == "application/json"
    assert made.status == "204"


async def test_a_request_without_a_body_has_none(receiver: Receiver) -> None:
    async with webhooks(*LOOPBACK) as hooks:
        await hooks.send(wish(receiver.url, method="DELETE", body=None), key="d1.0")
    assert receiver.got[0][0] == "DELETE"
    assert receiver.got[0][2] is None


async def test_secrets_are_filled_into_the_rules_own_words_only(receiver: Receiver) -> None:
    value: Text = (Trusted("Bearer ${secret:HOOK_TOKEN} "), Plain("${secret:HOOK_TOKEN}"))
    async with webhooks(*LOOPBACK) as hooks:
        request = wish(receiver.url, headers={"X-Auth": value}, body={"t": value})
        await hooks.send(request, key="d1.0")
    ((_, headers, body),) = receiver.got
    assert headers["X-Auth"] == "Bearer sesame ${secret:HOOK_TOKEN}"
    assert body == {"t": "Bearer sesame ${secret:HOOK_TOKEN}"}


async def test_a_value_cannot_add_a_header(receiver: Receiver) -> None:
    async with webhooks(*LOOPBACK) as hooks:
        headers = {"X-Title": text("a\r\nX-Evil: 1")}
        await hooks.send(wish(receiver.url, headers=headers), key="d1.0")
    sent = receiver.got[0][1]
    assert sent["X-Title"] == "a X-Evil: 1"
    assert "X-Evil" not in sent


async def test_an_address_may_be_a_secret(receiver: Receiver) -> None:
    async with webhooks(*LOOPBACK, secrets={"HOOK": receiver.url}) as hooks:
        await hooks.send(wish("${secret:HOOK}"), key="d1.0")
    assert len(receiver.got) == 1


async def test_a_secret_that_is_not_set_is_named() -> None:
    error = await failure("${secret:NOBODY}")
    assert isinstance(error, ContentRefused)
    assert "SECRET_NOBODY is not set" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fd00:ec2::254]/x",
        "https://user@127.0.0.1/x",
        "https://user:pw@x.example/",
        "http://x.example/",
        "ftp://x.example/",
        "file:///etc/passwd",
        "https:///x",
        "https://[",
    ],
)
async def test_where_no_webhook_leads(url: str) -> None:
    assert isinstance(await failure(url), Refused)


@pytest.mark.parametrize("host", ["localhost", "metadata.example", "2130706433", "0x7f000001"])
async def test_a_name_that_leads_into_the_network_is_refused(host: str) -> None:
    error = await failure(f"https://{host}/x", names=("127.0.0.1",))
    assert isinstance(error, Refused)
    assert error.code in {"local_address", "bad_address"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": receiver.url}
    error = await failure(receiver.url, *LOOPBACK)
    assert isinstance(error, TargetRefused)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, TargetRefused), (404, TargetRefused), (429, NotSent), (503, NotSent), (500, Unsure)],
)
async def test_what_an_answer_means(receiver: Receiver, status: int, kind: type[CallError]) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "3"}
    error = await failure(receiver.url, *LOOPBACK)
    assert type(error) is kind
    if isinstance(error, NotSent):
        assert error.retry_after == 3


async def test_no_error_quotes_a_secret(receiver: Receiver) -> None:
    secrets = {"A": f"{receiver.url}/s3cret", "B": "http://127.0.0.1:1/s3cret"}
    receiver.status = 500
    for name in secrets:
        async with webhooks(*LOOPBACK, secrets=secrets) as hooks:
            with pytest.raises(CallError) as told:
                await hooks.send(wish(f"${{secret:{name}}}"), key="d1.0")
        assert "s3cret" not in f"{told.value} {told.value.__cause__}"
        assert told.value.__suppress_context__ or told.value.__context__ is None


#: 127.0.0.1 as browsers, C libraries and people write it.
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "127.000.000.001",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127%2e0%2e0%2e1",
    "0",
    "0.0.0.0",  # noqa: S104 - refused
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::1%25lo]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ｌocalhost",
    "a@127.0.0.1",
    "x.example@127.0.0.1",
    "127.0.0.1#@x.example",
    "x.example\\@127.0.0.1",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_this_machine_is_connected_to(spelling: str) -> None:
    """By the real resolver, with somebody listening."""
    async with listening() as (port, connected), Webhooks.connect(secrets=SECRETS.get) as hooks:
        with pytest.raises(CallError) as told:
            await hooks.send(wish(f"https://{spelling}:{port}/x"), key="d1.0")
    assert connected == []
    # What no resolver knows is no address either, nor what none answers for.
    assert isinstance(told.value, Refused) or told.value.code in {"unreachable", "timeout"}


class Turning(Names):
    """Says something else each time it is asked."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        first, *self.addresses = self.addresses
        return await Names(first).resolve(host, port, family)


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    names = Turning("127.0.0.1", "10.0.0.1")
    async with (
        listening() as (port, connected),
        Webhooks.connect(secrets=SECRETS.get, allow=LOOPBACK, resolver=names) as hooks,
    ):
        away = wish(f"https://turning.example:{port}/x")
        with pytest.raises(CallError):  # nobody speaks TLS there
            await hooks.send(away, key="d1.0")
        with pytest.raises(TargetRefused):
            await hooks.send(away, key="d1.0")
    assert len(connected) == 1
    assert names.addresses == []


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[object]]]:
    """A port of this machine, and who connected to it."""
    connected: list[object] = []

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], connected
