"""Memory for bodies that are arriving: bounded for all connections together."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.web.reading import Refusal, Room, body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n"


@asynccontextmanager
async def serving(room: Room) -> AsyncIterator[int]:
    async def echo(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await body_of(request, 20.0, room))
        except Refusal as refusal:
            return web.Response(status=refusal.status)

    app = web.Application()
    app.router.add_post("/", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_what_finds_no_room_is_refused_and_those_that_came_before_are_not() -> None:
    room = Room(50)
    async with serving(room) as port, AsyncExitStack() as stack:
        first, out = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(out.close)
        out.write(HEAD)
        out.write(b"x" * 25)
        while room._left == 50:  # noqa: ASYNC110 - reading has no event to wait for
            await asyncio.sleep(0.001)
        second, other = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(other.close)
        other.write(HEAD)
        await other.drain()
        other.write(b"y" * 29)
        assert (await second.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 503")
        out.write(b"x" * 5)
        assert (await first.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert room._left == 50


def test_room_that_is_given_back_can_be_taken_again() -> None:
    room = Room(10)
    for _ in range(3):
        room.take(10)
        with pytest.raises(Refusal):
            room.take(1)
        room.give_back(10)
