"""What GitHub's deliveries are answered, and those that only look like them."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from bot.forges.github import signature
from bot.payload import read_object
from tests.web.fakes import HOOK_SECRET, SHARED_SECRET, Site, served

BODY: Final = {"zen": "Ä + & = %", "repository": {"id": 7, "html_url": "https://github.com/o/r"}}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[ClientSession]:
    async with served(site) as client:
        yield client


async def post(
    client: ClientSession,
    body: bytes = json.dumps(BODY).encode(),
    *,
    path: str = "/hooks/github",
    secret: str = SHARED_SECRET,
    headers: Mapping[str, str] = {},
) -> tuple[int, str]:
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "d-1",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-Hub-Signature-256": signature(secret, body),
        **headers,
    }
    async with client.post(path, data=io.BytesIO(body), headers=sent) as answer:
        return answer.status, await answer.text()


async def test_a_signed_delivery_is_stored(site: Site, client: ClientSession) -> None:
    assert await post(client) == (202, "stored\n")
    [delivery] = site.inbox.kept
    assert (delivery.forge, delivery.instance, delivery.event) == ("github", "github", "push")
    assert (delivery.key, delivery.lane) == ("d-1", "decide:github:7")
    assert delivery.headers["x-github-hook-installation-target-type"] == "repository"
    assert "x-hub-signature-256" not in delivery.headers


async def test_a_redelivery_is_a_duplicate(site: Site, client: ClientSession) -> None:
    await post(client)
    assert await post(client) == (202, "duplicate\n")


async def test_a_form_is_stored_as_it_came_and_can_be_read_later(
    site: Site, client: ClientSession
) -> None:
    form = urlencode({"payload": json.dumps(BODY)}).encode()
    assert await post(client, form, headers=FORM) == (202, "stored\n")
    [delivery] = site.inbox.kept
    assert delivery.body == form
    assert delivery.lane == "decide:github:7"
    assert read_object(delivery.body) == BODY


async def test_a_form_is_signed_as_a_form(site: Site, client: ClientSession) -> None:
    raw = json.dumps(BODY)
    wrong = {**FORM, "X-Hub-Signature-256": signature(SHARED_SECRET, raw.encode())}
    assert (await post(client, urlencode({"payload": raw}).encode(), headers=wrong))[0] == 401
    assert site.inbox.kept == []


async def test_only_a_forge_that_sends_forms_may(client: ClientSession) -> None:
    assert (await post(client, b"payload=%7B%7D", path="/hooks/gitlab", headers=FORM))[0] == 415


@pytest.mark.parametrize("body", [b"payload=", b"payload=%5B%5D", b"other=%7B%7D", b""])
async def test_a_form_without_an_object_is_a_bad_request(
    client: ClientSession, body: bytes
) -> None:
    assert (await post(client, body, headers=FORM))[0] == 400


async def test_a_hook_has_its_own_secret(site: Site, client: ClientSession) -> None:
    site.hooks.add("h1")
    assert (await post(client, path="/hooks/github/h1", secret=HOOK_SECRET))[0] == 404
    site.hooks.add("h2", forge="github")
    assert (await post(client, path="/hooks/github/h2", secret="other"))[0] == 401
    assert (await post(client, path="/hooks/github/h2", secret=HOOK_SECRET))[0] == 202


async def test_a_ping_proves_a_new_hook_and_is_not_routed(
    site: Site, client: ClientSession
) -> None:
    site.hooks.add("h1", forge="github", status="proving")
    ping = {"X-GitHub-Event": "ping"}
    status, text = await post(client, path="/hooks/github/h1", secret=HOOK_SECRET, headers=ping)
    assert (status, text) == (202, "seen\n")
    assert site.inbox.kept == []


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"X-Gitea-Event": "push"}, "Gitea"),
        ({"X-Gitea-Event": "push", "X-Forgejo-Event": "push"}, "Forgejo"),
        ({"X-Gogs-Event": "push"}, "Gogs"),
    ],
)
@pytest.mark.parametrize("path", ["/hooks/github", "/hooks/github/h1", "/hooks/github/unknown"])
async def test_who_copies_githubs_headers_is_told_that_it_is_not_supported(
    site: Site, client: ClientSession, headers: dict[str, str], name: str, path: str
) -> None:
    site.hooks.add("h1", forge="github")
    status, text = await post(client, path=path, headers=headers)
    assert status == 404
    assert f"{name} is not supported" in text
    assert "gitlab" in text
    assert site.inbox.kept == []


@pytest.mark.parametrize(
    ("headers", "page", "instance"),
    [
        ({}, "https://github.com/o/r", "github"),
        ({}, "https://git.works.example/o/r", "works"),
        ({"X-GitHub-Enterprise-Host": "git.works.example"}, "https://github.com/o/r", "works"),
        ({"X-GitHub-Enterprise-Host": "elsewhere.example"}, "https://github.com/o/r", "works"),
    ],
)
async def test_a_shared_hook_tells_its_instance(
    site: Site, client: ClientSession, headers: dict[str, str], page: str, instance: str
) -> None:
    body: dict[str, Any] = {"repository": {"id": 7, "html_url": page}}
    await post(client, json.dumps(body).encode(), headers=headers)
    assert site.inbox.kept[0].instance == instance
