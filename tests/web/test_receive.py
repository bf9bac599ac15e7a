"""What a hook is answered, and that a 2xx is on disk."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.web.attempts import MAX_FAILURES, WINDOW
from bot.web.reading import MAX_BODY
from tests.web.fakes import HOOK_SECRET, JSON_TYPE, SHARED_SECRET, Site, served, sign


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[ClientSession]:
    async with served(site) as client:
        yield client


async def post(
    client: ClientSession,
    body: bytes,
    *,
    path: str = "/hooks/gitlab",
    secret: str = SHARED_SECRET,
    headers: Mapping[str, str] = {},
) -> tuple[int, str]:
    signed = {**JSON_TYPE, "X-Signature": sign(body, secret), **headers}
    async with client.post(path, data=io.BytesIO(body), headers=signed) as answer:
        return answer.status, await answer.text()


def dump(**body: Any) -> bytes:
    return json.dumps(body).encode()


async def test_a_verified_delivery_is_stored_and_acknowledged(
    site: Site, client: ClientSession
) -> None:
    body = b'{"project" : 7,\n "x": "\xc3\xa4"}'
    status, text = await post(client, body, headers={"X-Gitlab-Event": "Push Hook"})
    assert (status, text) == (202, "stored\n")
    [delivery] = site.inbox.kept
    assert delivery.body == body
    assert delivery.forge == delivery.instance == "gitlab"
    assert delivery.hook == "shared"
    assert delivery.event == "Push Hook"
    assert delivery.lane == "decide:gitlab:7"
    assert len(delivery.id) == 26
    assert delivery.received_at == site.clock.now()


async def test_a_duplicate_is_acknowledged_and_not_stored_twice(
    site: Site, client: ClientSession
) -> None:
    key = {"Idempotency-Key": "one"}
    assert await post(client, b"{}", headers=key) == (202, "stored\n")
    assert await post(client, b'{"other": 1}', headers=key) == (202, "duplicate\n")
    assert [d.key for d in site.inbox.kept] == ["one"]


async def test_the_same_key_of_two_hooks_is_two_deliveries(
    site: Site, client: ClientSession
) -> None:
    site.hooks.add("h1")
    key = {"Idempotency-Key": "one"}
    await post(client, b"{}", headers=key)
    await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET, headers=key)
    assert [d.hook for d in site.inbox.kept] == ["shared", "h1"]


async def test_secrets_and_unknown_headers_are_not_kept(site: Site, client: ClientSession) -> None:
    headers = {
        "X-Gitlab-Token": "secret",
        "Authorization": "Basic c2VjcmV0",
        "Cookie": "a=b",
        "Webhook-Signature": "v1,abc",
        "X-Gitlab-Event": "Push Hook",
    }
    await post(client, b"{}", headers=headers)
    kept = site.inbox.kept[0].headers
    assert set(kept) <= {"content-type", "user-agent", "x-gitlab-event"}
    assert "secret" not in repr(kept)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"[]", "list"),
        (b'"text"', "str"),
        (b"{", "not JSON"),
        (b'{"n": NaN}', "not JSON"),
        (b'{"a": "\xff"}', "not JSON"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "depth"),
        (b"payload=%7B%7D", "not JSON"),
    ],
)
async def test_an_authentic_body_that_is_no_json_object_is_a_bad_request(
    site: Site, client: ClientSession, body: bytes, word: str
) -> None:
    status, text = await post(client, body)
    assert status == 400
    assert word in text
    assert site.inbox.kept == []


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"n": 1e999}',
        b'{"unreadable": true}',
        b'{"project": "\\u0000 : no id at all"}',
        b' {"object_kind": "never_heard_of"} ',
    ],
)
async def test_every_authentic_object_is_stored_however_odd(
    site: Site, client: ClientSession, body: bytes
) -> None:
    assert (await post(client, body))[0] == 202
    assert site.inbox.kept[0].lane == "decide:gitlab:hook-shared"


async def test_a_wrong_signature_is_refused_before_anything_is_parsed(
    site: Site, client: ClientSession
) -> None:
    body = b"this is no JSON"
    status, _ = await post(client, body, secret="another secret")
    assert status == 401
    assert site.forge.verified == [body]
    assert site.inbox.kept == []


async def test_the_signature_is_checked_over_the_raw_bytes(
    site: Site, client: ClientSession
) -> None:
    signature = {"X-Signature": sign(b'{"a":1}', SHARED_SECRET)}
    assert (await post(client, b'{"a": 1}', headers=signature))[0] == 401


async def test_without_webhook_secret_the_shared_path_is_unknown() -> None:
    site = Site(shared_secret=None)
    async with served(site) as client:
        status, text = await post(client, b"{}")
    assert status == 404
    assert "WEBHOOK_SECRET" in text


async def test_an_unknown_forge_is_not_found(client: ClientSession) -> None:
    assert (await post(client, b"{}", path="/hooks/sourcehut"))[0] == 404


async def test_an_unknown_hook_is_not_found(client: ClientSession) -> None:
    assert (await post(client, b"{}", path="/hooks/gitlab/nobody"))[0] == 404


async def test_a_hook_of_another_forge_is_not_found(site: Site, client: ClientSession) -> None:
    site.hooks.records["h1"] = replace(site.hooks.add("h1"), forge="github")
    assert (await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET))[0] == 404


async def test_a_removed_hook_is_not_found(site: Site, client: ClientSession) -> None:
    site.hooks.add("h1", status="removed")
    status, _ = await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    assert status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_only_post_is_allowed(client: ClientSession, method: str) -> None:
    async with client.request(method, "/hooks/gitlab") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_another_content_type_or_a_packed_body_is_refused(
    client: ClientSession, headers: Mapping[str, str]
) -> None:
    assert (await post(client, b"{}", headers=headers))[0] == 415


async def test_a_charset_beside_the_content_type_is_fine(client: ClientSession) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert (await post(client, b"{}", headers=headers))[0] == 202


async def test_what_cannot_be_stored_is_not_acknowledged(site: Site, client: ClientSession) -> None:
    site.inbox.broken = True
    status, text = await post(client, b"{}")
    assert status == 503
    assert "disk" not in text


async def test_a_store_that_cannot_find_hooks_is_not_a_missing_hook(
    site: Site, client: ClientSession
) -> None:
    site.hooks.broken = True
    assert (await post(client, b"{}", path="/hooks/gitlab/h1"))[0] == 503


async def test_a_large_body_within_the_limit_is_stored(site: Site, client: ClientSession) -> None:
    body = dump(text="x" * (MAX_BODY - 12))
    assert len(body) == MAX_BODY
    assert (await post(client, body))[0] == 202
    assert site.inbox.kept[0].body == body


async def test_a_body_over_the_limit_is_too_large(site: Site, client: ClientSession) -> None:
    assert (await post(client, b" " * MAX_BODY + b"{"))[0] == 413
    assert site.forge.verified == []


async def test_an_own_hook_keeps_its_instance(site: Site, client: ClientSession) -> None:
    site.hooks.add("h1", instance="inner")
    body = dump(project=9)
    said = {"X-Gitlab-Instance": "https://gitlab.com"}
    await post(client, body, path="/hooks/gitlab/h1", secret=HOOK_SECRET, headers=said)
    assert site.inbox.kept[0].lane == "decide:inner:9"


@pytest.mark.parametrize(
    ("said", "instance"),
    [
        ("https://git.inner.example/gitlab", "inner"),
        ("https://GIT.inner.example/gitlab/", "inner"),
        ("https://gitlab.com", "gitlab"),
        ("https://elsewhere.example", "gitlab"),
        ("git.inner.example", "inner"),
        ("", "gitlab"),
    ],
)
async def test_a_shared_hook_names_its_instance(
    site: Site, client: ClientSession, said: str, instance: str
) -> None:
    await post(client, b"{}", headers={"X-Gitlab-Instance": said})
    assert site.inbox.kept[0].instance == instance


async def test_a_body_without_a_project_takes_the_lane_of_its_hook(
    site: Site, client: ClientSession
) -> None:
    site.hooks.add("h1")
    await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    assert site.inbox.kept[0].lane == "decide:gitlab:hook-h1"


async def test_a_proving_hook_is_marked_and_its_delivery_never_kept(
    site: Site, client: ClientSession
) -> None:
    site.hooks.add("h1", status="proving")
    answer = await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    assert answer[0] == 202
    assert site.hooks.seen == [("h1", True)]
    assert site.inbox.kept == []


async def test_a_proof_that_cannot_be_written_is_not_acknowledged(
    site: Site, client: ClientSession
) -> None:
    site.hooks.add("h1", status="proving")
    await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    site.hooks.broken = True
    status, _ = await post(client, b"{}", path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    assert status == 503


async def test_a_hook_is_marked_as_seen_once_a_minute(site: Site, client: ClientSession) -> None:
    site.hooks.add("h1")

    async def deliver(number: int) -> None:
        body = dump(n=number)
        await post(client, body, path="/hooks/gitlab/h1", secret=HOOK_SECRET)

    await deliver(1)
    site.clock.move(seconds=59)
    await deliver(2)
    assert site.hooks.seen == [("h1", False)]
    site.clock.move(seconds=1)
    await deliver(3)
    assert site.hooks.seen == [("h1", False), ("h1", False)]


async def test_a_secret_of_a_moment_ago_is_accepted(site: Site, client: ClientSession) -> None:
    site.hooks.add("h1")
    await post(client, dump(n=1), path="/hooks/gitlab/h1", secret=HOOK_SECRET)
    site.hooks.change("h1", secrets=("the next secret",))
    site.clock.move(seconds=1)
    status, _ = await post(client, dump(n=2), path="/hooks/gitlab/h1", secret="the next secret")
    assert status == 202


async def test_a_long_key_is_kept_as_its_digest(site: Site, client: ClientSession) -> None:
    await post(client, b"{}", headers={"Idempotency-Key": "k" * 5000})
    assert len(site.inbox.kept[0].key) == 64


async def test_no_secret_reaches_the_log(client: ClientSession) -> None:
    with capture_logs() as lines:
        await post(client, b'{"password": "hunter2"}')
        await post(client, b'{"password": "hunter2"}', headers={"X-Signature": "abcdef"})
    shown = repr(lines)
    assert "delivery stored" in shown
    assert "delivery refused" in shown
    assert "hunter2" not in shown
    assert SHARED_SECRET not in shown
    assert "abcdef" not in shown


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=10), inner, max_size=3)
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    secret=st.sampled_from([SHARED_SECRET, "wrong"]),
    path=st.sampled_from(["/hooks/gitlab", "/hooks/gitlab/h1", "/hooks/gitlab/nope", "/hooks/x"]),
)
def test_any_bytes_get_a_listed_answer_and_2xx_only_when_kept(
    body: bytes, secret: str, path: str
) -> None:
    async def once() -> None:
        site = Site()
        site.hooks.add("h1")
        async with served(site) as client:
            status, _ = await post(client, body, path=path, secret=secret)
        assert status in {202, 400, 401, 404}
        assert (status == 202) == (len(site.inbox.kept) == 1)
        assert status != 202 or secret == SHARED_SECRET

    asyncio.run(once())


async def test_a_source_that_never_fits_is_turned_away_before_its_body_is_read(
    site: Site, client: ClientSession
) -> None:
    for _ in range(MAX_FAILURES):
        assert (await post(client, b"{}", secret="guess"))[0] == 401
    async with client.post("/hooks/gitlab", data=b"{}", headers=JSON_TYPE) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert len(site.forge.verified) == MAX_FAILURES
    site.clock.at += WINDOW
    assert (await post(client, b"{}", secret="guess"))[0] == 401


async def test_a_source_the_forge_comes_from_is_never_turned_away(client: ClientSession) -> None:
    assert (await post(client, b"{}"))[0] == 202
    for _ in range(2 * MAX_FAILURES):
        assert (await post(client, b"{}", secret="guess"))[0] == 401
    assert (await post(client, b"{}"))[0] == 202
