"""What a hook is answered to requests that no well-behaved client sends."""

from __future__ import annotations

import asyncio

import pytest

from bot.web.reading import MAX_BODY
from tests.web.fakes import SHARED_SECRET, Site, served, sign

HEAD = "POST /hooks/gitlab HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def request(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"{HEAD}X-Signature: {sign(body, SHARED_SECRET)}\r\n{lines}\r\n".encode()


async def send(site: Site, raw: bytes, *, close: bool = False) -> bytes:
    """What comes back first for these bytes, which need be no whole request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    try:
        writer.write(raw)
        await writer.drain()
        if close:
            writer.write_eof()
        return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_declared_length_over_the_limit_is_refused_before_the_body_comes() -> None:
    site = Site()
    async with served(site):
        answer = await send(site, request(b"", f"Content-Length: {MAX_BODY + 1}"))
    assert status(answer) == 413
    assert b"Connection: close" in answer


async def test_a_body_that_would_be_refused_is_not_asked_for() -> None:
    site = Site()
    async with served(site):
        head = request(b"", f"Content-Length: {MAX_BODY + 1}", "Expect: 100-continue")
        assert status(await send(site, head)) == 413


async def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    site = Site()
    async with served(site):
        head = request(b"{}", "Content-Length: 2", "Expect: 100-continue")
        assert status(await send(site, head)) == 100


async def test_a_chunked_body_is_read_and_verified() -> None:
    site = Site()
    async with served(site):
        chunks = b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
        answer = await send(site, request(b"{}", "Transfer-Encoding: chunked") + chunks)
    assert status(answer) == 202
    assert site.inbox.kept[0].body == b"{}"


async def test_a_chunked_body_without_end_is_too_large() -> None:
    site = Site()
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    async with served(site):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(request(b"", "Transfer-Encoding: chunked"))
        for _ in range(MAX_BODY // 0x100000 + 1):
            writer.write(chunk)
            await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert status(answer) == 413
    assert site.forge.verified == []


async def test_a_body_that_never_arrives_is_given_up() -> None:
    site = Site(body_timeout_s=0.01)
    async with served(site):
        answer = await send(site, request(b"{}", "Content-Length: 2") + b"{")
    assert status(answer) == 400
    assert site.inbox.kept == []


async def test_a_body_that_ends_early_is_not_stored() -> None:
    site = Site()
    async with served(site):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(request(b"{}", "Content-Length: 2") + b"{")
        writer.write_eof()
        await reader.read()
        writer.close()
    assert site.inbox.kept == []


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST\r\n\r\n",
        b"POST /hooks/gitlab HTTP/1.1\r\nbad header\r\n\r\n",
        request(b"{}", "Content-Length: 2", "Transfer-Encoding: chunked") + b"{}",
        request(b"{}", "Content-Length: two") + b"{}",
        request(b"{}", f"X-Long: {'x' * 20_000}", "Content-Length: 2") + b"{}",
        request(b"{}", "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n",
    ],
)
async def test_broken_http_is_a_bad_request(raw: bytes) -> None:
    site = Site()
    async with served(site):
        answer = await send(site, raw)
    assert status(answer) == 400
    assert site.inbox.kept == []


async def test_header_bytes_that_are_no_text_do_not_break_the_inbox() -> None:
    site = Site()
    async with served(site):
        raw = request(b"{}", "Content-Length: 2", "X-Gitlab-Event: ").replace(
            b"Event: ", b"Event: \xff\xfe"
        )
        assert status(await send(site, raw + b"{}")) == 202
    site.inbox.kept[0].event.encode()
