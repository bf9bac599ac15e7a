"""What the page is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web

from bot.message import Link, Message, bold, text
from bot.model import Fault, Level
from bot.web.console import MAX_STREAMS
from bot.web.rules_state import RulesState
from tests.web.console_fakes import ConsoleSite, dead, summary
from tests.web.fakes import served

HELLO = Message(text=text(bold("alice"), " pushed to ", Link("main", "https://gitlab.com/x")))


@pytest.fixture
def site() -> ConsoleSite:
    return ConsoleSite()


@pytest.fixture
async def client(site: ConsoleSite) -> AsyncIterator[ClientSession]:
    async with served(site.site) as client:
        yield client


async def get(client: ClientSession, path: str) -> Any:
    async with client.get(path) as answer:
        return await answer.json()


async def told(stream: ClientResponse, name: str) -> Any:
    """The next event of that name."""
    while True:
        event = (await stream.content.readuntil(b"\n\n")).decode()
        if event.startswith(f"event: {name}\n"):
            return json.loads(event.partition("\ndata: ")[2])


async def test_a_page_gets_everything_and_then_what_changes(
    site: ConsoleSite, client: ClientSession
) -> None:
    place = await site.post("#dev", HELLO)
    async with client.get("/events") as stream:
        assert stream.content_type == "text/event-stream"
        first = await told(stream, "messages")
        assert first["reset"] is True
        [message] = first["messages"]
        assert message["rendered"]["text"] == "*alice* pushed to <https://gitlab.com/x|main>"
        assert message["notes"][0]["rule"] == "pushes"
        assert (await told(stream, "state"))["preview"] is True
        await site.chat.react(place, "tada", remove=False)
        second = await told(stream, "messages")
        assert (second["reset"], second["messages"][0]["reactions"]) == (False, ["tada"])


async def test_a_page_hears_of_broken_rules(site: ConsoleSite, client: ClientSession) -> None:
    async with client.get("/events") as stream:
        assert (await told(stream, "state"))["rules"]["status"] == "ok"
        fault = Fault(
            file="rules.yaml",
            line=14,
            column=9,
            level=Level.ERROR,
            text="unknown key `pots`",
            excerpt="    pots: dev",
            length=4,
            hint="did you mean `post`?",
        )
        site.rules = RulesState(status="stale", file="rules.yaml", rules=3, faults=(fault,))
        site.changes.touch()
        rules = (await told(stream, "state"))["rules"]
    assert rules["status"] == "stale"
    assert rules["faults"][0]["excerpt"] == "    pots: dev"


async def test_a_store_that_fails_for_a_while_does_not_end_the_stream(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.broken = True
    async with client.get("/events") as stream:
        await told(stream, "trouble")
        site.reads.broken = False
        site.changes.touch()
        await told(stream, "state")
    site.reads.broken = True
    async with client.get("/api/state") as answer:
        assert answer.status == 503


async def test_only_so_many_pages_are_open(site: ConsoleSite, client: ClientSession) -> None:
    streams = [await client.get("/events") for _ in range(MAX_STREAMS)]
    async with client.get("/events") as answer:
        assert answer.status == 503
    for stream in streams:
        stream.close()


async def test_the_state_lists_what_was_given_up_and_names_the_newest_delivery(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.deliveries = [summary(site.clock, status="failed")]
    site.reads.dead = [dead("01DELIVERY.1")]
    state = await get(client, "/api/state")
    assert state["newest"] == ["01DELIVERY failed"]
    assert state["backlog"]["dead"] == 1
    assert state["dead"][0]["error"] == "channel_not_found"


async def test_messages_newer_than_a_number_are_listed(
    site: ConsoleSite, client: ClientSession
) -> None:
    await site.post("#dev", HELLO)
    seen = (await get(client, "/api/messages"))["messages"][0]["seq"]
    await site.post("#ci", HELLO)
    newer = (await get(client, f"/api/messages?since={seen}"))["messages"]
    assert [message["channel"] for message in newer] == ["#ci"]
    async with client.get("/api/messages?since=-1") as answer:
        assert answer.status == 400


async def test_a_command_becomes_a_job_and_its_answer_is_shown_as_slack_would(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.jobs.answer_with = Message(text=text("Made & <proved>"))
    async with client.post("/api/command", json={"text": " /hook add  g/p #dev "}) as answer:
        assert answer.status == 202
        job_id = (await answer.json())["job"]
    job = site.jobs.jobs[job_id]
    assert (job.command, job.args, job.who) == ("hook", ("add", "g/p", "#dev"), "local")
    told_ = await get(client, f"/api/jobs/{job_id}")
    assert told_["state"] == "done"
    assert told_["answer"]["text"] == "Made &amp; &lt;proved&gt;"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "hello"}', 400),
        (b'{"text": "hook list"}', 400),
        (b'{"text": "/deploy now"}', 400),
        (b'{"text": ""}', 400),
        (b'{"text": 7}', 400),
        (b"[]", 400),
        (b"", 400),
        (b"{", 400),
        (b'{"text": "/hook ' + b"x" * 3000 + b'"}', 413),
    ],
)
async def test_what_is_no_command_is_refused_with_a_reason(
    site: ConsoleSite, client: ClientSession, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post("/api/command", data=body, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]
    assert site.jobs.jobs == {}


async def test_an_unknown_job_is_not_found(client: ClientSession) -> None:
    async with client.get("/api/jobs/none") as answer:
        assert answer.status == 404


async def test_the_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(
    client: ClientSession,
) -> None:
    async with client.get("/") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in policy
    assert "http" not in page
    assert "<script>" not in page
    assert "style=" not in page


async def test_an_open_page_does_not_hold_back_the_end(site: ConsoleSite) -> None:
    async with served(site.site) as client:
        stream = await client.get("/events")
        await told(stream, "state")
        await site.console.stop(web.Application())
        site.changes.touch()
        rest = await stream.content.read()
    assert rest == b""
