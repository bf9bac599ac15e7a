"""Connections that dawdle."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from bot.web import deadlines
from bot.web.deadlines import Sweeper, bodies_in_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[web.AppRunner, int]]:
    app = web.Application(middlewares=[bodies_in_time])
    app.router.add_route("*", "/{any:.*}", echo)
    runner = web.AppRunner(app, access_log=None, lingering_time=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner, runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:  # the other side had bytes of ours that it never read
        return True


def sweeper(runner: web.AppRunner) -> Sweeper:
    server = runner.server
    assert server is not None
    return Sweeper(lambda: server.connections)


async def test_headers_that_do_not_come_end_the_connection_and_others_go_on() -> None:
    async with serving() as (runner, port):
        sweep = sweeper(runner).sweep
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for _, writer in slow:
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        good, out = await asyncio.open_connection("127.0.0.1", port)
        out.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await good.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        sweep(1000.0)
        sweep(1000.0 + deadlines.HEADERS_S - 0.1)
        slow[0][1].write(b"x")
        await slow[0][1].drain()
        sweep(1000.0 + deadlines.HEADERS_S)
        for reader, writer in slow:
            assert await ended(reader)
            writer.close()
        out.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await good.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        out.close()


async def test_a_connection_that_is_silent_from_the_start_is_closed_too() -> None:
    async with serving() as (runner, port):
        sweep = sweeper(runner).sweep
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert runner.server is not None
        while not runner.server.connections:  # noqa: ASYNC110 - accepting has no event to wait for
            await asyncio.sleep(0)
        sweep(0.0)
        sweep(deadlines.HEADERS_S)
        assert await ended(reader)
        writer.close()


async def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "BODY_S", 0.01)
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"Connection: close" in answer
        writer.close()
