"""Deliveries by the short way, and what leaves it."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from tests.web.fakes import SHARED_SECRET, MemoryInbox, Site, served, sign

CLOSE = "Connection: close\r\n"


def request(
    body: bytes, *, path: str = "/hooks/gitlab", more: str = "", version: str = "1.1"
) -> bytes:
    return (
        f"POST {path} HTTP/{version}\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Signature: {sign(body, SHARED_SECRET)}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    ).encode() + body


async def answers(site: Site, *requests: bytes) -> list[bytes]:
    """What comes back on one connection until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"".join(requests))
    whole = await reader.read()
    writer.close()
    return [b"HTTP/1.1 " + one for one in whole.split(b"HTTP/1.1 ")[1:]]


async def test_requests_that_follow_each_other_at_once_are_answered_in_their_order() -> None:
    site = Site()
    async with served(site):
        one, two = request(b'{"project": 1}'), request(b'{"project": 2}')
        last = request(b'{"project": 1}', more=CLOSE)
        found = await answers(site, one, two, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", last)
    bodies = [answer.partition(b"\r\n\r\n")[2] for answer in found]
    assert (bodies[0], bodies[1], bodies[3]) == (b"stored\n", b"stored\n", b"duplicate\n")
    assert [delivery.body for delivery in site.inbox.kept] == [b'{"project": 1}', b'{"project": 2}']


@pytest.mark.parametrize(("more", "version"), [(CLOSE, "1.1"), ("", "1.0")])
async def test_a_client_that_wants_the_connection_closed_gets_that(more: str, version: str) -> None:
    site = Site()
    async with served(site):
        [answer] = await answers(site, request(b"{}", more=more, version=version))
    assert b"202 Accepted" in answer
    assert b"Connection: close" in answer
    assert len(site.inbox.kept) == 1


@pytest.mark.parametrize("path", ["/hooks/%67itlab", "/hooks/gitlab?x=1", "http://x/hooks/gitlab"])
async def test_an_unusual_form_of_the_path_is_the_same_path(path: str) -> None:
    site = Site()
    async with served(site):
        [answer] = await answers(site, request(b"{}", path=path, more=CLOSE))
    assert b"202 Accepted" in answer
    assert len(site.inbox.kept) == 1


@pytest.mark.parametrize("wrong", [b"{}", b"nothing"])
async def test_every_answer_has_its_date_and_the_careful_headers_and_names_no_software(
    wrong: bytes,
) -> None:
    site = Site()
    async with served(site):
        refused = request(wrong, more=CLOSE).replace(b"X-Sig", b"X-Gis")
        found = await answers(site, request(b"{}"), refused)
    assert [answer[9:12] for answer in found] == [b"202", b"401"]
    for answer in found:
        head = answer.partition(b"\r\n\r\n")[0]
        assert b"\r\nDate: " in head
        assert b"\r\nX-Content-Type-Options: nosniff" in head
        assert b"\r\nServer:" not in head


class _Broken(MemoryInbox):
    @override
    async def append(self, delivery: object) -> bool:
        raise RuntimeError("the password is hunter2")


async def test_an_unforeseen_error_shows_an_id_and_nothing_of_the_inside() -> None:
    site = Site(inbox=_Broken())
    with capture_logs() as lines:
        async with served(site):
            [answer] = await answers(site, request(b"{}", more=CLOSE))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"something went wrong; its id is error-1\n")
    [line] = (line for line in lines if line["event"] == "request failed")
    assert line["error_id"] == "error-1"
