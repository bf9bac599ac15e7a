"""The history on the page: what a list shows, what one delivery tells, what a person may do."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession

from tests.web.console_fakes import TRACE, ConsoleSite, dead, summary
from tests.web.test_console import client, get, site

__all__ = ["client", "site"]

JSON = {"Content-Type": "application/json"}


async def test_a_list_tells_of_each_delivery_what_it_was_and_what_became_of_it(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.deliveries = [summary(site.clock)]
    site.reads.traces["01DELIVERY"] = TRACE
    [row] = (await get(client, "/api/deliveries"))["deliveries"]
    assert (row["names"], row["project"], row["who"], row["what"]) == (
        ["push"],
        "group/app",
        "alice",
        "main",
    )
    assert row["verdicts"] == {"sent": 1, "no match": 1}
    assert (row["actions"], row["deeds"]) == (
        1,
        [{"verb": "post", "channel": "#dev", "state": "done"}],
    )


async def test_a_long_list_comes_page_by_page(site: ConsoleSite, client: ClientSession) -> None:
    ids = [f"{number:04}" for number in range(120, 0, -1)]
    site.reads.deliveries = [summary(site.clock, id=id_) for id_ in ids]
    seen: list[str] = []
    path = "/api/deliveries"
    while path:
        page = await get(client, path)
        seen += [row["id"] for row in page["deliveries"]]
        path = f"/api/deliveries?before={page['after']}" if page["after"] else ""
    assert seen == ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=failed", ["2"]),
        ("project=group/app", ["1"]),
        ("event=push", ["1"]),
        ("event=mr", []),
        ("acted=yes", ["1"]),
        ("acted=no", ["2"]),
        ("status=decided&acted=no", []),
    ],
)
async def test_a_list_can_be_narrowed(
    site: ConsoleSite, client: ClientSession, query: str, found: list[str]
) -> None:
    site.reads.deliveries = [
        summary(site.clock, id="2", status="failed", project=""),
        summary(site.clock, id="1"),
    ]
    site.reads.traces["1"] = TRACE
    rows = (await get(client, f"/api/deliveries?{query}"))["deliveries"]
    assert [row["id"] for row in rows] == found


@pytest.mark.parametrize(
    "query", ["status=odd", "acted=maybe", "event=nothing.such", "before=%27%20or%201"]
)
async def test_what_cannot_be_looked_for_is_refused_with_a_reason(
    client: ClientSession, query: str
) -> None:
    async with client.get(f"/api/deliveries?{query}") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_the_words_to_look_for_are_told(client: ClientSession) -> None:
    names = (await get(client, "/api/names"))["names"]
    assert {"push", "mr", "mr.opened", "pipeline.broken"} <= set(names)


async def test_the_trace_of_a_delivery_says_why(site: ConsoleSite, client: ClientSession) -> None:
    site.reads.traces["01DELIVERY"] = TRACE
    told = await get(client, "/api/deliveries/01DELIVERY")
    assert told["trace"]["verdicts"][0]["failed"]["wanted"] == "release/*"
    assert (await get(client, "/api/deliveries/01DELIVERY/explained"))["text"]
    for path in ("/api/deliveries/01OTHER", "/api/deliveries/01OTHER/explained"):
        async with client.get(path) as answer:
            assert answer.status == 404


async def test_actions_that_were_given_up_are_tried_again(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.dead = [dead("01A.1"), dead("01A.2"), dead("01A.3")]
    async with client.post("/api/outbox/retry", json={"ids": ["01A.1"]}) as answer:
        assert (answer.status, await answer.json()) == (200, {"count": 1})
    async with client.post("/api/outbox/retry", json={"all": True}) as answer:
        assert await answer.json() == {"count": 2}
    assert site.reads.dead == []


async def test_an_action_that_was_given_up_is_dropped(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.dead = [dead("01A.1"), dead("01A.2")]
    async with client.post("/api/outbox/drop", json={"ids": ["01A.1", "01B.1"]}) as answer:
        assert await answer.json() == {"count": 1}
    assert [item.action.id for item in site.reads.dead] == ["01A.2"]


@pytest.mark.parametrize(
    "body", [{}, {"all": "yes"}, {"ids": []}, {"ids": "01A.1"}, {"ids": [7]}, {"ids": ["a b"]}]
)
async def test_what_names_no_action_changes_nothing(
    site: ConsoleSite, client: ClientSession, body: dict[str, Any]
) -> None:
    site.reads.dead = [dead("01A.1")]
    for verb in ("retry", "drop"):
        async with client.post(f"/api/outbox/{verb}", json=body) as answer:
            assert answer.status == 400
    assert len(site.reads.dead) == 1


@pytest.mark.parametrize("path", ["outbox/retry", "outbox/drop", "deliveries/1/replay"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example", **JSON}, 403),
        ({"Sec-Fetch-Site": "cross-site", **JSON}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_nothing_is_done_for_another_site(
    site: ConsoleSite, client: ClientSession, path: str, headers: dict[str, str], status: int
) -> None:
    site.reads.dead = [dead("01A.1")]
    body = b'{"all": true, "ids": ["01A.1"]}'
    async with client.post(f"/api/{path}", data=body, headers=headers) as answer:
        assert answer.status == status
    assert (len(site.reads.dead), site.repairs.replayed) == (1, [])


async def test_a_delivery_is_decided_again(site: ConsoleSite, client: ClientSession) -> None:
    site.reads.kept["01A"] = site.kept("01A")
    async with client.post("/api/deliveries/01A/replay", json={}) as answer:
        assert (answer.status, await answer.json()) == (202, {"id": "01AAGAIN"})
    assert site.repairs.replayed == ["01A"]
    async with client.post("/api/deliveries/01B/replay", json={}) as answer:
        assert answer.status == 404


async def test_a_delivery_shows_what_came_with_it_but_not_its_body(
    site: ConsoleSite, client: ClientSession
) -> None:
    site.reads.kept["01A"] = site.kept("01A")
    told = await get(client, "/api/deliveries/01A")
    assert told["trace"] is None
    assert told["delivery"]["headers"] == {"x-gitlab-event": "Push Hook"}
    assert (told["delivery"]["project"], told["delivery"]["who"]) == ("group/app", "alice")
    assert (told["delivery"]["bytes"], "body" in told["delivery"]) == (2, False)
